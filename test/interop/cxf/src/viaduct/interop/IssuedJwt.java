// A JWT that came back, checked as a relying party on Nimbus JOSE would.
package viaduct.interop;

import static viaduct.client.Check.require;

import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.crypto.RSADecrypter;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.util.X509CertUtils;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.cxf.ws.security.tokenstore.SecurityToken;

record IssuedJwt(SecurityToken token, Proof proof) {
    private static final String VALUE_TYPE = "urn:ietf:params:oauth:token-type:jwt";

    /** @return who the token is about and for whom it is, as the end of a line */
    String check(Server server) throws Exception {
        require(VALUE_TYPE.equals(token.getTokenType()), "TokenType is " + token.getTokenType());
        require(token.getAttachedReference() != null, "no RequestedAttachedReference");
        var element = token.getToken();
        require(VALUE_TYPE.equals(element.getAttribute("ValueType")), "not the carrier of a JWT");
        var text = new String(Base64.getDecoder().decode(element.getTextContent()), StandardCharsets.US_ASCII);
        var jwt = SignedJWT.parse(text);
        verify(jwt, server);
        var claims = jwt.getJWTClaimsSet();
        require(claims.getExpirationTime().toInstant().isAfter(Instant.now()), "it is over");
        checkKey(claims.getJSONObjectClaim("cnf"), server);
        require(claims.getAudience().equals(List.of(server.audience())), "audience is " + claims.getAudience());
        return "subject=" + claims.getSubject() + " audience=" + server.appliesTo() + ActorChain.of(claims.getJSONObjectClaim("act"));
    }

    private static void verify(SignedJWT jwt, Server server) throws Exception {
        var key = server.jwtKeys().getKeyByKeyId(jwt.getHeader().getKeyID());
        require(key instanceof AsymmetricJWK, "no public key of this id");
        var verifier = new DefaultJWSVerifierFactory()
            .createJWSVerifier(jwt.getHeader(), ((AsymmetricJWK) key).toPublicKey());
        require(jwt.verify(verifier), "the signature does not verify");
    }

    private void checkKey(Map<String, Object> confirmation, Server server) throws Exception {
        if (proof == Proof.BEARER) {
            require(confirmation == null, "a key nobody asked for");
            return;
        }
        if (proof == Proof.PUBLIC_KEY) {
            var wanted = X509CertUtils.computeSHA256Thumbprint(server.clientKey().certificate()).toString();
            require(Map.of("x5t#S256", wanted).equals(confirmation), "bound to another key");
            return;
        }
        var encrypted = JWEObject.parse((String) confirmation.get("jwe"));
        encrypted.decrypt(new RSADecrypter(server.relyingPartyKey().key()));
        var secret = OctetSequenceKey.parse(encrypted.getPayload().toString()).toByteArray();
        require(Arrays.equals(token.getSecret(), secret), "the token has another key than the client");
    }
}
