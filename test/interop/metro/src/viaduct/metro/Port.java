// Where Metro sends its requests, and where it asks for the policy of that address. It takes the first port of the description whose
// address has the same path.
package viaduct.metro;

record Port(String path, String metadata) {
    static final Port WSO2 = new Port("/services/wso2carbon-sts", "/services/wso2carbon-sts?wsdl");

    /** Takes security contexts, and gives them. */
    static final Port CONTEXT = new Port("/ws-trust/context", "/ws-trust/context?wsdl");

    /** The port of the general address for a version of WS-Trust and of SOAP. */
    static Port general(Wst version, String soap) {
        var path = "/ws-trust" + (version == Wst.V2005 ? "/2005" : "") + (soap.equals("1.2") ? "/soap12" : "");
        return new Port(path, "/ws-trust?wsdl");
    }

    /** An address of AD FS: `usernamemixed` or `certificatemixed`. */
    static Port adfs(Wst version, String name) {
        var path = "/adfs/services/trust/" + (version == Wst.V2005 ? "2005/" : "13/") + name;
        return new Port(path, "/adfs/services/trust/mex");
    }

    Port described(String address) {
        return new Port(path, address);
    }
}
