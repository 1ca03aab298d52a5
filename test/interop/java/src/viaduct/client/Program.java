// What the main program of a client does: it runs the cases against a server and prints one line for each, `case NAME ok …` or
// `case NAME fault=CODE`. Exit code: 0 when every case ended as it should, 1 when one did not, 2 when the arguments make no sense.
package viaduct.client;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

public final class Program {
    private Program() { }

    /** Reads arguments; where they make no sense, it says so and ends the program. */
    public static <T> T read(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (IllegalArgumentException problem) {
            System.err.println(problem.getMessage());
            System.exit(2);
            throw problem;
        }
    }

    /** The libraries log every fault with its stack; the one line of a case says what counts. */
    public static void setLogLevel(Arguments arguments) {
        Logger.getLogger("").setLevel("true".equals(arguments.get("verbose")) ? Level.INFO : Level.OFF);
    }

    /** What is done for a case; it returns what was found, as the end of a line, or throws. */
    public interface Runner<S> {
        String run(Case<S> one) throws Exception;
    }

    /** @param failure how a case ended that threw
     * @return the exit code */
    public static <S> int run(List<Case<S>> cases, Runner<S> runner, Function<Throwable, Outcome> failure) {
        var exitCode = 0;
        for (var one : cases) {
            var outcome = outcome(one, runner, failure);
            var remark = "";
            if (!one.wanted().isMetBy(outcome)) {
                exitCode = 1;
                remark = " UNEXPECTED, wanted " + one.wanted().description();
            }
            System.out.println("case " + one.name() + " " + outcome.line() + remark);
        }
        return exitCode;
    }

    private static <S> Outcome outcome(Case<S> one, Runner<S> runner, Function<Throwable, Outcome> failure) {
        try {
            return Outcome.ok(runner.run(one));
        } catch (Exception | LinkageError problem) {
            return failure.apply(problem);
        }
    }
}
