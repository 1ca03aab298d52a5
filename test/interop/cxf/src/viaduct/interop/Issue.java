// An Issue request as a case states it: what it does not say is the usual.
package viaduct.interop;

import static viaduct.client.Check.require;

import javax.security.auth.callback.CallbackHandler;
import javax.xml.namespace.QName;
import org.apache.cxf.ws.addressing.AttributedURIType;
import org.apache.cxf.ws.addressing.EndpointReferenceType;
import org.apache.cxf.ws.security.SecurityConstants;
import org.apache.cxf.ws.security.trust.STSClient;
import org.apache.wss4j.common.WSS4JConstants;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.w3c.dom.Element;
import viaduct.client.Case;
import viaduct.client.KeyFile;
import viaduct.client.TokenType;
import viaduct.wss4j.WssCrypto;

final class Issue implements Case.Call<Server> {
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
    private boolean isEncrypted;
    private boolean derivesKeys;
    private Steps.Step step;
    private int keySize = 256;
    private String user;
    private boolean isFromMex;
    private Delegation delegation = Delegation.NONE;

    /** What is done with the token of a colleague. */
    private enum Delegation { NONE, ON_BEHALF_OF, ACT_AS }

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

    /** Signs and encrypts the message itself, and opens the answer. */
    Issue encrypted() {
        isEncrypted = true;
        policy = ClientPolicy.X509;
        return this;
    }

    /** Makes a secret, encrypts it to the server, and protects the message and its answer with it; a password is inside. */
    Issue underSecret() {
        isEncrypted = true;
        return this;
    }

    /** The same, with keys derived of the secret, by a policy of the client's own. */
    Issue underDerivedKeys() {
        derivesKeys = true;
        return underSecret().soap12();
    }

    Issue keySize(int bits) {
        keySize = bits;
        return this;
    }

    /** Asks for a token of the colleague, with a token that was issued to the colleague: nobody sees who asked. */
    Issue onBehalfOf() {
        delegation = Delegation.ON_BEHALF_OF;
        return this;
    }

    /** The same, and the result shows who asked. */
    Issue actAs() {
        delegation = Delegation.ACT_AS;
        return this;
    }

    /** Takes everything from the metadata at the address itself. */
    Issue fromMex() {
        isFromMex = true;
        return this;
    }

    private Issue as(String name) {
        user = name;
        return this;
    }

    /** Goes on with the token that was issued. */
    Issue then(Steps.Step other) {
        step = other;
        return this;
    }

    @Override
    public String run(Server server) throws Exception {
        var client = client(server);
        if (delegation == Delegation.ON_BEHALF_OF) {
            client.setOnBehalfOf(tokenOfColleague(server));
        }
        if (delegation == Delegation.ACT_AS) {
            client.setActAs(tokenOfColleague(server));
        }
        var token = client.requestSecurityToken(appliesTo == null ? server.appliesTo() : appliesTo);
        require(token.getSecret() == null || token.getSecret().length * Byte.SIZE == keySize,
            "a proof key of another size");
        if (Wst.CONTEXT.equals(tokenType)) {
            return new IssuedContext(token, keySize).check();
        }
        if (Wst.JWT.equals(tokenType)) {
            return new IssuedJwt(token, proof).check(server);
        }
        var issued = new IssuedToken(token, tokenType, proof);
        var facts = issued.check(server);
        return step == null ? facts : step.run(client, issued, server);
    }

    private static Element tokenOfColleague(Server server) throws Exception {
        var client = new Issue().tokenType(TokenType.SAML2).as(server.colleague()).client(server);
        return client.requestSecurityToken(server.appliesTo()).getToken();
    }

    private STSClient client(Server server) throws Exception {
        var client = new STSClient(server.bus());
        client.setNamespace(isTrust13 ? Wst.TRUST_13 : Wst.TRUST_2005);
        client.setKeyType(proof.keyType(isTrust13));
        client.setRequiresEntropy(sendsEntropy);
        client.setTokenType(tokenType);
        client.setSecureConv(Wst.CONTEXT.equals(tokenType));
        client.setKeySize(keySize);
        if (policy.isX509()) {
            useKey(client, server.clientKey());
        }
        if (isEncrypted) {
            encrypt(client, server);
        }
        if (policy.isUsername()) {
            client.getProperties().put(SecurityConstants.USERNAME, user == null ? server.user() : user);
            client.getProperties().put(SecurityConstants.PASSWORD, server.password() + passwordSuffix);
        }
        if (isFromMex) {
            var reference = new EndpointReferenceType();
            reference.setAddress(new AttributedURIType());
            reference.getAddress().setValue(isSoap12 ? server.url() + "/soap12" : server.url());
            client.setSoap11(!isSoap12);
            client.configureViaEPR(reference, true);
        } else if (derivesKeys) {
            client.setLocation(server.url() + "/message/username");
            client.setSoap11(false);
            client.setPolicy(SecretPolicy.element());
        } else if (wsdlPort == null) {
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

    /** The suite of the policy leaves the algorithms to both sides: CXF would wrap keys by RSA 1.5. */
    private static void encrypt(STSClient client, Server server) throws Exception {
        var properties = client.getProperties();
        properties.put(SecurityConstants.ENCRYPT_CRYPTO, server.recipient());
        properties.put(SecurityConstants.ENCRYPT_USERNAME, Server.RECIPIENT);
        properties.put(SecurityConstants.SYMMETRIC_SIGNATURE_ALGORITHM, WSS4JConstants.HMAC_SHA256);
        properties.put(SecurityConstants.CALLBACK_HANDLER, (CallbackHandler) callbacks -> {
            for (var each : callbacks) {
                ((WSPasswordCallback) each).setPassword(KeyFile.PASSWORD);
            }
        });
        properties.put(SecurityConstants.CUSTOM_ALG_SUITE_ASYMMETRIC_KEY_ENCRYPTION_ALGORITHM, WSS4JConstants.KEYTRANSPORT_RSAOAEP);
    }

    private void useKey(STSClient client, KeyFile key) throws Exception {
        var properties = client.getProperties();
        properties.put(SecurityConstants.SIGNATURE_CRYPTO, WssCrypto.of(key));
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
