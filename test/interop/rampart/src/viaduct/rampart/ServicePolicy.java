// What a relying party's own policy says of how its tokens are asked for: STSClient takes from it whether to send entropy.
package viaduct.rampart;

import org.apache.neethi.Policy;

final class ServicePolicy {
    private static final String TRUST = """
        <wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:sp="%s"><wsp:ExactlyOne><wsp:All>
          <sp:%s><wsp:Policy><sp:RequireClientEntropy/><sp:RequireServerEntropy/></wsp:Policy></sp:%s>
        </wsp:All></wsp:ExactlyOne></wsp:Policy>""";

    private ServicePolicy() { }

    static Policy withClientEntropy(Wst version) {
        return Server.parsePolicy(version == Wst.V13
            ? TRUST.formatted("http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702", "Trust13", "Trust13")
            : TRUST.formatted("http://schemas.xmlsoap.org/ws/2005/07/securitypolicy", "Trust10", "Trust10"));
    }
}
