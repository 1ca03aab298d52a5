// The policy of a client that derives its keys of a secret (policy scenario 8 of WSO2), with the algorithms that our service takes.
package viaduct.interop;

import java.io.StringReader;
import org.apache.cxf.staxutils.StaxUtils;
import org.w3c.dom.Element;

final class SecretPolicy {
    private static final String INCLUDE = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/";
    private static final String XML = """
        <wsp:Policy xmlns:wsp="http://www.w3.org/ns/ws-policy"
                    xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702">
          <wsp:ExactlyOne><wsp:All>
            <wsam:Addressing xmlns:wsam="http://www.w3.org/2007/05/addressing/metadata"><wsp:Policy/></wsam:Addressing>
            <sp:SymmetricBinding><wsp:Policy>
              <sp:ProtectionToken><wsp:Policy><sp:X509Token sp:IncludeToken="%1$sNever"><wsp:Policy>
                <sp:RequireDerivedKeys/><sp:RequireThumbprintReference/><sp:WssX509V3Token10/>
              </wsp:Policy></sp:X509Token></wsp:Policy></sp:ProtectionToken>
              <sp:AlgorithmSuite><wsp:Policy>
                <cxf:CustomAlgorithmSuite xmlns:cxf="http://cxf.apache.org/custom/security-policy"/>
              </wsp:Policy></sp:AlgorithmSuite>
              <sp:Layout><wsp:Policy><sp:Lax/></wsp:Policy></sp:Layout>
              <sp:IncludeTimestamp/><sp:EncryptSignature/><sp:OnlySignEntireHeadersAndBody/>
            </wsp:Policy></sp:SymmetricBinding>
            <sp:SignedEncryptedSupportingTokens><wsp:Policy>
              <sp:UsernameToken sp:IncludeToken="%1$sAlwaysToRecipient"><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken>
            </wsp:Policy></sp:SignedEncryptedSupportingTokens>
            <sp:Wss11><wsp:Policy>
              <sp:MustSupportRefThumbprint/><sp:MustSupportRefEncryptedKey/><sp:RequireSignatureConfirmation/>
            </wsp:Policy></sp:Wss11>
            <sp:SignedParts><sp:Body/><sp:Header Namespace="http://www.w3.org/2005/08/addressing"/></sp:SignedParts>
            <sp:EncryptedParts><sp:Body/></sp:EncryptedParts>
          </wsp:All></wsp:ExactlyOne>
        </wsp:Policy>
        """.formatted(INCLUDE);

    private SecretPolicy() {
    }

    static Element element() throws Exception {
        return StaxUtils.read(new StringReader(XML)).getDocumentElement();
    }
}
