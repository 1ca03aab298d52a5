// What CXF does with a security context at the port whose policy asks for one: it signs by that policy, with a key of the context.
package viaduct.interop;

import static viaduct.client.Check.require;

import java.time.Instant;
import javax.xml.namespace.QName;
import org.apache.cxf.message.Message;
import org.apache.cxf.ws.security.SecurityConstants;
import org.apache.cxf.ws.security.tokenstore.SecurityToken;
import org.apache.cxf.ws.security.trust.STSClient;
import org.apache.wss4j.common.WSS4JConstants;
import org.apache.wss4j.dom.message.token.SecurityContextToken;
import viaduct.client.TokenType;

final class ContextCalls {
    private static final String PORT = "TransportSCT_Port";

    private ContextCalls() { }

    /** Asks for an assertion. CXF gets the context itself, by the bootstrap policy. */
    static String issue(Server server) throws Exception {
        return issue(user(server), server);
    }

    /** Asks for another when the context is over: CXF tries to renew it, and else gets a new one. */
    static String issueWhenOver(Server server) throws Exception {
        var client = user(server);
        issue(client, server);
        var context = (SecurityToken) client.getClient().getEndpoint().get(SecurityConstants.TOKEN);
        context.setExpires(Instant.now().minusSeconds(1));
        return issue(client, server);
    }

    /** The same with a client for contexts that renews by the port, and so signs with the context. */
    static String renewWhenOver(Server server) throws Exception {
        var client = user(server);
        client.getRequestContext().put(SecurityConstants.STS_CLIENT, contextClient(server));
        issue(client, server);
        var endpoint = client.getClient().getEndpoint();
        var context = (SecurityToken) endpoint.get(SecurityConstants.TOKEN);
        context.setExpires(Instant.now().minusSeconds(1));
        var result = issue(client, server);
        var used = (SecurityToken) endpoint.get(SecurityConstants.TOKEN);
        require(identifier(used).equals(identifier(context)), "another Identifier");
        return result;
    }

    private static STSClient contextClient(Server server) {
        var client = new STSClient(server.bus()) {
            @Override
            public SecurityToken renewSecurityToken(SecurityToken token) throws Exception {
                return renewed(server, namedOnce(token));
            }
        };
        client.getProperties().put(SecurityConstants.USERNAME, server.user());
        client.getProperties().put(SecurityConstants.PASSWORD, server.password());
        return client;
    }

    private static STSClient user(Server server) throws Exception {
        var client = client(server);
        client.setTokenType(TokenType.SAML2);
        // A JAX-WS proxy says this by itself; the bootstrap goes to the same address.
        client.getRequestContext().put(Message.ENDPOINT_ADDRESS, server.url() + "/context");
        return client;
    }

    private static String issue(STSClient client, Server server) throws Exception {
        var token = client.requestSecurityToken(server.appliesTo());
        return new IssuedToken(token, TokenType.SAML2, Proof.SYMMETRIC_KEY).check(server);
    }

    /** Renews twice, the second time with what came back. */
    static String renew(Server server) throws Exception {
        var token = namedOnce(context(server));
        var first = namedOnce(renewed(server, token));
        var second = renewed(server, first);
        require(identifier(first).equals(identifier(token)), "another Identifier");
        require(identifier(second).equals(identifier(token)), "another Identifier");
        return "context=renewed";
    }

    static String cancel(Server server) throws Exception {
        require(client(server).cancelSecurityToken(namedOnce(context(server))), "Cancel failed");
        return "context=cancelled";
    }

    /** Left alone CXF puts the token into the header and the target under one wsu:Id. */
    static String renewNamedTwice(Server server) throws Exception {
        renewed(server, context(server));
        return "context=renewed";
    }

    static String renewCancelled(Server server) throws Exception {
        var token = namedOnce(context(server));
        require(client(server).cancelSecurityToken(token), "Cancel failed");
        renewed(server, token);
        return "context=renewed";
    }

    /** Without a wsu:Id, and referred to by its Identifier wherever it stands: WSS 1.1.1 §4 lets no id stand twice in a message. */
    private static SecurityToken namedOnce(SecurityToken token) {
        token.getToken().removeAttributeNS(WSS4JConstants.WSU_NS, "Id");
        token.setAttachedReference(token.getUnattachedReference());
        return token;
    }

    /** A context by password. */
    private static SecurityToken context(Server server) throws Exception {
        var client = client(server);
        client.setEndpointQName(new QName(Wst.TRUST_13 + "/", "TransportUT_Soap12_Port"));
        client.setSecureConv(true);
        client.setTokenType(Wst.CONTEXT);
        return client.requestSecurityToken(server.appliesTo());
    }

    /** The one to renew is the one to sign with: CXF does not assume it. */
    private static SecurityToken renewed(Server server, SecurityToken token) throws Exception {
        var client = client(server);
        client.setSecureConv(true);
        client.setTokenType(Wst.CONTEXT);
        client.getRequestContext().put(SecurityConstants.TOKEN, token);
        var renewed = client.renewSecurityToken(token);
        // A renewal keeps the secret, and CXF reads it from answers to Issue alone.
        renewed.setSecret(token.getSecret());
        return renewed;
    }

    private static String identifier(SecurityToken token) throws Exception {
        return new SecurityContextToken(token.getToken()).getIdentifier();
    }

    private static STSClient client(Server server) throws Exception {
        var client = new STSClient(server.bus());
        client.setNamespace(Wst.TRUST_13);
        client.setKeyType(Proof.SYMMETRIC_KEY.keyType(true));
        client.setKeySize(256);
        client.setWsdlLocation(server.wsdl());
        client.setServiceQName(new QName(Wst.TRUST_13 + "/", "SecurityTokenService"));
        client.setEndpointQName(new QName(Wst.TRUST_13 + "/", PORT));
        var properties = client.getProperties();
        properties.put(SecurityConstants.USERNAME, server.user());
        properties.put(SecurityConstants.PASSWORD, server.password());
        // The suites of WS-SecurityPolicy mean HMAC-SHA1.
        properties.put(SecurityConstants.SYMMETRIC_SIGNATURE_ALGORITHM, WSS4JConstants.HMAC_SHA256);
        return client;
    }
}
