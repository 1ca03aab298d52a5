// The names of the kinds of assertion, as they stand on the wire.
package viaduct.client;

public final class TokenType {
    public static final String SAML11 = "urn:oasis:names:tc:SAML:1.0:assertion";
    public static final String SAML2 = "urn:oasis:names:tc:SAML:2.0:assertion";
    private static final String PROFILE = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1";
    public static final String SAML11_PROFILE = PROFILE + "#SAMLV1.1";
    public static final String SAML2_PROFILE = PROFILE + "#SAMLV2.0";

    private TokenType() { }

    public static boolean isSaml2(String type) {
        return type.equals(SAML2) || type.equals(SAML2_PROFILE);
    }
}
