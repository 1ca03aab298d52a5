// The versions of WS-Trust that Metro speaks, and the names that requests are made of.
package viaduct.metro;

import com.sun.xml.ws.security.trust.WSTrustVersion;

enum Wst {
    V13(WSTrustVersion.WS_TRUST_13), V2005(WSTrustVersion.WS_TRUST_10);

    static final String SAML11 = "urn:oasis:names:tc:SAML:1.0:assertion";
    static final String SAML2 = "urn:oasis:names:tc:SAML:2.0:assertion";
    static final String PROFILE = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1";

    private final WSTrustVersion version;

    Wst(WSTrustVersion version) {
        this.version = version;
    }

    /** As the configuration of Metro takes it. */
    String protocol() {
        return version.getNamespaceURI();
    }

    String keyType(Issue.Key key) {
        return switch (key) {
            case BEARER -> version.getBearerKeyTypeURI();
            case SYMMETRIC -> version.getSymmetricKeyTypeURI();
            case PUBLIC -> version.getPublicKeyTypeURI();
        };
    }
}
