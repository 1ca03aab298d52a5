// What came back, checked with what Metro has for its relying parties: signature, times, audience, confirmation and key.
package viaduct.metro;

import static viaduct.client.Check.require;

import com.sun.xml.ws.security.IssuedTokenContext;
import com.sun.xml.ws.security.Token;
import com.sun.xml.ws.security.trust.elements.str.KeyIdentifier;
import com.sun.xml.ws.security.trust.elements.str.SecurityTokenReference;
import com.sun.xml.wss.saml.util.SAMLUtil;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.xml.security.encryption.XMLCipher;
import org.w3c.dom.Element;
import viaduct.client.Arguments;
import viaduct.client.TokenType;

record IssuedToken(IssuedTokenContext context, String wantedType, Issue.Key key, String appliesTo, long askedAt) {
    private static final String XENC = "http://www.w3.org/2001/04/xmlenc#";

    /** @return who the token is about and for whom it is, as the end of a line */
    String check(Server server) throws Exception {
        require(context.getExpirationTime() != null && context.getExpirationTime().after(new Date()), "no Lifetime ahead");
        checkReference(context.getAttachedSecurityTokenReference());
        checkReference(context.getUnAttachedSecurityTokenReference());
        require(isSaml2() == "2.0".equals(assertion().getAttribute("Version")), "another type than was asked for");
        validate(assertion(), server.arguments().trusted("saml-cert"));
        checkKey(server.arguments());
        var audiences = texts("Audience");
        require(audiences.equals(List.of(appliesTo)), "audience is " + audiences);
        return "subject=" + texts(isSaml2() ? "NameID" : "NameIdentifier").get(0) + " audience=" + String.join(",", audiences);
    }

    /** It ends when it was wished to, counted from the request, which may be of an earlier second than the token is. */
    String checkLifetime(long milliseconds, Server server) throws Exception {
        var latest = System.currentTimeMillis() + milliseconds;
        var end = context.getExpirationTime().getTime();
        require(end > askedAt + milliseconds - 1000 && end <= latest, "ends at " + end + ", asked at " + askedAt);
        return check(server);
    }

    /** The token tells of who acts, too. */
    String checkDelegate(Server server) throws Exception {
        var facts = check(server);
        var delegates = assertion().getElementsByTagNameNS("urn:oasis:names:tc:SAML:2.0:conditions:delegation", "Delegate");
        require(delegates.getLength() == 1, delegates.getLength() + " delegates");
        return facts + " delegate=" + delegates.item(0).getTextContent();
    }

    Element assertion() {
        return (Element) context.getSecurityToken().getTokenValue();
    }

    /** Whether the checks are checks: they refuse another name in the token, and a signer that is not the one trusted. */
    String checkChecks(Server server) throws Exception {
        var trusted = server.arguments().trusted("saml-cert");
        validate(assertion(), trusted);
        require(isRefused(changed(server), trusted), "a changed token is taken");
        require(isRefused(assertion(), server.arguments().trusted("tls-cert")), "any signer is trusted");
        return check(server);
    }

    /** The same with somebody else's name in it. */
    IssuedToken withAnotherName(Server server) {
        context.setSecurityToken(new com.sun.xml.ws.security.trust.GenericToken(changed(server)));
        return this;
    }

    private Element changed(Server server) {
        var copy = (Element) assertion().cloneNode(true);
        var names = copy.getElementsByTagNameNS("*", isSaml2() ? "NameID" : "NameIdentifier");
        require(names.item(0).getTextContent().equals(server.arguments().user()), "the name is not that of the user");
        for (int i = 0; i < names.getLength(); i++) {
            names.item(i).setTextContent("eve");
        }
        return copy;
    }

    private static boolean isRefused(Element assertion, KeyStore trusted) {
        try {
            validate(assertion, trusted);
            return false;
        } catch (Exception refused) {
            return true;
        }
    }

    private static void validate(Element assertion, KeyStore trusted) throws Exception {
        var signer = trusted.getCertificate(trusted.aliases().nextElement()).getPublicKey();
        require(SAMLUtil.verifySignature(assertion, signer), "the signature is not good");
        require(SAMLUtil.validateTimeInConditionsStatement(assertion), "not valid now");
    }

    /** Metro hands both references to who writes the message that the token is shown with. */
    private void checkReference(Token reference) {
        require(reference instanceof SecurityTokenReference, "a reference is missing");
        require(((SecurityTokenReference) reference).getReference() instanceof KeyIdentifier name
            && name.getValue().equals(assertion().getAttribute(isSaml2() ? "ID" : "AssertionID")),
            "a reference names another token");
    }

    /** The key in the assertion is the one that the client computed: else it could not use the token. */
    private void checkKey(Arguments arguments) throws Exception {
        var method = "urn:oasis:names:tc:SAML:" + (isSaml2() ? "2" : "1") + ".0:cm:"
            + (key == Issue.Key.BEARER ? "bearer" : "holder-of-key");
        require(methods().equals(Set.of(method)), "confirmation is " + methods());
        if (key != Issue.Key.SYMMETRIC) {
            require(context.getProofKey() == null, "a secret that nobody asked for");
            require(key == Issue.Key.BEARER || held().equals(arguments.keyOf("client").certificate()),
                "the assertion has another key than the client");
            return;
        }
        require(context.getProofKey() != null, "no proof key");
        var party = arguments.keyOf("rp");
        var encrypted = (Element) assertion().getElementsByTagNameNS(XENC, "EncryptedKey").item(0);
        var cipher = XMLCipher.getInstance();
        cipher.init(XMLCipher.UNWRAP_MODE, party.key());
        var held = cipher.decryptKey(cipher.loadEncryptedKey(encrypted), "http://www.w3.org/2000/09/xmldsig#hmac-sha1");
        require(Arrays.equals(context.getProofKey(), held.getEncoded()), "the assertion has another key than the client");
    }

    /** The certificate of who may show the token. */
    private Certificate held() throws GeneralSecurityException {
        var text = elements("SubjectConfirmation").get(0).getElementsByTagNameNS("*", "X509Certificate").item(0).getTextContent();
        var bytes = Base64.getMimeDecoder().decode(text);
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
    }

    private boolean isSaml2() {
        return TokenType.isSaml2(wantedType);
    }

    /** SAML 1.1 has one for each statement, SAML 2.0 says it in an attribute. */
    private Set<String> methods() {
        return isSaml2()
            ? elements("SubjectConfirmation").stream().map(one -> one.getAttribute("Method")).collect(Collectors.toSet())
            : Set.copyOf(texts("ConfirmationMethod"));
    }

    private List<String> texts(String local) {
        return elements(local).stream().map(Element::getTextContent).toList();
    }

    private List<Element> elements(String local) {
        var found = new ArrayList<Element>();
        var nodes = assertion().getElementsByTagNameNS(assertion().getNamespaceURI(), local);
        for (int i = 0; i < nodes.getLength(); i++) {
            found.add((Element) nodes.item(i));
        }
        return found;
    }
}
