// A relying party of the server under test, on Metro as its client is: a service whose policy asks for a token of the server. It
// verifies the token and opens the key in it by itself.
package viaduct.metro;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import jakarta.xml.ws.Endpoint;
import jakarta.xml.ws.Provider;
import jakarta.xml.ws.ServiceMode;
import jakarta.xml.ws.WebServiceProvider;
import jakarta.xml.ws.soap.SOAPBinding;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;
import viaduct.client.Arguments;
import viaduct.client.KeyFile;

final class Service implements AutoCloseable {
    static final QName NAME = new QName(ServiceWsdl.NAMESPACE, "Echo");
    static final QName PORT = new QName(ServiceWsdl.NAMESPACE, "EchoPort");

    private final HttpsServer http;
    private final Endpoint endpoint;
    private final Path folder;
    private final URL wsdl;

    /** @param signer the option with the certificate of whose tokens the service trusts */
    Service(Arguments arguments, String tokenType, Issue.Key key, String signer) throws Exception {
        var address = URI.create(arguments.get("service"));
        wsdl = URI.create(address + "?wsdl").toURL();
        folder = Files.createTempDirectory("metro-service");
        store(arguments.keyOf("rp").store(), "rp.p12");
        store(arguments.trusted(signer), "sts.p12");
        http = HttpsServer.create(new InetSocketAddress("127.0.0.1", address.getPort()), 0);
        http.setHttpsConfigurator(new HttpsConfigurator(serving(arguments)));
        http.start();
        endpoint = Endpoint.create(SOAPBinding.SOAP12HTTP_BINDING, new Echo());
        var text = ServiceWsdl.write(arguments.get("service"), tokenType, key, folder);
        endpoint.setMetadata(List.of(new StreamSource(new StringReader(text), wsdl.toString())));
        endpoint.setProperties(Map.of(Endpoint.WSDL_SERVICE, NAME, Endpoint.WSDL_PORT, PORT));
        endpoint.publish(http.createContext(address.getPath()));
    }

    URL wsdl() {
        return wsdl;
    }

    @Override
    public void close() throws IOException {
        endpoint.stop();
        http.stop(0);
        for (var name : List.of("rp.p12", "sts.p12")) {
            Files.delete(folder.resolve(name));
        }
        Files.delete(folder);
    }

    private void store(KeyStore keys, String name) throws GeneralSecurityException, IOException {
        try (var file = Files.newOutputStream(folder.resolve(name))) {
            keys.store(file, KeyFile.PASSWORD.toCharArray());
        }
    }

    private static SSLContext serving(Arguments arguments) throws GeneralSecurityException {
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(arguments.keyOf("tls").store(), KeyFile.PASSWORD.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    /** Does nothing but answer: whoever comes so far has shown a token. */
    @WebServiceProvider(serviceName = "Echo", portName = "EchoPort", targetNamespace = ServiceWsdl.NAMESPACE)
    @ServiceMode(jakarta.xml.ws.Service.Mode.PAYLOAD)
    public static final class Echo implements Provider<Source> {
        @Override
        public Source invoke(Source question) {
            return new StreamSource(new StringReader("<e:done xmlns:e='" + ServiceWsdl.NAMESPACE + "'>called</e:done>"));
        }
    }
}
