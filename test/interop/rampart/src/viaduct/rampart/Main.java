// Runs the cases of Axis2 and Rampart against a server (viaduct.client.Program).
package viaduct.rampart;

import java.util.List;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.Program;

public final class Main {
    private static final List<String> REQUIRED = List.of(
        "url", "tls-cert", "saml-cert", "user", "password-file", "applies-to", "rp-cert", "rp-key", "client-cert", "client-key");
    private static final List<String> OPTIONAL = List.of("cases", "capture", "verbose");

    private Main() { }

    public static void main(String[] words) throws Exception {
        var arguments = Program.read(() -> Arguments.parse(words, REQUIRED, OPTIONAL));
        var cases = Program.read(() -> Case.chosen(Cases.all(), arguments.cases()));
        Program.setLogLevel(arguments);
        var server = new Server(arguments);
        // Not by returning: threads of Axis2 stay.
        System.exit(Program.run(cases, server::run, Failure::of));
    }
}
