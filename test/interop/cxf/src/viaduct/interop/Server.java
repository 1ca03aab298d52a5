// The server under test as this client knows it: address, trust, credentials.
package viaduct.interop;

import com.nimbusds.jose.jwk.JWKSet;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import org.apache.cxf.Bus;
import org.apache.cxf.bus.extension.ExtensionManagerBus;
import org.apache.cxf.configuration.jsse.TLSClientParameters;
import org.apache.cxf.transport.http.HTTPConduit;
import org.apache.cxf.transport.http.HTTPConduitConfigurer;
import org.apache.cxf.transports.http.configuration.HTTPClientPolicy;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.Merlin;

final class Server {
    static final String RECIPIENT = "recipient";
    private static final int TIMEOUT_MILLISECONDS = 20_000;

    private final Arguments arguments;
    private final Bus bus = new ExtensionManagerBus();
    private final Crypto samlTrust;
    private String caseName;

    Server(Arguments arguments) {
        this.arguments = arguments;
        try {
            var tls = trustOf(arguments.tlsCertificates());
            // Every conduit of the bus, so that the WSDL too is fetched with this trust.
            bus.setExtension((name, address, conduit) -> configure(conduit, tls), HTTPConduitConfigurer.class);
            var merlin = new Merlin();
            merlin.setTrustStore(keyStoreOf(arguments.samlCertificates()));
            samlTrust = merlin;
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
        if (arguments.capture() != null) {
            bus.getOutInterceptors().add(new Capture(arguments.capture(), () -> caseName));
        }
    }

    void startCase(String name) {
        caseName = name;
    }

    Bus bus() {
        return bus;
    }

    String url() {
        return arguments.url();
    }

    String wsdl() {
        return arguments.wsdl();
    }

    String user() {
        return arguments.user();
    }

    String password() {
        return arguments.password();
    }

    String appliesTo() {
        return arguments.appliesTo();
    }

    String audience() {
        return arguments.audience();
    }

    String colleague() {
        return arguments.colleague();
    }

    JWKSet jwtKeys() {
        return arguments.jwks();
    }

    KeyFile clientKey() {
        return arguments.clientKey();
    }

    KeyFile relyingPartyKey() {
        return arguments.relyingPartyKey();
    }

    /** Encrypts to the server, and trusts the certificates it signs with. */
    Crypto recipient() throws Exception {
        var store = keyStoreOf(arguments.samlCertificates());
        store.setCertificateEntry(RECIPIENT, arguments.recipientCertificate());
        var merlin = new Merlin();
        merlin.setKeyStore(store);
        return merlin;
    }

    /** Trusts the certificates the server signs assertions with, and none else. */
    Crypto samlTrust() {
        return samlTrust;
    }

    private static void configure(HTTPConduit conduit, TLSClientParameters tls) {
        conduit.setTlsClientParameters(tls);
        var policy = new HTTPClientPolicy();
        policy.setConnectionTimeout(TIMEOUT_MILLISECONDS);
        policy.setReceiveTimeout(TIMEOUT_MILLISECONDS);
        conduit.setClient(policy);
    }

    private static TLSClientParameters trustOf(List<X509Certificate> certificates) throws Exception {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(keyStoreOf(certificates));
        var parameters = new TLSClientParameters();
        parameters.setTrustManagers(factory.getTrustManagers());
        return parameters;
    }

    private static KeyStore keyStoreOf(List<X509Certificate> certificates) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (var certificate : certificates) {
            store.setCertificateEntry("trusted-" + store.size(), certificate);
        }
        return store;
    }
}
