// The versions of WS-Trust that Metro speaks, and the names that requests are made of.
package viaduct.metro;

import com.sun.xml.ws.security.trust.WSTrustVersion;

enum Wst {
    V13(WSTrustVersion.WS_TRUST_13), V2005(WSTrustVersion.WS_TRUST_10);

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
