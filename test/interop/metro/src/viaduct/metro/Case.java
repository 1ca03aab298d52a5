// One call with its wanted end.
package viaduct.metro;

record Case(String name, String wanted, Call call) {

    /** What a case does with the server; it returns what was found, as the end of a line, or throws. */
    interface Call {
        String run(Server server) throws Exception;
    }

    Outcome run(Server server) {
        try {
            return Outcome.ok(call.run(server));
        } catch (Exception | LinkageError problem) {
            var code = FaultCode.behind(problem);
            return code == null ? Outcome.error(problem) : Outcome.fault(code);
        }
    }
}
