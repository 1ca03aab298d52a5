// A port of our WSDL: where that is, and what to call in it.
package viaduct.rampart;

record Port(String wsdl, String name) {
    static final Port WSO2 = new Port("/services/wso2carbon-sts?wsdl", "wso2carbon-stsHttpsSoap12Endpoint");
    /** TLS protects the Body: the signature of a certificate's key is over the Timestamp. */
    static final Port SIGNED_TIMESTAMP =
        new Port("/adfs/services/trust/mex", "CertificateWSTrustBinding_IWSTrust13Async");
    /** The server under test wants the Body signed here as well. */
    static final Port SIGNED_BODY =
        new Port("/adfs/services/trust/mex", "CertificateWSTrustBinding_IWSTrustFeb2005Async");

    /** The port of the general address for a version of WS-Trust and of SOAP. */
    static Port general(Wst version, String soap) {
        return new Port("/ws-trust?wsdl", "TransportUT_" + (version == Wst.V2005 ? "2005_" : "")
            + (soap.equals("1.2") ? "Soap12_" : "") + "Port");
    }
}
