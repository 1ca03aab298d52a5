// The names of WS-Trust and SAML, as they stand on the wire.
package viaduct.interop;

final class Wst {
    static final String TRUST_13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
    static final String TRUST_2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust";

    static final String BEARER_13 = TRUST_13 + "/Bearer";
    /** February 2005 has no word for bearer: this one came with InfoCard. */
    static final String BEARER_2005 = "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey";

    static final String SAML11 = "urn:oasis:names:tc:SAML:1.0:assertion";
    static final String SAML20 = "urn:oasis:names:tc:SAML:2.0:assertion";
    private static final String TOKEN_PROFILE = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1";
    static final String SAML11_PROFILE = TOKEN_PROFILE + "#SAMLV1.1";
    static final String SAML20_PROFILE = TOKEN_PROFILE + "#SAMLV2.0";

    static final String CONTEXT = "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/sct";
    static final String JWT = "urn:ietf:params:oauth:token-type:jwt";

    private Wst() { }
}
