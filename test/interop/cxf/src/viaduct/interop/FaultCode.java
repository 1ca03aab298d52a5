// The code of a fault, written with the usual prefix of its namespace whatever prefix the server chose.
package viaduct.interop;

import java.util.Map;
import javax.xml.namespace.QName;
import org.apache.cxf.binding.soap.SoapFault;

final class FaultCode {
    private static final Map<String, String> PREFIXES = Map.of(
        Wst.TRUST_13, "wst",
        Wst.TRUST_2005, "t",
        "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512", "wsc",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", "wsse",
        "http://schemas.xmlsoap.org/soap/envelope/", "soap11",
        "http://www.w3.org/2003/05/soap-envelope", "soap12");

    private FaultCode() { }

    /** The subcode of a SOAP 1.2 fault, where there is one; else the code. */
    static String of(SoapFault fault) {
        var subCodes = fault.getSubCodes();
        return name(subCodes == null || subCodes.isEmpty() ? fault.getFaultCode() : subCodes.get(0));
    }

    private static String name(QName code) {
        var namespace = code.getNamespaceURI();
        var prefix = PREFIXES.get(namespace);
        return prefix == null ? code.toString() : prefix + ":" + code.getLocalPart();
    }
}
