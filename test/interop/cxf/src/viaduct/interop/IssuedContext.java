// A security context that came back, checked as a client of it would: its name, its secret, the references to it.
package viaduct.interop;

import static viaduct.client.Check.require;

import java.net.URI;
import java.time.Instant;
import org.apache.cxf.ws.security.tokenstore.SecurityToken;
import org.apache.wss4j.common.derivedKey.ConversationConstants;
import org.apache.wss4j.dom.message.token.SecurityContextToken;

record IssuedContext(SecurityToken token, int keySize) {

    /** @return what was found, as the end of a line */
    String check() throws Exception {
        require(Wst.CONTEXT.equals(token.getTokenType()), "TokenType is " + token.getTokenType());
        require(token.getSecret() != null && token.getSecret().length * Byte.SIZE == keySize, "no secret");
        require(token.getAttachedReference() != null, "no RequestedAttachedReference");
        require(token.getUnattachedReference() != null, "no RequestedUnattachedReference");
        require(token.getExpires() != null && token.getExpires().isAfter(Instant.now()), "no Lifetime ahead");
        var element = token.getToken();
        require(ConversationConstants.WSC_NS_05_12.equals(element.getNamespaceURI()), "another namespace");
        var identifier = new SecurityContextToken(element).getIdentifier();
        require(URI.create(identifier).isAbsolute(), "Identifier " + identifier);
        return "context=issued";
    }
}
