// The table of cases. A further one is a further line.
package viaduct.metro;

import static viaduct.client.Arguments.NOBODY;
import static viaduct.client.Wanted.OK;

import java.util.ArrayList;
import java.util.List;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.TokenType;

final class Cases {
    private Cases() { }

    static List<Case<Server>> all(Arguments arguments) {
        var cases = new ArrayList<Case<Server>>();
        for (var version : Wst.values()) {
            var name = version == Wst.V13 ? "13" : "2005";
            cases.addAll(issued("general-" + name + "-soap12", version, Port.general(version, "1.2")));
            cases.addAll(issued("adfs-" + name, version, Port.adfs(version, "usernamemixed")));
            cases.add(new Case<>("general-" + name + "-soap11", OK, new Issue(version, Port.general(version, "1.1"))));
            cases.addAll(refused("general-" + name, version, Port.general(version, "1.2")));
            cases.addAll(refused("adfs-" + name, version, Port.adfs(version, "usernamemixed")));
        }
        cases.addAll(issued("wso2-13", Wst.V13, Port.WSO2));
        cases.addAll(refused("wso2-13", Wst.V13, Port.WSO2));
        cases.addAll(described());
        cases.addAll(asked());
        cases.addAll(signed());
        cases.addAll(validated());
        if (arguments.has("service")) {
            cases.addAll(calls());
        }
        if (arguments.has("colleague")) {
            cases.addAll(delegated());
        }
        return cases;
    }

    private static List<Case<Server>> issued(String name, Wst version, Port port) {
        return List.of(
            new Case<>(name + "-bearer-saml11", OK, new Issue(version, port).tokenType(TokenType.SAML11)),
            new Case<>(name + "-bearer-saml2", OK, new Issue(version, port)),
            new Case<>(name + "-symmetric-saml11", OK,
                new Issue(version, port).tokenType(TokenType.SAML11).key(Issue.Key.SYMMETRIC, 256)),
            new Case<>(name + "-symmetric-saml2", OK, new Issue(version, port).key(Issue.Key.SYMMETRIC, 256)));
    }

    /** Where Metro may be told to look for the policy. */
    private static List<Case<Server>> described() {
        var port = Port.general(Wst.V13, "1.2");
        return List.of(
            new Case<>("described-mex", OK, new Issue(Wst.V13, port.described("/ws-trust?mex"))),
            new Case<>("described-address", OK, new Issue(Wst.V13, port.described(port.path()))),
            // Where it looks by itself.
            new Case<>("described-path", OK, new Issue(Wst.V13, port.described(port.path() + "/mex"))));
    }

    private static List<Case<Server>> asked() {
        return List.of(
            new Case<>("profile-saml11", OK, general().tokenType(TokenType.SAML11_PROFILE)),
            new Case<>("profile-saml2", OK, general().tokenType(TokenType.SAML2_PROFILE)),
            new Case<>("symmetric-no-size", OK, general().key(Issue.Key.SYMMETRIC, 0)),
            new Case<>("symmetric-128-bits", OK, general().key(Issue.Key.SYMMETRIC, 128)),
            new Case<>("lifetime", OK, general().lifetime(60_000)
                .then((issue, issued, server) -> issued.checkLifetime(60_000, server))),
            new Case<>("checks", OK, general().then((issue, issued, server) -> issued.checkChecks(server))),
            // Its UseKey is a bare key of which nothing is signed.
            new Case<>("public-key", "fault=InvalidSecurityToken", general().key(Issue.Key.PUBLIC, 2048)));
    }

    private static List<Case<Server>> signed() {
        return List.of(
            new Case<>("x509-timestamp", OK, certified(Wst.V13)),
            // The server under test wants the Body signed here as well.
            new Case<>("x509-body", OK, certified(Wst.V2005).tokenType(TokenType.SAML11)),
            // Metro gets a context first and signs with its secret, by HMAC-SHA1 whatever the policy says.
            new Case<>("context", OK, withContext()),
            // When it cancels the context, its media type names another action than its addressing; the fault is lost.
            new Case<>("context-cancel", "error=NullPointerException", withContext().then((issue, issued, server) -> issue.close(server))));
    }

    private static Issue withContext() {
        return new Issue(Wst.V13, Port.CONTEXT).key(Issue.Key.SYMMETRIC, 256);
    }

    private static Issue certified(Wst version) {
        return new Issue(version, Port.adfs(version, "certificatemixed")).key(Issue.Key.PUBLIC, 0).signed();
    }

    private static List<Case<Server>> calls() {
        return List.of(
            new Case<>("call-bearer-saml11", OK, new CallOfService(TokenType.SAML11, Issue.Key.BEARER)),
            new Case<>("call-bearer-saml2", OK, new CallOfService(TokenType.SAML2, Issue.Key.BEARER)),
            new Case<>("call-symmetric-saml11", OK, new CallOfService(TokenType.SAML11, Issue.Key.SYMMETRIC)),
            new Case<>("call-symmetric-saml2", OK, new CallOfService(TokenType.SAML2, Issue.Key.SYMMETRIC)),
            // Whether the service looks who signed the token.
            new Case<>("call-other-signer", "fault=InvalidSecurityToken", new CallOfService(TokenType.SAML2, Issue.Key.BEARER, "tls-cert")));
    }

    private static List<Case<Server>> delegated() {
        return List.of(
            new Case<>("on-behalf-of", OK, general().delegated(Issue.Delegation.ON_BEHALF_OF)),
            new Case<>("act-as", OK, general().delegated(Issue.Delegation.ACT_AS)
                .then((issue, issued, server) -> issued.checkDelegate(server))),
            new Case<>("act-as-saml11", "fault=RequestFailed",
                general().tokenType(TokenType.SAML11).delegated(Issue.Delegation.ACT_AS)));
    }

    private static List<Case<Server>> validated() {
        return List.of(
            new Case<>("validate", OK, general().then((issue, issued, server) -> issue.validate(issued, server))),
            new Case<>("validate-changed", OK,
                general().then((issue, issued, server) -> issue.validate(issued.withAnotherName(server), server))),
            // It writes the assertion into the request, as February 2005 has no element for it.
            new Case<>("validate-2005", OK, older().then((issue, issued, server) -> issue.validate(issued, server))),
            new Case<>("validate-2005-changed", OK,
                older().then((issue, issued, server) -> issue.validate(issued.withAnotherName(server), server))));
    }

    private static Issue older() {
        return new Issue(Wst.V2005, Port.general(Wst.V2005, "1.2"));
    }

    private static List<Case<Server>> refused(String name, Wst version, Port port) {
        // It reads an answer of February 2005 without looking whether it is a fault.
        var lost = "error=NullPointerException";
        var isLost = version == Wst.V2005;
        return List.of(
            new Case<>(name + "-wrong-password", isLost ? lost : "fault=FailedAuthentication",
                new Issue(version, port).wrongPassword()),
            new Case<>(name + "-unknown-applies-to", isLost ? lost : "fault=InvalidScope",
                new Issue(version, port).appliesTo(NOBODY)));
    }

    private static Issue general() {
        return new Issue(Wst.V13, Port.general(Wst.V13, "1.2"));
    }
}
