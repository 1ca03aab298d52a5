// The versions of WS-Trust that Rampart speaks, and the names that requests are made of.
package viaduct.rampart;

import javax.xml.namespace.QName;
import org.apache.axiom.om.OMAbstractFactory;
import org.apache.axiom.om.OMElement;
import org.apache.rahas.RahasConstants;
import org.apache.rahas.TrustException;
import org.apache.rahas.TrustUtil;

enum Wst {
    V13(RahasConstants.VERSION_05_12, RahasConstants.WST_NS_05_12, RahasConstants.WST_NS_05_12 + "/Bearer"),
    V2005(RahasConstants.VERSION_05_02, RahasConstants.WST_NS_05_02,
        "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey");

    private static final QName CLAIM_TYPE =
        new QName("http://schemas.xmlsoap.org/ws/2005/05/identity", "ClaimType", "wsid");

    private final int number;
    private final String namespace;
    private final String bearer;

    Wst(int number, String namespace, String bearer) {
        this.number = number;
        this.namespace = namespace;
        this.bearer = bearer;
    }

    /** As `STSClient.setVersion` takes it. */
    int number() {
        return number;
    }

    String action(String operation) {
        return namespace + "/RST/" + operation;
    }

    String bearer() {
        return bearer;
    }

    String keyType(String local) {
        return namespace + "/" + local;
    }

    /** What `STSClient.setRstTemplate` takes; a value that is null is left out. */
    OMElement template(String tokenType, String keyType, String keySize, String claim) throws TrustException {
        var template = OMAbstractFactory.getOMFactory().createOMElement(name("RequestSecurityTokenTemplate"));
        add(template, "TokenType", tokenType);
        add(template, "KeyType", keyType);
        add(template, "KeySize", keySize);
        if (claim != null) {
            // As the samples of WSO2 do it. Rampart writes the dialect as an attribute in the namespace of WS-Trust.
            var claims = TrustUtil.createClaims(number, template, "http://wso2.org");
            var type = OMAbstractFactory.getOMFactory().createOMElement(CLAIM_TYPE, claims);
            type.addAttribute("Uri", claim, null);
        }
        return template;
    }

    private void add(OMElement template, String local, String value) {
        if (value != null) {
            OMAbstractFactory.getOMFactory().createOMElement(name(local), template).setText(value);
        }
    }

    private QName name(String local) {
        return new QName(namespace, local, "wst");
    }
}
