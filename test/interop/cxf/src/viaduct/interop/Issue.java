// An Issue request as a case states it: what it does not say is the usual.
package viaduct.interop;

import javax.xml.namespace.QName;
import org.apache.cxf.ws.security.SecurityConstants;
import org.apache.cxf.ws.security.trust.STSClient;

final class Issue implements Case.Call {
    private boolean isSoap12;
    private boolean isTrust13 = true;
    private String tokenType;
    private UsernamePolicy policy = UsernamePolicy.USUAL;
    private String wsdlPort;
    private String appliesTo;
    private String passwordSuffix = "";
    private Steps.Step step;

    Issue soap12() {
        isSoap12 = true;
        return this;
    }

    Issue february2005() {
        isTrust13 = false;
        return this;
    }

    Issue tokenType(String uri) {
        tokenType = uri;
        return this;
    }

    Issue policy(UsernamePolicy other) {
        policy = other;
        return this;
    }

    /** Takes address, SOAP version and policy from a port of the server's WSDL. */
    Issue fromWsdl(String port) {
        wsdlPort = port;
        return this;
    }

    Issue appliesTo(String uri) {
        appliesTo = uri;
        return this;
    }

    Issue wrongPassword() {
        passwordSuffix = "-wrong";
        return this;
    }

    /** Goes on with the token that was issued. */
    Issue then(Steps.Step other) {
        step = other;
        return this;
    }

    @Override
    public Outcome run(Server server) throws Exception {
        var client = client(server);
        var token = client.requestSecurityToken(appliesTo == null ? server.appliesTo() : appliesTo);
        var issued = new IssuedToken(token, tokenType);
        var facts = issued.check(server);
        return Outcome.ok(step == null ? facts : step.run(client, issued, server));
    }

    private STSClient client(Server server) throws Exception {
        var client = new STSClient(server.bus());
        client.setNamespace(isTrust13 ? Wst.TRUST_13 : Wst.TRUST_2005);
        client.setKeyType(isTrust13 ? Wst.BEARER_13 : Wst.BEARER_2005);
        client.setTokenType(tokenType);
        client.getProperties().put(SecurityConstants.USERNAME, server.user());
        client.getProperties().put(SecurityConstants.PASSWORD, server.password() + passwordSuffix);
        if (wsdlPort == null) {
            configureInCode(client, server);
        } else {
            client.setWsdlLocation(server.wsdl());
            client.setServiceQName(new QName(Wst.TRUST_13 + "/", "SecurityTokenService"));
            client.setEndpointQName(new QName(Wst.TRUST_13 + "/", wsdlPort));
        }
        return client;
    }

    private void configureInCode(STSClient client, Server server) throws Exception {
        client.setLocation(server.url());
        client.setSoap11(!isSoap12);
        client.setPolicy(policy.element(isTrust13));
    }
}
