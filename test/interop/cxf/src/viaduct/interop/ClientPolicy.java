// The policies an outsider writes for a call over TLS (WS-SecurityPolicy 1.2, with the 2005/07 draft's Trust10).
package viaduct.interop;

import java.io.StringReader;
import org.apache.cxf.staxutils.StaxUtils;
import org.w3c.dom.Element;

record ClientPolicy(String credential, boolean hasTimestamp, boolean hasAddressing) {
    private static final String ALWAYS =
        "sp:IncludeToken=\"http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/AlwaysToRecipient\"";
    private static final String USERNAME_TOKEN = """
        <sp:SignedSupportingTokens><wsp:Policy>
          <sp:UsernameToken %s><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken>
        </wsp:Policy></sp:SignedSupportingTokens>""".formatted(ALWAYS);
    private static final String X509_TOKEN = """
        <sp:EndorsingSupportingTokens><wsp:Policy>
          <sp:X509Token %s><wsp:Policy><sp:WssX509V3Token10/></wsp:Policy></sp:X509Token>
          %s
        </wsp:Policy></sp:EndorsingSupportingTokens>""";

    static final ClientPolicy USERNAME = new ClientPolicy(USERNAME_TOKEN, true, false);
    /** A password says who asks; the signature, over the Body too, shows the key. */
    static final ClientPolicy USERNAME_WITH_KEY = new ClientPolicy(
        USERNAME_TOKEN + X509_TOKEN.formatted(ALWAYS, "<sp:SignedParts><sp:Body/></sp:SignedParts>"), true, false);
    static final ClientPolicy USERNAME_WITHOUT_TIMESTAMP = new ClientPolicy(USERNAME_TOKEN, false, false);
    static final ClientPolicy USERNAME_WITH_ADDRESSING = new ClientPolicy(USERNAME_TOKEN, true, true);
    /** Over TLS the signature covers the Timestamp alone, unless parts are named. */
    static final ClientPolicy X509 = new ClientPolicy(X509_TOKEN.formatted(ALWAYS, ""), true, false);
    static final ClientPolicy X509_WITH_BODY = new ClientPolicy(
        X509_TOKEN.formatted(ALWAYS, "<sp:SignedParts><sp:Body/></sp:SignedParts>"), true, false);

    boolean isUsername() {
        return credential.contains("UsernameToken");
    }

    boolean isX509() {
        return credential.contains("X509Token");
    }

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
                %s
                %s
              </wsp:All></wsp:ExactlyOne>
            </wsp:Policy>
            """.formatted(addressing(), hasTimestamp ? "<sp:IncludeTimestamp/>" : "", credential, trust(isTrust13));
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
