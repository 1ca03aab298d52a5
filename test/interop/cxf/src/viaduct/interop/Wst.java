// The names of WS-Trust and SAML, as they stand on the wire.
package viaduct.interop;

final class Wst {
    static final String TRUST_13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
    static final String TRUST_2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust";

    static final String BEARER_13 = TRUST_13 + "/Bearer";
    /** February 2005 has no word for bearer: this one came with InfoCard. */
    static final String BEARER_2005 = "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey";

    static final String CONTEXT = "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/sct";
    static final String JWT = "urn:ietf:params:oauth:token-type:jwt";

    private Wst() { }
}
