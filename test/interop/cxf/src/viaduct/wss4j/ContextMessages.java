// Messages that WSS4J signs with the secret of a security context, or with a key derived of it; written to a folder: SECRET IDENTIFIER MESSAGE
// FOLDER.
package viaduct.wss4j;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.derivedKey.ConversationConstants;
import org.apache.wss4j.common.util.XMLUtils;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.message.WSSecDKSign;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSecurityContextToken;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.w3c.dom.Document;

final class ContextMessages {
    private final byte[] secret;
    private final String identifier;
    private final Document document;
    private final WSSecHeader header;

    private ContextMessages(byte[] secret, String identifier, String file) throws Exception {
        this.secret = secret;
        this.identifier = identifier;
        try (var input = new FileInputStream(file)) {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            document = factory.newDocumentBuilder().parse(input);
        }
        header = new WSSecHeader(document);
        header.insertSecurityHeader();
        var timestamp = new WSSecTimestamp(header);
        timestamp.setTimeToLive(300);
        timestamp.build();
    }

    /** Arguments: file with the secret in base64, Identifier, file with the message to sign, folder for what is signed. */
    public static void main(String[] words) throws Exception {
        WSSConfig.init();
        var secret = Base64.getDecoder().decode(Files.readString(Path.of(words[0])).trim());
        for (var form : List.of("secret", "derived", "derived-2005", "derived-short", "derived-sha1")) {
            var message = new ContextMessages(secret, words[1], words[2]);
            Files.writeString(Path.of(words[3], form + ".xml"), message.sign(form));
        }
    }

    private String sign(String form) throws Exception {
        var version = form.endsWith("2005") ? ConversationConstants.VERSION_05_02 : ConversationConstants.VERSION_05_12;
        var context = new WSSecSecurityContextToken(header, null);
        context.setWscVersion(version);
        context.setIdentifier(identifier);
        context.prepare(null);
        var type = form.endsWith("2005") ? WSConstants.WSC_SCT : WSConstants.WSC_SCT_05_12;
        if (form.equals("secret")) {
            signWithSecret(context.getSctId(), type);
        } else {
            signWithDerivedKey(context.getSctId(), type, version, form);
        }
        context.prependSCTElementToHeader();
        var output = new ByteArrayOutputStream();
        XMLUtils.elementToStream(document.getDocumentElement(), output);
        return output.toString(StandardCharsets.UTF_8);
    }

    private void signWithSecret(String id, String type) throws Exception {
        var signature = new WSSecSignature(header);
        signature.setKeyIdentifierType(WSConstants.CUSTOM_SYMM_SIGNING);
        signature.setCustomTokenId(id);
        signature.setCustomTokenValueType(type);
        signature.setSecretKey(secret);
        signature.setSignatureAlgorithm(WSConstants.HMAC_SHA256);
        signature.setDigestAlgo(WSConstants.SHA256);
        signature.getParts().addAll(parts());
        signature.build(null);
    }

    private void signWithDerivedKey(String id, String type, int version, String form) throws Exception {
        var signature = new WSSecDKSign(header);
        signature.setWscVersion(version);
        signature.setTokenIdentifier(id);
        signature.setCustomValueType(type);
        var isSha1 = form.endsWith("sha1");
        signature.setSignatureAlgorithm(isSha1 ? WSConstants.HMAC_SHA1 : WSConstants.HMAC_SHA256);
        signature.setDigestAlgorithm(isSha1 ? WSConstants.SHA1 : WSConstants.SHA256);
        if (form.endsWith("short")) {
            signature.setDerivedKeyLength(24);
        }
        signature.getParts().addAll(parts());
        signature.build(secret);
    }

    private List<WSEncryptionPart> parts() {
        return List.of(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, ""),
            new WSEncryptionPart("Body", document.getDocumentElement().getNamespaceURI(), ""));
    }
}
