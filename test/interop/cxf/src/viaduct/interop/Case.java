// One call with its wanted end.
package viaduct.interop;

import org.apache.cxf.binding.soap.SoapFault;

record Case(String name, Wanted wanted, Call call) {

    /** What a case does with the server; it returns the line's end, or throws. */
    interface Call {
        Outcome run(Server server) throws Exception;
    }

    Outcome run(Server server) {
        try {
            server.startCase(name);
            return call.run(server);
        } catch (Exception | LinkageError problem) {
            return failed(problem);
        }
    }

    /** CXF also throws its own refusal of an answer as a SoapFault; only that has a cause. */
    private static Outcome failed(Throwable problem) {
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof SoapFault fault && fault.getCause() == null) {
                return Outcome.fault(FaultCode.of(fault));
            }
        }
        return Outcome.error(problem);
    }
}
