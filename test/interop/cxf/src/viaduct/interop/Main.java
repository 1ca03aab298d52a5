// Runs the cases against a server and prints one line for each: `case NAME ok …` or `case NAME fault=CODE`.
// Exit code: 0 when every case ended as it should, 1 when one did not, 2 when the arguments make no sense.
package viaduct.interop;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.cxf.BusFactory;
import org.apache.wss4j.common.saml.OpenSAMLUtil;

public final class Main {
    private Main() { }

    public static void main(String[] words) {
        Arguments arguments;
        List<Case> cases;
        try {
            arguments = Arguments.parse(words);
            cases = Cases.chosen(arguments);
        } catch (IllegalArgumentException problem) {
            System.err.println(problem.getMessage());
            System.exit(2);
            return;
        }
        // CXF logs every fault with its stack; the one line of a case says what counts.
        Logger.getLogger("").setLevel(arguments.isVerbose() ? Level.INFO : Level.OFF);
        // The OpenSAML at hand has no XACML; WSS4J must not look for it.
        OpenSAMLUtil.initSamlEngine(false);
        System.exit(run(arguments, cases) ? 0 : 1);
    }

    private static boolean run(Arguments arguments, List<Case> cases) {
        var server = new Server(arguments);
        var allAsWanted = true;
        for (var one : cases) {
            var outcome = one.run(server);
            var isAsWanted = one.wanted().isMetBy(outcome);
            allAsWanted &= isAsWanted;
            var remark = isAsWanted ? "" : " UNEXPECTED, wanted " + one.wanted().description();
            System.out.println("case " + one.name() + " " + outcome.line() + remark);
        }
        server.bus().shutdown(false);
        BusFactory.setThreadDefaultBus(null);
        return allAsWanted;
    }
}
