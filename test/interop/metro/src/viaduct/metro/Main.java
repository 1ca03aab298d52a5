// Runs the cases of Metro against a server (viaduct.client.Program).
package viaduct.metro;

import java.util.List;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.Program;

public final class Main {
    private static final List<String> REQUIRED = List.of(
        "url", "tls-cert", "saml-cert", "user", "password-file", "applies-to", "rp-cert", "rp-key", "client-cert", "client-key");
    private static final List<String> OPTIONAL = List.of("cases", "verbose", "service", "tls-key", "colleague");

    private Main() { }

    public static void main(String[] words) throws Exception {
        var arguments = Program.read(() -> arguments(words));
        var cases = Program.read(() -> Case.chosen(Cases.all(arguments), arguments.cases()));
        Program.setLogLevel(arguments);
        var server = new Server(arguments);
        System.exit(Program.run(cases, one -> one.call().run(server), Failure::of));
    }

    private static Arguments arguments(String[] words) {
        var arguments = Arguments.parse(words, REQUIRED, OPTIONAL);
        if (arguments.has("service") != arguments.has("tls-key")) {
            throw new IllegalArgumentException("--service and --tls-key go together");
        }
        return arguments;
    }
}
