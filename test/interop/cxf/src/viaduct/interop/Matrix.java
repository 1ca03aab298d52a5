// Every token type with every kind of key over both versions of SOAP; delegation; and what is told by MEX.
package viaduct.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.TokenType;
import viaduct.client.Wanted;

final class Matrix {
    private static final Map<String, String> TYPES = Map.of("saml11", TokenType.SAML11, "saml2", TokenType.SAML2, "jwt", Wst.JWT);
    private static final Map<String, Proof> PROOFS =
        Map.of("bearer", Proof.BEARER, "symmetric", Proof.SYMMETRIC_KEY, "public", Proof.PUBLIC_KEY);

    private Matrix() { }

    static List<Case<Server>> cases(Arguments arguments) {
        var cases = new ArrayList<Case<Server>>();
        TYPES.forEach((type, uri) -> PROOFS.forEach((key, proof) -> {
            cases.add(issued("matrix-soap11-" + type + "-" + key, issue(uri, proof)));
            cases.add(issued("matrix-soap12-" + type + "-" + key, issue(uri, proof).soap12()));
        }));
        for (var bits : List.of(128, 192)) {
            cases.add(issued("matrix-" + bits + "-bits", issue(TokenType.SAML2, Proof.SYMMETRIC_KEY).keySize(bits)));
        }
        if (arguments.has("colleague")) {
            TYPES.forEach((type, uri) -> {
                cases.add(issued("on-behalf-of-" + type, issue(uri, Proof.BEARER).onBehalfOf()));
                cases.add(issued("on-behalf-of-" + type + "-symmetric", issue(uri, Proof.SYMMETRIC_KEY).soap12().onBehalfOf()));
            });
            cases.add(issued("act-as-saml2", issue(TokenType.SAML2, Proof.BEARER).actAs()));
            cases.add(issued("act-as-saml2-public", issue(TokenType.SAML2, Proof.PUBLIC_KEY).soap12().actAs()));
            cases.add(issued("act-as-jwt", issue(Wst.JWT, Proof.BEARER).actAs()));
            // SAML 1.1 cannot say who acts: it would be an impersonation that nobody granted.
            cases.add(new Case<>("act-as-saml11", Wanted.fault("wst:RequestFailed"), issue(TokenType.SAML11, Proof.BEARER).actAs()));
        }
        cases.add(issued("mex-soap11", issue(TokenType.SAML2, Proof.BEARER).fromMex()));
        cases.add(issued("mex-soap12", issue(TokenType.SAML2, Proof.SYMMETRIC_KEY).soap12().fromMex()));
        return cases;
    }

    private static Issue issue(String tokenType, Proof proof) {
        var policy = proof == Proof.PUBLIC_KEY ? ClientPolicy.USERNAME_WITH_KEY : ClientPolicy.USERNAME;
        return new Issue().tokenType(tokenType).proof(proof).policy(policy);
    }

    private static Case<Server> issued(String name, Issue issue) {
        return new Case<>(name, Wanted.OK, issue);
    }
}
