// The WSDL of the relying party: over TLS a token of the server under test, and with a key the Timestamp signed with it.
package viaduct.metro;

import java.nio.file.Path;
import viaduct.client.KeyFile;

final class ServiceWsdl {
    static final String NAMESPACE = "urn:viaduct:interop:echo";
    private static final String TEXT = """
        <wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="NAMESPACE" targetNamespace="NAMESPACE"
            xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
            xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:sp="SECURITY_POLICY" xmlns:trust="TRUST"
            xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
            xmlns:wsit="http://java.sun.com/xml/ns/wsit/policy" xmlns:stores="http://schemas.sun.com/2006/03/wss/server">
          <wsp:Policy wsu:Id="token"><wsp:ExactlyOne><wsp:All>
            <wsaw:UsingAddressing xmlns:wsaw="http://www.w3.org/2006/05/addressing/wsdl"/>
            <sp:TransportBinding><wsp:Policy>
              <sp:TransportToken><wsp:Policy><sp:HttpsToken><wsp:Policy/></sp:HttpsToken></wsp:Policy></sp:TransportToken>
              <sp:AlgorithmSuite><wsp:Policy><sp:Basic256/></wsp:Policy></sp:AlgorithmSuite>
              <sp:Layout><wsp:Policy><sp:Lax/></wsp:Policy></sp:Layout>
              <sp:IncludeTimestamp/>
            </wsp:Policy></sp:TransportBinding>
            <sp:SUPPORTING><wsp:Policy>
              <sp:IssuedToken sp:IncludeToken="SECURITY_POLICY/IncludeToken/AlwaysToRecipient">
                <sp:RequestSecurityTokenTemplate>
                  <trust:TokenType>TOKEN_TYPE</trust:TokenType><trust:KeyType>KEY_TYPE</trust:KeyType>KEY_SIZE
                </sp:RequestSecurityTokenTemplate>
                <wsp:Policy><sp:RequireInternalReference/></wsp:Policy>
              </sp:IssuedToken>
            </wsp:Policy></sp:SUPPORTING>
            <stores:KeyStore wsit:visibility="private" location="FOLDER/rp.p12" type="PKCS12" storepass="PASSWORD"
              keypass="PASSWORD" alias="ALIAS"/>
            <stores:TrustStore wsit:visibility="private" location="FOLDER/sts.p12" type="PKCS12" storepass="PASSWORD"/>
          </wsp:All></wsp:ExactlyOne></wsp:Policy>
          <wsdl:types><xs:schema targetNamespace="NAMESPACE">
            <xs:element name="ask" type="xs:string"/><xs:element name="done" type="xs:string"/>
          </xs:schema></wsdl:types>
          <wsdl:message name="question"><wsdl:part name="body" element="tns:ask"/></wsdl:message>
          <wsdl:message name="answer"><wsdl:part name="body" element="tns:done"/></wsdl:message>
          <wsdl:portType name="EchoType">
            <wsdl:operation name="ask"><wsdl:input message="tns:question"/><wsdl:output message="tns:answer"/></wsdl:operation>
          </wsdl:portType>
          <wsdl:binding name="EchoBinding" type="tns:EchoType">
            <wsp:PolicyReference URI="#token"/>
            <soap12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
            <wsdl:operation name="ask"><soap12:operation soapAction="NAMESPACE/ask"/>
              <wsdl:input><soap12:body use="literal"/></wsdl:input><wsdl:output><soap12:body use="literal"/></wsdl:output>
            </wsdl:operation>
          </wsdl:binding>
          <wsdl:service name="Echo">
            <wsdl:port name="EchoPort" binding="tns:EchoBinding"><soap12:address location="ADDRESS"/></wsdl:port>
          </wsdl:service>
        </wsdl:definitions>
        """;

    private ServiceWsdl() { }

    /** @param folder where the key stores of the service are */
    static String write(String address, String tokenType, Issue.Key key, Path folder) {
        var isBearer = key == Issue.Key.BEARER;
        return TEXT
            .replace("SECURITY_POLICY", "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702")
            .replace("TRUST", Wst.V13.protocol())
            .replace("SUPPORTING", isBearer ? "SignedSupportingTokens" : "EndorsingSupportingTokens")
            .replace("TOKEN_TYPE", tokenType)
            .replace("KEY_TYPE", Wst.V13.keyType(key))
            .replace("KEY_SIZE", isBearer ? "" : "<trust:KeySize>256</trust:KeySize>")
            .replace("FOLDER", folder.toString())
            .replace("PASSWORD", KeyFile.PASSWORD)
            .replace("ALIAS", KeyFile.ALIAS)
            .replace("NAMESPACE", NAMESPACE)
            .replace("ADDRESS", address);
    }
}
