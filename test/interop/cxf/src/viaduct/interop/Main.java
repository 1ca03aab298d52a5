// Runs the cases of Apache CXF against a server (viaduct.client.Program).
package viaduct.interop;

import java.util.List;
import org.apache.cxf.BusFactory;
import org.apache.wss4j.common.saml.OpenSAMLUtil;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.Program;

public final class Main {
    private static final List<String> REQUIRED =
        List.of("url", "tls-cert", "saml-cert", "user", "password-file", "applies-to");
    private static final List<String> OPTIONAL = List.of(
        "wsdl", "ports", "cases", "capture", "verbose", "client-cert", "client-key", "rp-cert", "rp-key",
        "audience", "colleague", "jwks", "sts-cert");

    private Main() { }

    public static void main(String[] words) {
        var arguments = Program.read(() -> arguments(words));
        var cases = Program.read(() -> Case.chosen(Cases.all(arguments), arguments.cases()));
        Program.setLogLevel(arguments);
        // The OpenSAML at hand has no XACML; WSS4J must not look for it.
        OpenSAMLUtil.initSamlEngine(false);
        var server = new Server(arguments);
        var exitCode = Program.run(cases, server::run, Failure::of);
        server.bus().shutdown(false);
        BusFactory.setThreadDefaultBus(null);
        System.exit(exitCode);
    }

    private static Arguments arguments(String[] words) {
        var arguments = Arguments.parse(words, REQUIRED, OPTIONAL);
        for (var party : List.of("client", "rp")) {
            if (arguments.has(party + "-key") != arguments.has(party + "-cert")) {
                throw new IllegalArgumentException("--" + party + "-key and --" + party + "-cert belong together");
            }
        }
        return arguments;
    }
}
