// How a case ended, and how it should: with what was asked for, with a fault of the server, or with an error of the client.
package viaduct.metro;

record Outcome(String line) {
    static Outcome ok(String facts) {
        return new Outcome("ok " + facts);
    }

    static Outcome fault(String code) {
        return new Outcome("fault=" + code);
    }

    static Outcome error(Throwable problem) {
        var cause = problem;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        // Of these the message is a piece of Metro's source.
        if (cause instanceof NullPointerException) {
            return new Outcome("error=NullPointerException");
        }
        var message = String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
        return new Outcome("error=" + cause.getClass().getSimpleName() + ": " + message);
    }

    boolean isAs(String wanted) {
        return line.equals(wanted) || (wanted.equals("ok") && line.startsWith("ok "));
    }
}
