// A token that only its relying party can read, read as that party: with the XML Encryption that Rampart brings.
package viaduct.rampart;

import static viaduct.client.Check.require;

import javax.crypto.spec.SecretKeySpec;
import org.apache.rahas.impl.util.CommonUtil;
import org.apache.ws.security.WSPasswordCallback;
import org.apache.ws.security.components.crypto.Crypto;
import org.apache.xml.security.encryption.XMLCipher;
import org.w3c.dom.Element;
import viaduct.client.KeyFile;

final class Opened {
    private static final String XENC = "http://www.w3.org/2001/04/xmlenc#";
    private static final String SAML2 = "urn:oasis:names:tc:SAML:2.0:assertion";

    private Opened() { }

    /** The assertion in an EncryptedAssertion, or in a bare EncryptedData where it is of SAML 1.1. */
    static Element assertionIn(Element token, Crypto party) throws Exception {
        var isSaml2 = SAML2.equals(token.getNamespaceURI()) && "EncryptedAssertion".equals(token.getLocalName());
        var data = isSaml2 ? child(token, "EncryptedData") : token;
        require(XENC.equals(data.getNamespaceURI()), "the token is not encrypted");
        var secret = CommonUtil.getDecryptedBytes(
            callbacks -> ((WSPasswordCallback) callbacks[0]).setPassword(KeyFile.PASSWORD),
            party, child(data, "EncryptedKey"));
        // Of several methods the first one in the document is that of the content.
        var algorithm = child(data, "EncryptionMethod").getAttribute("Algorithm");
        var cipher = XMLCipher.getInstance(algorithm);
        cipher.init(XMLCipher.DECRYPT_MODE, new SecretKeySpec(secret, "AES"));
        // In its place.
        var root = cipher.doFinal(token.getOwnerDocument(), data).getDocumentElement();
        return isSaml2 ? (Element) root.getFirstChild() : root;
    }

    private static Element child(Element parent, String local) {
        return (Element) parent.getElementsByTagNameNS(XENC, local).item(0);
    }
}
