// What came back, checked as a relying party on WSS4J and OpenSAML would.
package viaduct.interop;

import static viaduct.client.Check.require;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.cxf.ws.security.tokenstore.SecurityToken;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.common.saml.SamlAssertionWrapper;
import org.apache.wss4j.dom.WSDocInfo;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.saml.WSSSAMLKeyInfoProcessor;
import org.apache.wss4j.dom.validate.Credential;
import org.apache.wss4j.dom.validate.SamlAssertionValidator;
import viaduct.client.KeyFile;
import viaduct.client.TokenType;
import viaduct.wss4j.WssCrypto;

record IssuedToken(SecurityToken token, String wantedType, Proof proof) {

    /** @return who the token is about and for whom it is, as the end of a line */
    String check(Server server) throws Exception {
        checkAnswer();
        var assertion = new SamlAssertionWrapper(token.getToken());
        require(TokenType.isSaml2(token.getTokenType()) == (assertion.getSaml2() != null), "TokenType does not name what was issued");
        validate(assertion, server);
        var audiences = audiences(assertion);
        require(audiences.equals(List.of(server.appliesTo())), "audience is " + audiences);
        return "subject=" + assertion.getSubjectName() + " audience=" + String.join(",", audiences)
            + ActorChain.of(assertion);
    }

    private void checkAnswer() {
        require(token.getToken() != null, "no RequestedSecurityToken");
        require(token.getTokenType() != null, "no TokenType");
        require(wantedType == null || wantedType.equals(token.getTokenType()),
            "TokenType is " + token.getTokenType());
        require(token.getAttachedReference() != null, "no RequestedAttachedReference");
        require(token.getUnattachedReference() != null, "no RequestedUnattachedReference");
        require(token.getExpires() != null && token.getExpires().isAfter(Instant.now()), "no Lifetime ahead");
    }

    /** The steps of WSS4J for a received assertion: signature, then trust, times, audience and confirmation. */
    private void validate(SamlAssertionWrapper assertion, Server server) throws Exception {
        require(assertion.isSigned(), "the assertion is not signed");
        var data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setWsDocInfo(new WSDocInfo(token.getToken().getOwnerDocument()));
        data.setSigVerCrypto(server.samlTrust());
        if (proof == Proof.SYMMETRIC_KEY) {
            data.setDecCrypto(WssCrypto.of(server.relyingPartyKey()));
            data.setCallbackHandler(callbacks -> ((WSPasswordCallback) callbacks[0]).setPassword(KeyFile.PASSWORD));
        }
        data.setAudienceRestrictions(List.of(server.appliesTo()));
        var keys = new WSSSAMLKeyInfoProcessor(data);
        assertion.verifySignature(keys, server.samlTrust());
        assertion.parseSubject(keys, server.samlTrust());
        var algorithm = assertion.getSignature().getSignatureAlgorithm();
        require(!algorithm.endsWith("sha1"), "signed with " + algorithm);

        var credential = new Credential();
        credential.setSamlAssertion(assertion);
        var validator = new SamlAssertionValidator();
        validator.setRequiredSubjectConfirmationMethod(proof.confirmationMethod(TokenType.isSaml2(token.getTokenType())));
        validator.validate(credential, data);
        proof.check(token, assertion, server);
    }

    private static List<String> audiences(SamlAssertionWrapper assertion) {
        var found = new ArrayList<String>();
        if (assertion.getSaml2() != null) {
            for (var restriction : assertion.getSaml2().getConditions().getAudienceRestrictions()) {
                restriction.getAudiences().forEach(one -> found.add(one.getURI()));
            }
        } else {
            for (var restriction : assertion.getSaml1().getConditions().getAudienceRestrictionConditions()) {
                restriction.getAudiences().forEach(one -> found.add(one.getURI()));
            }
        }
        return found;
    }
}
