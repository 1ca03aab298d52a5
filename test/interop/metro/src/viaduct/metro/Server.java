// The server under test as a Metro client knows it: trust in TLS, and who asks.
package viaduct.metro;

import com.sun.xml.ws.security.trust.impl.client.DefaultSTSIssuedTokenConfiguration;
import com.sun.xml.wss.XWSSConstants;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import viaduct.client.Arguments;
import viaduct.client.Trust;

final class Server {
    private final Arguments arguments;
    private final Map<Port, Object> opened = new HashMap<>();

    Server(Arguments arguments) throws Exception {
        this.arguments = arguments;
        // Metro calls, and reads what describes the server, with what Java trusts.
        SSLContext.setDefault(Trust.tls(arguments.trusted("tls-cert")));
    }

    Arguments arguments() {
        return arguments;
    }

    /** What Metro must know of the server; the policy of the port it asks for itself, by WS-MetadataExchange, once for each port. */
    DefaultSTSIssuedTokenConfiguration configuration(Wst version, Port port) {
        var configuration = new DefaultSTSIssuedTokenConfiguration(
            version.protocol(), address(port), arguments.origin() + port.metadata());
        if (opened.containsKey(port)) {
            configuration.getOtherOptions().put(address(port), opened.get(port));
        }
        return configuration;
    }

    /** Where Metro looks for, and leaves, what it made of a port. */
    void keepOpened(Port port, DefaultSTSIssuedTokenConfiguration configuration) {
        opened.put(port, configuration.getOtherOptions().get(address(port)));
    }

    String address(Port port) {
        return arguments.origin() + port.path();
    }

    static void nameUser(Map<String, Object> options, String user, String password) {
        options.put(XWSSConstants.USERNAME_PROPERTY, user);
        options.put(XWSSConstants.PASSWORD_PROPERTY, password);
    }

    void giveKey(Map<String, Object> options) throws GeneralSecurityException {
        var client = arguments.keyOf("client");
        options.put(XWSSConstants.CERTIFICATE_PROPERTY, client.certificate());
        options.put(XWSSConstants.PRIVATEKEY_PROPERTY, client.key());
    }
}
