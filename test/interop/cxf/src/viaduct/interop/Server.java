// The server under test as this client knows it: address, trust, credentials.
package viaduct.interop;

import com.nimbusds.jose.jwk.JWKSet;
import java.io.IOException;
import java.nio.file.Path;
import java.text.ParseException;
import org.apache.cxf.Bus;
import org.apache.cxf.bus.extension.ExtensionManagerBus;
import org.apache.cxf.configuration.jsse.TLSClientParameters;
import org.apache.cxf.transport.http.HTTPConduit;
import org.apache.cxf.transport.http.HTTPConduitConfigurer;
import org.apache.cxf.transports.http.configuration.HTTPClientPolicy;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.Merlin;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.KeyFile;
import viaduct.client.Trust;
import viaduct.wss4j.WssCrypto;

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
            var tls = new TLSClientParameters();
            tls.setTrustManagers(Trust.managers(arguments.trusted("tls-cert")));
            // Every conduit of the bus, so that the WSDL too is fetched with this trust.
            bus.setExtension((name, address, conduit) -> configure(conduit, tls), HTTPConduitConfigurer.class);
            var merlin = new Merlin();
            merlin.setTrustStore(arguments.trusted("saml-cert"));
            samlTrust = merlin;
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
        if (arguments.capture() != null) {
            bus.getOutInterceptors().add(new Capture(arguments.capture(), () -> caseName));
        }
    }

    String run(Case<Server> one) throws Exception {
        caseName = one.name();
        return one.call().run(this);
    }

    Bus bus() {
        return bus;
    }

    String url() {
        return arguments.get("url");
    }

    String wsdl() {
        return arguments.get("wsdl", url() + "?wsdl");
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

    /** How a JWT names the relying party. */
    String audience() {
        return arguments.get("audience", appliesTo());
    }

    String colleague() {
        return arguments.colleague();
    }

    /** The keys that JWTs are verified with. */
    JWKSet jwtKeys() {
        try {
            return JWKSet.load(Path.of(arguments.get("jwks")).toFile());
        } catch (IOException | ParseException problem) {
            throw new IllegalArgumentException("--jwks: " + problem.getMessage(), problem);
        }
    }

    /** What the client signs with. */
    KeyFile clientKey() {
        return arguments.keyOf("client");
    }

    /** What the relying party reads a proof key with. */
    KeyFile relyingPartyKey() {
        return arguments.keyOf("rp");
    }

    /** Encrypts to the server, and trusts the certificates it signs with. */
    Crypto recipient() throws Exception {
        var store = arguments.trusted("saml-cert");
        store.setCertificateEntry(RECIPIENT, arguments.certificates("sts-cert").get(0));
        return WssCrypto.of(store);
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
}
