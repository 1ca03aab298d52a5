// A request to issue as an estate on Metro makes it: its IssuedTokenManager under the policy of our WSDL.
package viaduct.metro;

import com.sun.xml.ws.api.security.trust.Status;
import com.sun.xml.ws.api.security.trust.client.IssuedTokenManager;
import com.sun.xml.ws.api.security.trust.client.STSIssuedTokenConfiguration;
import com.sun.xml.ws.security.IssuedTokenContext;
import com.sun.xml.ws.security.trust.GenericToken;
import com.sun.xml.ws.security.trust.impl.client.DefaultSTSIssuedTokenConfiguration;
import java.io.Closeable;
import java.security.GeneralSecurityException;
import viaduct.client.Case;
import viaduct.client.TokenType;

final class Issue implements Case.Call<Server> {
    enum Key { BEARER, SYMMETRIC, PUBLIC }

    enum Delegation { ON_BEHALF_OF, ACT_AS }

    private final Wst version;
    private final Port port;
    private String tokenType = TokenType.SAML2;
    private Key key = Key.BEARER;
    private long bits;
    private Integer lifetimeMilliseconds;
    private boolean signs;
    private String user;
    private Delegation delegation;
    private String password;
    private String appliesTo;
    private DefaultSTSIssuedTokenConfiguration configuration;
    private Step step = (issue, issued, server) -> issued.check(server);

    /** What is done with the token; it returns the end of a line. */
    interface Step {
        String run(Issue issue, IssuedToken issued, Server server) throws Exception;
    }

    Issue(Wst version, Port port) {
        this.version = version;
        this.port = port;
    }

    Issue tokenType(String type) {
        tokenType = type;
        return this;
    }

    /** 0 bits: the request says no size. */
    Issue key(Key wanted, long size) {
        key = wanted;
        bits = size;
        return this;
    }

    Issue lifetime(int milliseconds) {
        lifetimeMilliseconds = milliseconds;
        return this;
    }

    /** With the key of the client's certificate, as the policy wants, and without a user name. */
    Issue signed() {
        signs = true;
        return this;
    }

    /** Asked for by another user, with the same password. */
    Issue user(String name) {
        user = name;
        return this;
    }

    /** For the colleague, of whom a token is got first. */
    Issue delegated(Delegation kind) {
        delegation = kind;
        return this;
    }

    Issue wrongPassword() {
        password = "wrong";
        return this;
    }

    Issue appliesTo(String address) {
        appliesTo = address;
        return this;
    }

    Issue then(Step next) {
        step = next;
        return this;
    }

    @Override
    public String run(Server server) throws Exception {
        return step.run(this, issue(server), server);
    }

    private IssuedToken issue(Server server) throws Exception {
        configuration = configuration(server);
        configuration.setTokenType(tokenType);
        configuration.setKeyType(version.keyType(key));
        configuration.setKeySize(bits);
        if (lifetimeMilliseconds != null) {
            configuration.getOtherOptions().put(STSIssuedTokenConfiguration.LIFE_TIME, lifetimeMilliseconds);
        }
        if (delegation != null) {
            delegate(server);
        }
        var target = appliesTo == null ? server.arguments().appliesTo() : appliesTo;
        var context = IssuedTokenManager.getInstance().createIssuedTokenContext(configuration, target);
        var askedAt = System.currentTimeMillis();
        IssuedTokenManager.getInstance().getIssuedToken(context);
        server.keepOpened(port, configuration);
        return new IssuedToken(context, tokenType, key, target, askedAt);
    }

    private void delegate(Server server) throws Exception {
        var theirs = new Issue(version, port).user(server.arguments().colleague()).issue(server);
        var token = new GenericToken(theirs.assertion());
        if (delegation == Delegation.ON_BEHALF_OF) {
            configuration.setOBOToken(token);
        } else {
            configuration.getOtherOptions().put(STSIssuedTokenConfiguration.ACT_AS, token);
        }
    }

    /** What Metro finds of the token: the word of the status. */
    String validate(IssuedToken issued, Server server) throws Exception {
        var context = IssuedTokenManager.getInstance().createIssuedTokenContext(configuration(server), null);
        context.setTarget(new GenericToken(issued.assertion()));
        IssuedTokenManager.getInstance().validateIssuedToken(context);
        var status = (Status) context.getOtherProperties().get(IssuedTokenContext.STATUS);
        return "status=" + status.getCode().replaceFirst(".*/", "");
    }

    /** Ends what Metro holds open, which is where it cancels a security context. */
    String close(Server server) throws Exception {
        ((Closeable) configuration.getOtherOptions().get(server.address(port))).close();
        return "closed";
    }

    private DefaultSTSIssuedTokenConfiguration configuration(Server server) throws GeneralSecurityException {
        var made = server.configuration(version, port);
        if (signs) {
            server.giveKey(made.getOtherOptions());
        } else {
            var arguments = server.arguments();
            Server.nameUser(made.getOtherOptions(), user == null ? arguments.user() : user,
                password == null ? arguments.password() : password);
        }
        return made;
    }
}
