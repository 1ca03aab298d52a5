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

final class Issue implements Case.Call {
    enum Key { BEARER, SYMMETRIC, PUBLIC }

    private final Wst version;
    private final Port port;
    private String tokenType = Wst.SAML2;
    private Key key = Key.BEARER;
    private long bits;
    private Integer lifetimeMilliseconds;
    private boolean signs;
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
        configuration = configuration(server);
        configuration.setTokenType(tokenType);
        configuration.setKeyType(version.keyType(key));
        configuration.setKeySize(bits);
        if (lifetimeMilliseconds != null) {
            configuration.getOtherOptions().put(STSIssuedTokenConfiguration.LIFE_TIME, lifetimeMilliseconds);
        }
        var target = appliesTo == null ? server.arguments().appliesTo() : appliesTo;
        var context = IssuedTokenManager.getInstance().createIssuedTokenContext(configuration, target);
        IssuedTokenManager.getInstance().getIssuedToken(context);
        server.keepOpened(port, configuration);
        return step.run(this, new IssuedToken(context, tokenType, key, target), server);
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
            server.nameUser(made.getOtherOptions(), password == null ? server.arguments().password() : password);
        }
        return made;
    }
}
