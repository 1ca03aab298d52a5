// How a case ended: with what was asked for, with a fault of the server, or with an error of the client.
package viaduct.client;

public record Outcome(String line) {
    static Outcome ok(String facts) {
        return new Outcome("ok " + facts);
    }

    public static Outcome fault(String code) {
        return new Outcome("fault=" + code);
    }

    public static Outcome error(String text) {
        return new Outcome("error=" + text.replaceAll("\\s+", " "));
    }

    /** By what lies deepest. */
    public static Outcome error(Throwable problem) {
        var cause = problem;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return error(cause.getClass().getSimpleName() + ": " + cause.getMessage());
    }
}
