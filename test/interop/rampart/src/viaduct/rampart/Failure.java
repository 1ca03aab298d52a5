// How a case ended that threw: with a fault of the server as Axis2 throws it, or with an error of the client.
package viaduct.rampart;

import org.apache.axis2.AxisFault;
import viaduct.client.FaultCode;
import viaduct.client.Outcome;

final class Failure {
    private Failure() { }

    static Outcome of(Throwable problem) {
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            // What Rampart refuses of an answer is an AxisFault too, but with a cause.
            if (cause instanceof AxisFault fault && fault.getCause() == null && fault.getFaultCode() != null) {
                return Outcome.fault(FaultCode.of(fault.getFaultCode(), fault.getFaultSubCodes()));
            }
        }
        return Outcome.error(problem);
    }
}
