// Namespaces and identifiers of WS-Trust, WS-Security and SAML.
static class Names
{
    public const string Trust13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
    public const string Trust2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust";
    public const string Reply13 = Trust13 + "/RSTRC/IssueFinal";
    public const string Reply2005 = Trust2005 + "/RSTR/Issue";
    public const string Security =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    public const string Utility =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    public const string Policy = "http://schemas.xmlsoap.org/ws/2004/09/policy";
    public const string Signature = "http://www.w3.org/2000/09/xmldsig#";
    public const string RsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    public const string Saml11 = "urn:oasis:names:tc:SAML:1.0:assertion";
    public const string Saml2 = "urn:oasis:names:tc:SAML:2.0:assertion";

    public static string Reply(string trust) { return trust == Trust13 ? Reply13 : Reply2005; }

    public static string Bearer(string trust)
    {
        return trust == Trust13 ? trust + "/Bearer" : "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey";
    }
}
