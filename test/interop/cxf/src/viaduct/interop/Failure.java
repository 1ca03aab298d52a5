// How a case ended that threw: with a fault of the server as CXF throws it, or with an error of the client.
package viaduct.interop;

import org.apache.cxf.binding.soap.SoapFault;
import viaduct.client.FaultCode;
import viaduct.client.Outcome;

final class Failure {
    private Failure() { }

    /** CXF also throws its own refusal of an answer as a SoapFault; only that has a cause. */
    static Outcome of(Throwable problem) {
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof SoapFault fault && fault.getCause() == null) {
                return Outcome.fault(FaultCode.of(fault.getFaultCode(), fault.getSubCodes()));
            }
        }
        return error(problem);
    }

    private static Outcome error(Throwable problem) {
        var text = new StringBuilder(problem.getClass().getSimpleName());
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            text.append(": ").append(cause.getMessage());
        }
        return Outcome.error(text.toString());
    }
}
