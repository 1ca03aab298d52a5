// Runs the cases against a server and prints one line for each: `case NAME ok …` or `case NAME fault=CODE`.
// Exit code: 0 when every case ended as it should, 1 when one did not, 2 when the arguments make no sense.
package viaduct.metro;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

public final class Main {
    private Main() { }

    public static void main(String[] words) throws Exception {
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
        // Metro logs every fault with its stack; the one line of a case says what counts.
        Logger.getLogger("").setLevel(arguments.isVerbose() ? Level.INFO : Level.OFF);
        System.exit(run(new Server(arguments), cases) ? 0 : 1);
    }

    private static boolean run(Server server, List<Case> cases) {
        var allAsWanted = true;
        for (var one : cases) {
            var outcome = one.run(server);
            var isAsWanted = outcome.isAs(one.wanted());
            allAsWanted &= isAsWanted;
            var remark = isAsWanted ? "" : " UNEXPECTED, wanted " + one.wanted();
            System.out.println("case " + one.name() + " " + outcome.line() + remark);
        }
        return allAsWanted;
    }
}
