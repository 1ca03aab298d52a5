// The table of cases. A further one is a further line.
package viaduct.rampart;

import static viaduct.client.Arguments.NOBODY;
import static viaduct.client.Wanted.OK;

import java.util.ArrayList;
import java.util.List;
import viaduct.client.Case;
import viaduct.client.TokenType;

final class Cases {
    private static final String UNAVAILABLE = "fault=wsse:SecurityTokenUnavailable";
    /** The relying party of the server under test takes it from the user's `email`. */
    private static final String EMAIL = "http://wso2.org/claims/emailaddress";

    /** A relying party that tokens are encrypted to, with the certificate of the other one. */
    private static final String READS_ALONE = "urn:viaduct:interop:reads-alone";

    private Cases() { }

    static List<Case<Server>> all() {
        var cases = new ArrayList<Case<Server>>();
        for (var version : Wst.values()) {
            for (var soap : List.of("1.1", "1.2")) {
                var name = (version == Wst.V13 ? "13" : "2005") + "-soap" + soap.replace(".", "");
                cases.addAll(bearer("wso2-" + name, version, soap, Port.WSO2));
                cases.addAll(bearer("general-" + name, version, soap, Port.general(version, soap)));
            }
        }
        cases.addAll(atWso2());
        cases.addAll(withSymmetricKey());
        cases.addAll(signed());
        cases.addAll(withIssued());
        cases.addAll(refused());
        return cases;
    }

    private static List<Case<Server>> bearer(String name, Wst version, String soap, Port port) {
        return List.of(
            new Case<>(name + "-saml11", OK, new Issue(version, soap, port).tokenType(TokenType.SAML11)),
            new Case<>(name + "-saml2", OK, new Issue(version, soap, port).tokenType(TokenType.SAML2)));
    }

    private static List<Case<Server>> atWso2() {
        return List.of(
            new Case<>("wso2-profile-saml11", OK, wso2(Wst.V13).tokenType(TokenType.SAML11_PROFILE)),
            new Case<>("wso2-profile-saml2", OK, wso2(Wst.V13).tokenType(TokenType.SAML2_PROFILE)),
            new Case<>("wso2-13-no-template", OK, wso2(Wst.V13).withoutTemplate()),
            new Case<>("wso2-2005-no-template", OK, wso2(Wst.V2005).withoutTemplate()),
            new Case<>("wso2-encrypted-saml11", OK, encrypted(Wst.V2005).tokenType(TokenType.SAML11)),
            new Case<>("wso2-encrypted-saml2", OK, encrypted(Wst.V13)),
            new Case<>("wso2-claim-saml11", OK, withClaim(Wst.V2005).tokenType(TokenType.SAML11)),
            new Case<>("wso2-claim-saml2", OK, withClaim(Wst.V13)),
            new Case<>("wso2-claim-missing", "fault=wst:RequestFailed", wso2(Wst.V13).claim("http://wso2.org/claims/nothing")),
            new Case<>("wso2-13-checks", OK, wso2(Wst.V13).then((issue, issued, server) -> issued.checkChecks(server))),
            new Case<>("wso2-13-addressing", OK, wso2(Wst.V13).newAddressing()),
            new Case<>("wso2-2005-addressing", OK, wso2(Wst.V2005).newAddressing()));
    }

    private static List<Case<Server>> withSymmetricKey() {
        return List.of(
            new Case<>("symmetric-13-saml11", OK, wso2(Wst.V13).tokenType(TokenType.SAML11).symmetricKey("256")),
            new Case<>("symmetric-13-saml2", OK, wso2(Wst.V13).symmetricKey("256")),
            new Case<>("symmetric-2005-saml11", OK, wso2(Wst.V2005).tokenType(TokenType.SAML11).symmetricKey("256")),
            new Case<>("symmetric-2005-saml2", OK, wso2(Wst.V2005).symmetricKey("256")),
            new Case<>("symmetric-no-size", OK, wso2(Wst.V13).symmetricKey(null)),
            new Case<>("symmetric-128-bits", OK, wso2(Wst.V13).symmetricKey("128")),
            new Case<>("symmetric-no-entropy", OK, wso2(Wst.V13).symmetricKey("256").withoutEntropy()));
    }

    private static List<Case<Server>> signed() {
        return List.of(
            new Case<>("x509-timestamp", OK, new Issue(Wst.V13, "1.2", Port.SIGNED_TIMESTAMP).signed()),
            new Case<>("x509-body", OK, new Issue(Wst.V2005, "1.2", Port.SIGNED_BODY).signed()),
            new Case<>("x509-wso2", OK, signedAtWso2()),
            new Case<>("x509-wso2-public-key", OK, signedAtWso2().publicKey()),
            new Case<>("x509-sha1", "fault=wsse:UnsupportedAlgorithm", signedAtWso2().suite("Basic256")));
    }

    private static List<Case<Server>> withIssued() {
        return List.of(
            new Case<>("validate", UNAVAILABLE, wso2(Wst.V13).then(Steps::validate)),
            // STSClient has no words for this exception, and so throws another one without the fault.
            new Case<>("renew", "error=RuntimeException: Undefined 'errorInRenewingToken' resource property",
                wso2(Wst.V13).then(Steps::renew)),
            // It says false, whatever the answer: it looks for an element without a namespace.
            new Case<>("cancel", OK, wso2(Wst.V13).then(Steps::cancel)),
            new Case<>("cancel-2005", OK, wso2(Wst.V2005).then(Steps::cancel)),
            new Case<>("validate-sent", OK, wso2(Wst.V13).then(Steps::validateSent)),
            new Case<>("validate-changed", OK, wso2(Wst.V13).then(Steps::validateChanged)),
            // It looks for a collection.
            new Case<>("renew-sent-13", "error=TrustException: RequestedSecurityToken missing in the response",
                wso2(Wst.V13).tokenType(TokenType.SAML11).then(Steps::renewIntoStore)),
            new Case<>("renew-sent", OK, wso2(Wst.V13).tokenType(TokenType.SAML11).then(Steps::renewSent)),
            new Case<>("renew-sent-2005", OK, wso2(Wst.V2005).tokenType(TokenType.SAML11).then(Steps::renewIntoStore)));
    }

    private static List<Case<Server>> refused() {
        return List.of(
            new Case<>("unknown-applies-to", "fault=wst:InvalidScope", wso2(Wst.V13).appliesTo(NOBODY)),
            new Case<>("wrong-password-13-soap11", "fault=wst:FailedAuthentication",
                new Issue(Wst.V13, "1.1", Port.WSO2).wrongPassword()),
            new Case<>("wrong-password-13-soap12", "fault=wst:FailedAuthentication", wso2(Wst.V13).wrongPassword()),
            new Case<>("wrong-password-2005-soap12", "fault=t:FailedAuthentication", wso2(Wst.V2005).wrongPassword()),
            new Case<>("wrong-password-general", "fault=wst:FailedAuthentication",
                new Issue(Wst.V13, "1.2", Port.general(Wst.V13, "1.2")).wrongPassword()));
    }

    private static Issue wso2(Wst version) {
        return new Issue(version, "1.2", Port.WSO2);
    }

    private static Issue encrypted(Wst version) {
        return wso2(version).appliesTo(READS_ALONE).then((issue, issued, server) -> issued.checkEncrypted(server));
    }

    private static Issue withClaim(Wst version) {
        return wso2(version).claim(EMAIL).then((issue, issued, server) -> issued.checkClaim(server, EMAIL));
    }

    private static Issue signedAtWso2() {
        return new Issue(Wst.V13, "1.2", Port.SIGNED_BODY).to(Port.WSO2).signed();
    }
}
