// A request to issue as an Axis2 estate makes it: Rampart's STSClient under the policy of our WSDL.
package viaduct.rampart;

import org.apache.axiom.soap.SOAP11Constants;
import org.apache.axiom.soap.SOAP12Constants;
import org.apache.axis2.addressing.AddressingConstants;
import org.apache.axis2.client.Options;
import org.apache.neethi.Policy;
import org.apache.rahas.client.STSClient;
import org.apache.rampart.policy.model.RampartConfig;
import viaduct.client.Case;
import viaduct.client.TokenType;

final class Issue implements Case.Call<Server> {
    enum Key { BEARER, SYMMETRIC, PUBLIC }

    private final Wst version;
    private final String soap;
    private final Port port;
    private Port sentTo;
    private String tokenType = TokenType.SAML2;
    private Key key = Key.BEARER;
    private String keySize;
    private String claim;
    private boolean sendsTemplate = true;
    private boolean sendsEntropy = true;
    private boolean usesNewAddressing;
    private boolean signs;
    private String suite = "Basic256Sha256";
    private String wrongPassword;
    private String appliesTo;
    private Step step = (issue, issued, server) -> issued.check(server);

    /** What is done with the token; it returns the end of a line. */
    interface Step {
        String run(Issue issue, IssuedToken issued, Server server) throws Exception;
    }

    Issue(Wst version, String soap, Port port) {
        this.version = version;
        this.soap = soap;
        this.port = port;
        sentTo = port;
    }

    /** Sent to the address of another port than the one whose policy is followed. */
    Issue to(Port address) {
        sentTo = address;
        return this;
    }

    Issue tokenType(String type) {
        tokenType = type;
        return this;
    }

    /** STSClient's own request: neither TokenType nor KeyType. */
    Issue withoutTemplate() {
        sendsTemplate = false;
        tokenType = TokenType.SAML11;
        return this;
    }

    Issue claim(String uri) {
        claim = uri;
        return this;
    }

    Issue symmetricKey(String bits) {
        key = Key.SYMMETRIC;
        keySize = bits;
        return this;
    }

    /** All of the key is the server's. */
    Issue withoutEntropy() {
        sendsEntropy = false;
        return this;
    }

    Issue publicKey() {
        key = Key.PUBLIC;
        return this;
    }

    /** WS-Addressing 1.0; STSClient's own is the submission of 2004. */
    Issue newAddressing() {
        usesNewAddressing = true;
        return this;
    }

    /** With the key of the client's certificate, as the policy wants. */
    Issue signed() {
        signs = true;
        return this;
    }

    Issue suite(String name) {
        suite = name;
        return this;
    }

    Issue wrongPassword() {
        wrongPassword = "wrong";
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
        var client = client(server, "Issue");
        if (sendsTemplate) {
            client.setRstTemplate(version.template(tokenType, keyType(), keySize, claim));
        }
        var service = key == Key.SYMMETRIC && sendsEntropy ? ServicePolicy.withClientEntropy(version) : null;
        var target = appliesTo == null ? server.arguments().appliesTo() : appliesTo;
        var token = client.requestSecurityToken(service, address(server), policy(server), target);
        return step.run(this, new IssuedToken(token, tokenType, key, target), server);
    }

    /** A client for an operation, with the user name and the version of this request. */
    STSClient client(Server server, String operation) throws Exception {
        var client = new STSClient(server.axis());
        client.setVersion(version.number());
        client.setSoapVersion(soap.equals("1.2")
            ? SOAP12Constants.SOAP_ENVELOPE_NAMESPACE_URI : SOAP11Constants.SOAP_ENVELOPE_NAMESPACE_URI);
        client.setAction(version.action(operation));
        if (usesNewAddressing) {
            client.setAddressingNs(AddressingConstants.Final.WSA_NAMESPACE);
        }
        client.setOptions(options(server));
        return client;
    }

    Options options(Server server) {
        var options = new Options();
        options.setUserName(server.arguments().user());
        options.setPassword(wrongPassword == null ? server.arguments().password() : wrongPassword);
        return options;
    }

    String address(Server server) throws Exception {
        return server.addressOf(sentTo);
    }

    /** As published, with what Rampart must know besides. */
    Policy policy(Server server) throws Exception {
        var published = server.policyOf(port).replace("Basic256Sha256", suite);
        var policy = Server.parsePolicy(published);
        policy.addAssertion(signs ? SigningConfig.of(server.arguments()) : new RampartConfig());
        return policy;
    }

    private String keyType() {
        return switch (key) {
            case BEARER -> version.bearer();
            case SYMMETRIC -> version.keyType("SymmetricKey");
            case PUBLIC -> version.keyType("PublicKey");
        };
    }
}
