// The code of a fault as Axis2 throws it, written with the usual prefix of its namespace whatever prefix the server chose.
package viaduct.rampart;

import java.util.Map;
import javax.xml.namespace.QName;
import org.apache.axis2.AxisFault;

final class FaultCode {
    private static final Map<String, String> PREFIXES = Map.of(
        "http://docs.oasis-open.org/ws-sx/ws-trust/200512", "wst",
        "http://schemas.xmlsoap.org/ws/2005/02/trust", "t",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", "wsse",
        "http://schemas.xmlsoap.org/soap/envelope/", "soap11",
        "http://www.w3.org/2003/05/soap-envelope", "soap12");

    private FaultCode() { }

    /** The fault of the server behind an exception; null where the client itself refused. */
    static String behind(Throwable problem) {
        for (var cause = problem; cause != null; cause = cause.getCause()) {
            // What Rampart refuses of an answer is an AxisFault too, but with a cause.
            if (cause instanceof AxisFault fault && fault.getCause() == null && fault.getFaultCode() != null) {
                var subCodes = fault.getFaultSubCodes();
                return name(subCodes == null || subCodes.isEmpty() ? fault.getFaultCode() : subCodes.get(0));
            }
        }
        return null;
    }

    private static String name(QName code) {
        var prefix = PREFIXES.get(code.getNamespaceURI());
        return prefix == null ? code.toString() : prefix + ":" + code.getLocalPart();
    }
}
