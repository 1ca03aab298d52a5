// How a case ended: with what was asked for, with a fault of the server, or with an error of ours.
package viaduct.interop;

record Outcome(Kind kind, String line) {
    enum Kind { OK, FAULT, ERROR }

    static Outcome ok(String facts) {
        return new Outcome(Kind.OK, ("ok " + facts).strip());
    }

    static Outcome fault(String code) {
        return new Outcome(Kind.FAULT, "fault=" + code);
    }

    static Outcome error(Throwable problem) {
        var text = new StringBuilder(problem.getClass().getSimpleName());
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            text.append(": ").append(String.valueOf(cause.getMessage()).replaceAll("\\s+", " "));
        }
        return new Outcome(Kind.ERROR, "error=" + text);
    }
}
