// What ties the token to its bearer, and what the client must hold for it.
package viaduct.interop;

import static viaduct.client.Check.require;

import java.util.Arrays;
import org.apache.cxf.ws.security.tokenstore.SecurityToken;
import org.apache.wss4j.common.saml.SamlAssertionWrapper;
import org.apache.wss4j.common.saml.builder.SAML1Constants;
import org.apache.wss4j.common.saml.builder.SAML2Constants;

enum Proof {
    BEARER, SYMMETRIC_KEY, PUBLIC_KEY;

    String keyType(boolean isTrust13) {
        return switch (this) {
            case BEARER -> isTrust13 ? Wst.BEARER_13 : Wst.BEARER_2005;
            case SYMMETRIC_KEY -> (isTrust13 ? Wst.TRUST_13 : Wst.TRUST_2005) + "/SymmetricKey";
            case PUBLIC_KEY -> (isTrust13 ? Wst.TRUST_13 : Wst.TRUST_2005) + "/PublicKey";
        };
    }

    String confirmationMethod(boolean isSaml2) {
        if (this == BEARER) {
            return isSaml2 ? SAML2Constants.CONF_BEARER : SAML1Constants.CONF_BEARER;
        }
        return isSaml2 ? SAML2Constants.CONF_HOLDER_KEY : SAML1Constants.CONF_HOLDER_KEY;
    }

    /** The key in the assertion is the key the client got or has: else the client could not use the token. */
    void check(SecurityToken token, SamlAssertionWrapper assertion, Server server) {
        if (this == SYMMETRIC_KEY) {
            require(token.getSecret() != null, "no proof key");
            require(Arrays.equals(token.getSecret(), assertion.getSubjectKeyInfo().getSecret()),
                "the assertion has another key than the client");
            return;
        }
        require(token.getSecret() == null, "a proof key nobody asked for");
        if (this == PUBLIC_KEY) {
            var keyInfo = assertion.getSubjectKeyInfo();
            var key = keyInfo.getCerts() == null ? keyInfo.getPublicKey() : keyInfo.getCerts()[0].getPublicKey();
            require(server.clientKey().certificate().getPublicKey().equals(key),
                "the assertion has another key than the client");
        }
    }
}
