// What came back, checked as a relying party on WSS4J 1.6 and OpenSAML 2 would: those that Rampart brings.
package viaduct.rampart;

import static viaduct.client.Check.require;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.apache.axiom.om.OMElement;
import org.apache.axiom.om.util.AXIOMUtil;
import org.apache.axis2.util.XMLUtils;
import org.apache.rahas.Token;
import org.apache.ws.security.WSDocInfo;
import org.apache.ws.security.WSPasswordCallback;
import org.apache.ws.security.WSSConfig;
import org.apache.ws.security.WSSecurityException;
import org.apache.ws.security.components.crypto.Merlin;
import org.apache.ws.security.handler.RequestData;
import org.apache.ws.security.saml.ext.AssertionWrapper;
import org.apache.ws.security.saml.ext.builder.SAML1Constants;
import org.apache.ws.security.saml.ext.builder.SAML2Constants;
import org.apache.ws.security.validate.Credential;
import org.apache.ws.security.validate.SamlAssertionValidator;
import org.w3c.dom.Element;
import viaduct.client.Arguments;
import viaduct.client.KeyFile;
import viaduct.client.TokenType;

record IssuedToken(Token token, String wantedType, Issue.Key key, String appliesTo) {

    /** @return who the token is about and for whom it is, as the end of a line */
    String check(Server server) throws Exception {
        require(token.getAttachedReference() != null, "no RequestedAttachedReference");
        require(token.getUnattachedReference() != null, "no RequestedUnattachedReference");
        var assertion = new AssertionWrapper(assertion(server));
        require(token.getId().equals(assertion.getId()), "the reference names another token");
        return checkAssertion(server);
    }

    /** Without the references: STSClient reads none of a renewed token. */
    String checkAssertion(Server server) throws Exception {
        require(token.getExpires() != null && token.getExpires().after(new Date()), "no Lifetime ahead");
        var assertion = new AssertionWrapper(assertion(server));
        require(isSaml2() == (assertion.getSaml2() != null), "another type than was asked for");
        validate(assertion, server.arguments().trusted("saml-cert"), server.arguments());
        checkKey(assertion);
        var audiences = audiences(assertion);
        require(audiences.equals(List.of(appliesTo)), "audience is " + audiences);
        return "subject=" + subject(assertion) + " audience=" + String.join(",", audiences);
    }

    private Element assertion(Server server) throws Exception {
        var element = XMLUtils.toDOM(token.getToken());
        return element.getLocalName().equals("Assertion")
            ? element : Opened.assertionIn(element, holding(server.arguments().keyOf("rp").store()));
    }

    /** The relying party alone reads it. */
    String checkEncrypted(Server server) throws Exception {
        require(!token.getToken().getLocalName().equals("Assertion"), "the token is not encrypted");
        return check(server);
    }

    /** What is in the token of a claim, besides. */
    String checkClaim(Server server, String uri) throws Exception {
        var facts = check(server);
        var assertion = new AssertionWrapper(assertion(server));
        var values = new ArrayList<String>();
        if (assertion.getSaml2() != null) {
            assertion.getSaml2().getAttributeStatements().forEach(statement -> statement.getAttributes().stream()
                .filter(one -> uri.equals(one.getName()))
                .forEach(one -> one.getAttributeValues().forEach(value -> values.add(value.getDOM().getTextContent()))));
        } else {
            assertion.getSaml1().getAttributeStatements().forEach(statement -> statement.getAttributes().stream()
                .filter(one -> uri.equals(one.getAttributeNamespace() + "/" + one.getAttributeName()))
                .forEach(one -> one.getAttributeValues().forEach(value -> values.add(value.getDOM().getTextContent()))));
        }
        return facts + " claim=" + String.join(",", values);
    }

    /** Whether the checks are checks: they refuse another name in the token, and a signer that is not the one trusted. */
    String checkChecks(Server server) throws Exception {
        var arguments = server.arguments();
        var text = token.getToken().toString();
        var changed = AXIOMUtil.stringToOM(text.replace(">" + arguments.user() + "<", ">eve<"));
        require(!text.equals(changed.toString()), "nothing was changed");
        require(isRefused(changed, arguments.trusted("saml-cert"), arguments), "a changed token is taken");
        require(isRefused(token.getToken(), arguments.trusted("tls-cert"), arguments), "any signer is trusted");
        return check(server);
    }

    private static boolean isRefused(OMElement token, KeyStore trusted, Arguments arguments) throws Exception {
        var assertion = new AssertionWrapper(XMLUtils.toDOM(token));
        try {
            validate(assertion, trusted, arguments);
            return false;
        } catch (WSSecurityException refused) {
            return true;
        }
    }

    private boolean isSaml2() {
        return TokenType.isSaml2(wantedType);
    }

    /** The steps of WSS4J for a received assertion: signature, then times, schema and profile of SAML, and trust. */
    private static void validate(AssertionWrapper assertion, KeyStore trusted, Arguments arguments) throws Exception {
        require(assertion.isSigned(), "the assertion is not signed");
        var algorithm = assertion.getSignature().getSignatureAlgorithm();
        require(!algorithm.endsWith("sha1"), "signed with " + algorithm);
        var data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setSigCrypto(trusting(trusted));
        data.setDecCrypto(holding(arguments.keyOf("rp").store()));
        data.setCallbackHandler(callbacks ->
            ((WSPasswordCallback) callbacks[0]).setPassword(KeyFile.PASSWORD));
        var document = new WSDocInfo(assertion.getElement().getOwnerDocument());
        assertion.verifySignature(data, document);
        assertion.parseHOKSubject(data, document);
        var credential = new Credential();
        credential.setAssertion(assertion);
        new SamlAssertionValidator().validate(credential, data);
    }

    /** The key in the assertion is the one that the client got or has: else it could not use the token. */
    private void checkKey(AssertionWrapper assertion) throws Exception {
        var method = key == Issue.Key.BEARER
            ? (isSaml2() ? SAML2Constants.CONF_BEARER : SAML1Constants.CONF_BEARER)
            : (isSaml2() ? SAML2Constants.CONF_HOLDER_KEY : SAML1Constants.CONF_HOLDER_KEY);
        // SAML 1.1 has one for each statement.
        require(Set.copyOf(assertion.getConfirmationMethods()).equals(Set.of(method)),
            "confirmation is " + assertion.getConfirmationMethods());
        if (key != Issue.Key.SYMMETRIC) {
            require(token.getSecret() == null, "a secret that nobody asked for");
            return;
        }
        require(token.getSecret() != null, "no proof key");
        require(Arrays.equals(token.getSecret(), assertion.getSubjectKeyInfo().getSecret()),
            "the assertion has another key than the client");
    }

    private static String subject(AssertionWrapper assertion) {
        if (assertion.getSaml2() != null) {
            return assertion.getSaml2().getSubject().getNameID().getValue();
        }
        var statement = assertion.getSaml1().getAuthenticationStatements().get(0);
        return statement.getSubject().getNameIdentifier().getNameIdentifier();
    }

    private static List<String> audiences(AssertionWrapper assertion) {
        var found = new ArrayList<String>();
        if (assertion.getSaml2() != null) {
            for (var restriction : assertion.getSaml2().getConditions().getAudienceRestrictions()) {
                restriction.getAudiences().forEach(one -> found.add(one.getAudienceURI()));
            }
        } else {
            for (var restriction : assertion.getSaml1().getConditions().getAudienceRestrictionConditions()) {
                restriction.getAudiences().forEach(one -> found.add(one.getUri()));
            }
        }
        return found;
    }

    private static Merlin trusting(KeyStore store) throws GeneralSecurityException {
        var crypto = new Merlin();
        crypto.setTrustStore(store);
        return crypto;
    }

    private static Merlin holding(KeyStore store) throws GeneralSecurityException {
        var crypto = new Merlin();
        crypto.setKeyStore(store);
        return crypto;
    }
}
