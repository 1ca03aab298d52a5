// An Issue request as a case states it: what it does not say is the usual.
package viaduct.interop;

import javax.xml.namespace.QName;
import org.apache.cxf.ws.security.SecurityConstants;
import org.apache.cxf.ws.security.trust.STSClient;
import org.apache.wss4j.common.WSS4JConstants;

final class Issue implements Case.Call {
    private boolean isSoap12;
    private boolean isTrust13 = true;
    private String tokenType;
    private ClientPolicy policy = ClientPolicy.USERNAME;
    private String wsdlPort;
    private String appliesTo;
    private String passwordSuffix = "";
    private Proof proof = Proof.BEARER;
    private boolean sendsEntropy = true;
    private boolean isSha1;
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

    Issue policy(ClientPolicy other) {
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

    Issue proof(Proof other) {
        proof = other;
        return this;
    }

    /** Leaves a symmetric key wholly to the server. */
    Issue withoutEntropy() {
        sendsEntropy = false;
        return this;
    }

    /** Signs as CXF does when nobody tells it otherwise: RSA-SHA1, even for the suite Basic256Sha256. */
    Issue sha1() {
        isSha1 = true;
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
        var issued = new IssuedToken(token, tokenType, proof);
        var facts = issued.check(server);
        return Outcome.ok(step == null ? facts : step.run(client, issued, server));
    }

    private STSClient client(Server server) throws Exception {
        var client = new STSClient(server.bus());
        client.setNamespace(isTrust13 ? Wst.TRUST_13 : Wst.TRUST_2005);
        client.setKeyType(proof.keyType(isTrust13));
        client.setRequiresEntropy(sendsEntropy);
        client.setTokenType(tokenType);
        if (policy.isX509()) {
            useKey(client, server.clientKey());
        } else {
            client.getProperties().put(SecurityConstants.USERNAME, server.user());
            client.getProperties().put(SecurityConstants.PASSWORD, server.password() + passwordSuffix);
        }
        if (wsdlPort == null) {
            client.setLocation(server.url());
            client.setSoap11(!isSoap12);
            client.setPolicy(policy.element(isTrust13));
        } else {
            client.setWsdlLocation(server.wsdl());
            client.setServiceQName(new QName(Wst.TRUST_13 + "/", "SecurityTokenService"));
            client.setEndpointQName(new QName(Wst.TRUST_13 + "/", wsdlPort));
        }
        return client;
    }

    private void useKey(STSClient client, KeyFile key) throws Exception {
        var properties = client.getProperties();
        properties.put(SecurityConstants.SIGNATURE_CRYPTO, key.crypto());
        properties.put(SecurityConstants.SIGNATURE_USERNAME, KeyFile.ALIAS);
        properties.put(SecurityConstants.SIGNATURE_PASSWORD, KeyFile.PASSWORD);
        if (!isSha1) {
            properties.put(SecurityConstants.ASYMMETRIC_SIGNATURE_ALGORITHM, WSS4JConstants.RSA_SHA256);
        }
        if (proof == Proof.PUBLIC_KEY) {
            client.setUseKeyCertificate(key.certificate());
            client.setUseCertificateForConfirmationKeyInfo(true);
        }
    }
}
