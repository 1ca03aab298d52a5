// Who acts, outermost first, as the end of a line: of a JWT its `act`, of SAML 2.0 the DelegationRestriction.
package viaduct.interop;

import java.util.Map;
import org.apache.wss4j.common.saml.SamlAssertionWrapper;

final class ActorChain {
    private static final String DELEGATION = "urn:oasis:names:tc:SAML:2.0:conditions:delegation";
    private static final String SAML2 = "urn:oasis:names:tc:SAML:2.0:assertion";

    private ActorChain() { }

    static String of(Map<?, ?> act) {
        return act == null ? "" : " actor=" + act.get("sub") + of((Map<?, ?>) act.get("act"));
    }

    static String of(SamlAssertionWrapper assertion) {
        var delegates = assertion.getElement().getElementsByTagNameNS(DELEGATION, "Delegate");
        var chain = new StringBuilder();
        // Oldest first in the document.
        for (int i = delegates.getLength() - 1; i >= 0; i--) {
            var delegate = (org.w3c.dom.Element) delegates.item(i);
            chain.append(" actor=").append(delegate.getElementsByTagNameNS(SAML2, "NameID").item(0).getTextContent());
        }
        return chain.toString();
    }
}
