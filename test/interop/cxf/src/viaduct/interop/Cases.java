// The table of cases. A further one is a further line.
package viaduct.interop;

import static viaduct.client.Arguments.NOBODY;

import java.util.ArrayList;
import java.util.List;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.TokenType;
import viaduct.client.Wanted;

final class Cases {
    private Cases() { }

    static List<Case<Server>> all(Arguments arguments) {
        var cases = new ArrayList<>(List.of(
            issued("13-soap11-saml11", new Issue().tokenType(TokenType.SAML11)),
            issued("13-soap11-saml2", new Issue().tokenType(TokenType.SAML2)),
            issued("13-soap12-saml11", new Issue().soap12().tokenType(TokenType.SAML11)),
            issued("13-soap12-saml2", new Issue().soap12().tokenType(TokenType.SAML2)),
            issued("2005-soap11-saml11", new Issue().february2005().tokenType(TokenType.SAML11)),
            issued("2005-soap11-saml2", new Issue().february2005().tokenType(TokenType.SAML2)),
            issued("2005-soap12-saml11", new Issue().february2005().soap12().tokenType(TokenType.SAML11)),
            issued("2005-soap12-saml2", new Issue().february2005().soap12().tokenType(TokenType.SAML2)),
            issued("13-profile-saml11", new Issue().tokenType(TokenType.SAML11_PROFILE)),
            issued("13-profile-saml2", new Issue().tokenType(TokenType.SAML2_PROFILE)),
            issued("13-no-token-type", new Issue()),
            issued("13-no-timestamp", new Issue().policy(ClientPolicy.USERNAME_WITHOUT_TIMESTAMP).tokenType(TokenType.SAML2)),
            issued("13-addressing-soap11", new Issue().policy(ClientPolicy.USERNAME_WITH_ADDRESSING).tokenType(TokenType.SAML2)),
            issued("13-addressing-soap12",
                new Issue().soap12().policy(ClientPolicy.USERNAME_WITH_ADDRESSING).tokenType(TokenType.SAML2))));
        if (arguments.has("rp-key")) {
            cases.addAll(withSymmetricKey());
        }
        if (arguments.cases().contains("context-*")) {
            cases.addAll(withContexts());
        }
        if (arguments.cases().stream().anyMatch(name -> name.startsWith("encrypted-"))) {
            cases.addAll(encrypted());
        }
        if (arguments.cases().stream().anyMatch(name -> name.startsWith("secret-"))) {
            cases.addAll(underSecret());
        }
        if (arguments.has("client-key")) {
            cases.addAll(withClientKey());
        }
        if (arguments.has("jwks") && arguments.has("rp-key") && arguments.has("client-key")) {
            cases.addAll(Matrix.cases(arguments));
        }
        for (var port : arguments.get("ports", "TransportUT_Port").split(",")) {
            cases.addAll(ofPort(port));
        }
        cases.addAll(List.of(
            refused("13-soap11-wrong-password", new Issue().wrongPassword(), "wst:FailedAuthentication"),
            refused("13-soap12-wrong-password", new Issue().soap12().wrongPassword(), "wst:FailedAuthentication"),
            refused("2005-soap11-wrong-password", new Issue().february2005().wrongPassword(), "t:FailedAuthentication"),
            refused("13-soap11-unknown-applies-to", new Issue().appliesTo(NOBODY), "wst:InvalidScope"),
            refused("13-soap12-unknown-applies-to", new Issue().soap12().appliesTo(NOBODY), "wst:InvalidScope"),
            refused("2005-soap12-unknown-applies-to",
                new Issue().february2005().soap12().appliesTo(NOBODY), "t:InvalidScope")));
        return cases;
    }

    private static List<Case<Server>> withSymmetricKey() {
        return List.of(
            issued("13-symmetric-saml11", new Issue().proof(Proof.SYMMETRIC_KEY).tokenType(TokenType.SAML11)),
            issued("13-symmetric-saml2", new Issue().proof(Proof.SYMMETRIC_KEY).tokenType(TokenType.SAML2)),
            issued("13-symmetric-no-entropy",
                new Issue().proof(Proof.SYMMETRIC_KEY).withoutEntropy().tokenType(TokenType.SAML2)),
            issued("2005-symmetric-saml11",
                new Issue().february2005().proof(Proof.SYMMETRIC_KEY).tokenType(TokenType.SAML11)));
    }

    private static List<Case<Server>> withClientKey() {
        return List.of(
            issued("13-x509-soap11", new Issue().policy(ClientPolicy.X509).tokenType(TokenType.SAML2)),
            issued("13-x509-soap12", new Issue().soap12().policy(ClientPolicy.X509).tokenType(TokenType.SAML2)),
            issued("2005-x509-soap11", new Issue().february2005().policy(ClientPolicy.X509).tokenType(TokenType.SAML11)),
            issued("13-x509-body", new Issue().policy(ClientPolicy.X509_WITH_BODY).tokenType(TokenType.SAML2)),
            issued("13-public-key-saml2",
                new Issue().policy(ClientPolicy.X509_WITH_BODY).proof(Proof.PUBLIC_KEY).tokenType(TokenType.SAML2)),
            issued("13-public-key-saml11",
                new Issue().policy(ClientPolicy.X509_WITH_BODY).proof(Proof.PUBLIC_KEY).tokenType(TokenType.SAML11)),
            new Case<>("13-x509-sha1", Wanted.fault("wsse:UnsupportedAlgorithm", "wsse:FailedCheck", "wsse:InvalidSecurity"),
                new Issue().policy(ClientPolicy.X509).sha1().tokenType(TokenType.SAML2)));
    }

    /** Renew, Validate and Cancel from the WSDL alone: without one, STSClient wants a collection as answer to each. */
    private static List<Case<Server>> ofPort(String port) {
        return List.of(
            issued("wsdl-" + port, atPort(port)),
            issued("wsdl-" + port + "-validate", atPort(port).then(Steps::validate)),
            issued("wsdl-" + port + "-renew", atPort(port).then(Steps::renew)),
            issued("wsdl-" + port + "-cancel", atPort(port).then(Steps::cancel)));
    }

    private static List<Case<Server>> encrypted() {
        return List.of(
            issued("encrypted-saml11", encryptedIssue().tokenType(TokenType.SAML11)),
            issued("encrypted-saml2", encryptedIssue()),
            issued("encrypted-2005-saml11", encryptedIssue2005().tokenType(TokenType.SAML11)),
            issued("encrypted-2005-saml2", encryptedIssue2005()),
            issued("encrypted-public-key", encryptedIssue().proof(Proof.PUBLIC_KEY)),
            issued("encrypted-validate", encryptedIssue().then(Steps::validate)),
            issued("encrypted-renew", encryptedIssue().then(Steps::renew)),
            issued("encrypted-cancel", encryptedIssue().then(Steps::cancel)),
            new Case<>("encrypted-unknown-applies-to", Wanted.fault("wst:InvalidScope"), encryptedIssue().appliesTo(NOBODY)));
    }

    private static Issue encryptedIssue() {
        return new Issue().encrypted().fromWsdl("X509_Port").tokenType(TokenType.SAML2);
    }

    private static Issue encryptedIssue2005() {
        return new Issue().february2005().encrypted().fromWsdl("TransportUT_2005_Soap12_Port").tokenType(TokenType.SAML2);
    }

    private static List<Case<Server>> underSecret() {
        return List.of(
            issued("secret-saml11", secretIssue().tokenType(TokenType.SAML11)),
            issued("secret-saml2", secretIssue()),
            issued("secret-2005-saml11", secretIssue2005().tokenType(TokenType.SAML11)),
            issued("secret-2005-saml2", secretIssue2005()),
            issued("secret-derived-keys", new Issue().underDerivedKeys().tokenType(TokenType.SAML2)),
            issued("secret-validate", secretIssue().then(Steps::validate)),
            issued("secret-renew", secretIssue().then(Steps::renew)),
            issued("secret-cancel", secretIssue().then(Steps::cancel)),
            refused("secret-wrong-password", secretIssue().wrongPassword(), "wst:FailedAuthentication"),
            new Case<>("secret-unknown-applies-to", Wanted.fault("wst:InvalidScope"), secretIssue().appliesTo(NOBODY)));
    }

    private static Issue secretIssue() {
        return new Issue().underSecret().fromWsdl("UT_Port").tokenType(TokenType.SAML2);
    }

    private static Issue secretIssue2005() {
        return new Issue().february2005().underSecret().fromWsdl("TransportUT_2005_Soap12_Port").tokenType(TokenType.SAML2);
    }

    private static List<Case<Server>> withContexts() {
        return List.of(
            issued("context-soap11", aContext("TransportUT_Port")),
            issued("context-soap12", aContext("TransportUT_Soap12_Port")),
            new Case<>("context-port-issue", Wanted.OK, ContextCalls::issue),
            new Case<>("context-port-over", Wanted.OK, ContextCalls::issueWhenOver),
            new Case<>("context-port-over-renewed", Wanted.OK, ContextCalls::renewWhenOver),
            new Case<>("context-port-renew", Wanted.OK, ContextCalls::renew),
            new Case<>("context-port-named-twice", Wanted.fault("wst:InvalidRequest"), ContextCalls::renewNamedTwice),
            new Case<>("context-port-cancel", Wanted.OK, ContextCalls::cancel),
            new Case<>("context-port-cancelled", Wanted.fault("wsc:BadContextToken"), ContextCalls::renewCancelled));
    }

    private static Issue aContext(String port) {
        return new Issue().fromWsdl(port).proof(Proof.SYMMETRIC_KEY).tokenType(Wst.CONTEXT);
    }

    /** STSClient speaks the version it is told, whatever the port: a port of February 2005 says so in its name. */
    private static Issue atPort(String port) {
        var issue = new Issue().fromWsdl(port).tokenType(TokenType.SAML2);
        return port.contains("2005") ? issue.february2005() : issue;
    }

    private static Case<Server> issued(String name, Issue issue) {
        return new Case<>(name, Wanted.OK, issue);
    }

    /** A refused credential may also be told in the WS-Security namespace (WSS 1.1.1 §12). */
    private static Case<Server> refused(String name, Issue issue, String code) {
        return new Case<>(name, code.endsWith(":FailedAuthentication")
            ? Wanted.fault(code, "wsse:FailedAuthentication")
            : Wanted.fault(code), issue);
    }
}
