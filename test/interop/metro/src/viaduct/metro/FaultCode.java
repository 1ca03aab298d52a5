// The code of a fault as Metro throws it: its name alone, for Metro puts it into the namespace of SOAP.
package viaduct.metro;

import jakarta.xml.soap.SOAPFault;
import jakarta.xml.ws.soap.SOAPFaultException;

final class FaultCode {
    private FaultCode() { }

    /** The fault of the server behind an exception; null where the client itself refused. */
    static String behind(Throwable problem) {
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            // What Metro refuses of an answer is such a fault too, but with a cause.
            if (cause instanceof SOAPFaultException fault && fault.getCause() == null) {
                return name(fault.getFault());
            }
        }
        return null;
    }

    private static String name(SOAPFault fault) {
        var isSoap12 = fault.getElementQName().getNamespaceURI().endsWith("soap-envelope");
        var subCodes = isSoap12 ? fault.getFaultSubcodes() : null;
        var code = subCodes != null && subCodes.hasNext() ? subCodes.next() : fault.getFaultCodeAsQName();
        return code.getLocalPart();
    }
}
