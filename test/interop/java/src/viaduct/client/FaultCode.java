// The code of a fault, written with the usual prefix of its namespace whatever prefix the server chose.
package viaduct.client;

import java.util.List;
import java.util.Map;
import javax.xml.namespace.QName;

public final class FaultCode {
    private static final Map<String, String> PREFIXES = Map.of(
        "http://docs.oasis-open.org/ws-sx/ws-trust/200512", "wst",
        "http://schemas.xmlsoap.org/ws/2005/02/trust", "t",
        "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512", "wsc",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", "wsse",
        "http://schemas.xmlsoap.org/soap/envelope/", "soap11",
        "http://www.w3.org/2003/05/soap-envelope", "soap12");

    private FaultCode() { }

    /** The subcode of a SOAP 1.2 fault, where there is one; else the code. `subCodes` may be null. */
    public static String of(QName code, List<QName> subCodes) {
        var name = subCodes == null || subCodes.isEmpty() ? code : subCodes.get(0);
        var prefix = PREFIXES.get(name.getNamespaceURI());
        return prefix == null ? name.toString() : prefix + ":" + name.getLocalPart();
    }
}
