// The policy an outsider writes for a user name and password over TLS (WS-SecurityPolicy 1.2, and the 2005/07 draft's Trust10).
package viaduct.interop;

import java.io.StringReader;
import org.apache.cxf.staxutils.StaxUtils;
import org.w3c.dom.Element;

record UsernamePolicy(boolean hasTimestamp, boolean hasAddressing) {
    static final UsernamePolicy USUAL = new UsernamePolicy(true, false);
    static final UsernamePolicy WITHOUT_TIMESTAMP = new UsernamePolicy(false, false);
    static final UsernamePolicy WITH_ADDRESSING = new UsernamePolicy(true, true);

    Element element(boolean isTrust13) throws Exception {
        var xml = """
            <wsp:Policy xmlns:wsp="http://www.w3.org/ns/ws-policy"
                        xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702">
              <wsp:ExactlyOne><wsp:All>
                %s
                <sp:TransportBinding><wsp:Policy>
                  <sp:TransportToken><wsp:Policy><sp:HttpsToken><wsp:Policy/></sp:HttpsToken></wsp:Policy></sp:TransportToken>
                  <sp:AlgorithmSuite><wsp:Policy><sp:Basic256Sha256/></wsp:Policy></sp:AlgorithmSuite>
                  <sp:Layout><wsp:Policy><sp:Lax/></wsp:Policy></sp:Layout>
                  %s
                </wsp:Policy></sp:TransportBinding>
                <sp:SignedSupportingTokens><wsp:Policy>
                  <sp:UsernameToken sp:IncludeToken="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/AlwaysToRecipient">
                    <wsp:Policy><sp:WssUsernameToken10/></wsp:Policy>
                  </sp:UsernameToken>
                </wsp:Policy></sp:SignedSupportingTokens>
                %s
              </wsp:All></wsp:ExactlyOne>
            </wsp:Policy>
            """.formatted(addressing(), hasTimestamp ? "<sp:IncludeTimestamp/>" : "", trust(isTrust13));
        return StaxUtils.read(new StringReader(xml)).getDocumentElement();
    }

    private String addressing() {
        return hasAddressing
            ? "<wsam:Addressing xmlns:wsam=\"http://www.w3.org/2007/05/addressing/metadata\"><wsp:Policy/></wsam:Addressing>"
            : "";
    }

    private static String trust(boolean isTrust13) {
        return isTrust13
            ? "<sp:Trust13><wsp:Policy><sp:MustSupportIssuedTokens/></wsp:Policy></sp:Trust13>"
            : "<sp:Trust10 xmlns:sp=\"http://schemas.xmlsoap.org/ws/2005/07/securitypolicy\">"
                + "<wsp:Policy><sp:MustSupportIssuedTokens/></wsp:Policy></sp:Trust10>";
    }
}
