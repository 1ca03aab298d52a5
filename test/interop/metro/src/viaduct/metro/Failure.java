// How a case ended that threw: with a fault of the server as Metro throws it, or with an error of the client. The code of a fault is
// its name alone, for Metro puts it into the namespace of SOAP.
package viaduct.metro;

import jakarta.xml.soap.SOAPFault;
import jakarta.xml.ws.soap.SOAPFaultException;
import viaduct.client.Outcome;

final class Failure {
    private Failure() { }

    static Outcome of(Throwable problem) {
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            // What Metro refuses of an answer is such a fault too, but with a cause.
            if (cause instanceof SOAPFaultException fault && fault.getCause() == null) {
                return Outcome.fault(code(fault.getFault()));
            }
            // Of these the message is a piece of Metro's source.
            if (cause instanceof NullPointerException && cause.getCause() == null) {
                return Outcome.error("NullPointerException");
            }
        }
        return Outcome.error(problem);
    }

    private static String code(SOAPFault fault) {
        var isSoap12 = fault.getElementQName().getNamespaceURI().endsWith("soap-envelope");
        var subCodes = isSoap12 ? fault.getFaultSubcodes() : null;
        var code = subCodes != null && subCodes.hasNext() ? subCodes.next() : fault.getFaultCodeAsQName();
        return code.getLocalPart();
    }
}
