// What a client does with a token it was issued. Each step is with the client that got the token.
package viaduct.interop;

import static viaduct.client.Check.require;

import org.apache.cxf.ws.security.trust.STSClient;
import org.apache.cxf.ws.security.trust.TrustException;

final class Steps {
    private Steps() { }

    interface Step {
        /** @return what was found, as the end of a line */
        String run(STSClient client, IssuedToken issued, Server server) throws Exception;
    }

    static String validate(STSClient client, IssuedToken issued, Server server) throws Exception {
        // Without a token type STSClient asks for the status alone.
        client.setTokenType(null);
        client.validateSecurityToken(issued.token());
        return "status=valid";
    }

    /** Renews twice: the second renewal must work as well as the first. */
    static String renew(STSClient client, IssuedToken issued, Server server) throws Exception {
        var first = new IssuedToken(client.renewSecurityToken(issued.token()), issued.wantedType(), issued.proof());
        first.check(server);
        var second = new IssuedToken(client.renewSecurityToken(first.token()), issued.wantedType(), issued.proof());
        return second.check(server);
    }

    static String cancel(STSClient client, IssuedToken issued, Server server) throws Exception {
        require(client.cancelSecurityToken(issued.token()), "Cancel failed");
        try {
            validate(client, issued, server);
        } catch (TrustException invalid) {
            return "status=cancelled";
        }
        throw new IllegalStateException("a cancelled token is still valid");
    }
}
