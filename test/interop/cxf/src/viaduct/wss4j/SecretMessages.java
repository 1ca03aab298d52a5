// WSS4J on both ends of a message under a secret (symmetric binding): it makes the secret, signs and encrypts a request with it, and
// decrypts and verifies the answer.
package viaduct.wss4j;

import java.nio.charset.StandardCharsets;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.crypto.SecretKey;
import javax.security.auth.callback.Callback;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.derivedKey.ConversationConstants;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.common.util.KeyUtils;
import org.apache.wss4j.common.util.XMLUtils;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.message.WSSecDKEncrypt;
import org.apache.wss4j.dom.message.WSSecDKSign;
import org.apache.wss4j.dom.message.WSSecEncrypt;
import org.apache.wss4j.dom.message.WSSecEncryptedKey;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.apache.wss4j.dom.message.WSSecUsernameToken;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

final class SecretMessages {
    private final Document document;
    private final WSSecHeader header;
    private final SecretKey secret;
    private final WSSecEncryptedKey key;

    private SecretMessages(Document document, String certificate) throws Exception {
        this.document = document;
        header = new WSSecHeader(document);
        header.insertSecurityHeader();
        secret = KeyUtils.getKeyGenerator(WSConstants.AES_256_GCM).generateKey();
        key = new WSSecEncryptedKey(header);
        key.setUserInfo(EncryptedMessages.THEIRS);
        key.setKeyIdentifierType(WSConstants.THUMBPRINT_IDENTIFIER);
        key.setKeyEncAlgo(WSConstants.KEYTRANSPORT_RSAOAEP);
        key.prepare(EncryptedMessages.theirs(EncryptedMessages.certificate(certificate)), secret);
    }

    /**
     * Arguments: request, form (secret, derived or derived-2005), certificate of the service, user, password, file with the message, file for
     * what comes of it; prints signature, secret and name. Or: answer, secret, name, file with the answer.
     */
    public static void main(String[] words) throws Exception {
        WSSConfig.init();
        if (words[0].equals("answer")) {
            open(EncryptedMessages.document(words[3]), Base64.getDecoder().decode(words[1]), words[2]);
            return;
        }
        var message = new SecretMessages(EncryptedMessages.document(words[5]), words[2]);
        Files.writeString(Path.of(words[6]), message.protect(words[1], words[3], words[4]));
        System.out.println("secret " + Base64.getEncoder().encodeToString(message.secret.getEncoded()));
        System.out.println("name " + message.key.getEncryptedKeySHA1());
    }

    private String protect(String form, String user, String password) throws Exception {
        var timestamp = new WSSecTimestamp(header);
        timestamp.setTimeToLive(300);
        timestamp.build();
        var token = new WSSecUsernameToken(header);
        token.setPasswordType(WSConstants.PASSWORD_TEXT);
        token.setUserInfo(user, password);
        token.build();
        if (form.equals("secret")) {
            sign();
            encrypt();
        } else {
            derive(form.endsWith("2005") ? ConversationConstants.VERSION_05_02 : ConversationConstants.VERSION_05_12);
        }
        key.prependToHeader();
        var output = new ByteArrayOutputStream();
        XMLUtils.elementToStream(document.getDocumentElement(), output);
        return output.toString(StandardCharsets.UTF_8);
    }

    private void sign() throws Exception {
        var signature = new WSSecSignature(header);
        signature.setKeyIdentifierType(WSConstants.CUSTOM_SYMM_SIGNING);
        signature.setCustomTokenId(key.getId());
        signature.setCustomTokenValueType(WSConstants.WSS_ENC_KEY_VALUE_TYPE);
        signature.setSecretKey(secret.getEncoded());
        signature.setSignatureAlgorithm(WSConstants.HMAC_SHA256);
        signature.setDigestAlgo(WSConstants.SHA256);
        signature.getParts().addAll(signed());
        signature.build(null);
        System.out.println("signature " + EncryptedMessages.value(signature.getSignatureValue()));
    }

    private void encrypt() throws Exception {
        var encryption = new WSSecEncrypt(header);
        encryption.setEncKeyId(key.getId());
        encryption.setEncryptSymmKey(false);
        encryption.setSymmetricEncAlgorithm(WSConstants.AES_256_GCM);
        encryption.prepare(null, secret);
        encryption.addExternalRefElement(encryption.encryptForRef(null, encrypted(), secret));
    }

    private void derive(int version) throws Exception {
        var signature = new WSSecDKSign(header);
        signature.setWscVersion(version);
        signature.setTokenIdentifier(key.getId());
        signature.setCustomValueType(WSConstants.WSS_ENC_KEY_VALUE_TYPE);
        signature.setSignatureAlgorithm(WSConstants.HMAC_SHA256);
        signature.setDigestAlgorithm(WSConstants.SHA256);
        signature.getParts().addAll(signed());
        signature.build(secret.getEncoded());
        System.out.println("signature " + EncryptedMessages.value(signature.getSignatureValue()));
        var encryption = new WSSecDKEncrypt(header);
        encryption.setWscVersion(version);
        encryption.setTokenIdentifier(key.getId());
        encryption.setCustomValueType(WSConstants.WSS_ENC_KEY_VALUE_TYPE);
        encryption.setSymmetricEncAlgorithm(WSConstants.AES_256_GCM);
        encryption.setDerivedKeyLength(32);
        encryption.getParts().addAll(encrypted());
        encryption.build(secret.getEncoded());
    }

    private List<WSEncryptionPart> signed() {
        return List.of(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, ""),
            new WSEncryptionPart("UsernameToken", WSConstants.WSSE_NS, ""),
            new WSEncryptionPart("Action", "http://www.w3.org/2005/08/addressing", ""),
            new WSEncryptionPart("Body", document.getDocumentElement().getNamespaceURI(), ""));
    }

    private List<WSEncryptionPart> encrypted() {
        return List.of(new WSEncryptionPart("Signature", WSConstants.SIG_NS, "Element"),
            new WSEncryptionPart("UsernameToken", WSConstants.WSSE_NS, "Element"),
            new WSEncryptionPart("Body", document.getDocumentElement().getNamespaceURI(), "Content"));
    }

    private static void open(Document document, byte[] secret, String name) throws Exception {
        var data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setCallbackHandler(callbacks -> {
            for (Callback callback : callbacks) {
                if (callback instanceof WSPasswordCallback wanted && wanted.getIdentifier().equals(name)) {
                    wanted.setKey(secret);
                }
            }
        });
        var results = new WSSecurityEngine().processSecurityHeader(document, data);
        for (var result : results.getResults()) {
            EncryptedMessages.print(result);
        }
        var body = (Element) document.getElementsByTagNameNS(document.getDocumentElement().getNamespaceURI(), "Body").item(0);
        System.out.println("payload " + body.getFirstChild().getLocalName());
    }
}
