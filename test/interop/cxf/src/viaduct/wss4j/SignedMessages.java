// Messages that WSS4J signs, one for each way to name the certificate, with and without STR-Transform; written to a folder.
package viaduct.wss4j;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.util.XMLUtils;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import viaduct.client.KeyFile;

final class SignedMessages {
    private static final Map<String, Integer> FORMS = forms();

    private SignedMessages() {
    }

    private static Map<String, Integer> forms() {
        var forms = new LinkedHashMap<String, Integer>();
        forms.put("direct", WSConstants.BST_DIRECT_REFERENCE);
        forms.put("pki-path", WSConstants.BST_DIRECT_REFERENCE);
        forms.put("issuer-serial", WSConstants.ISSUER_SERIAL);
        forms.put("subject-key-identifier", WSConstants.SKI_KEY_IDENTIFIER);
        forms.put("thumbprint", WSConstants.THUMBPRINT_IDENTIFIER);
        forms.put("key-identifier", WSConstants.X509_KEY_IDENTIFIER);
        forms.put("key-value", WSConstants.KEY_VALUE);
        return forms;
    }

    /** Arguments: certificate, key, file with the message to sign, folder for what is signed. */
    public static void main(String[] words) throws Exception {
        WSSConfig.init();
        try (var input = new FileInputStream(words[0])) {
            var certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(input);
            var key = KeyFile.read(certificate, Path.of(words[1]));
            for (var form : FORMS.keySet()) {
                write(form, sign(words[2], key, form, false), words[3]);
                if (!form.equals("key-value")) {
                    write(form + "-transformed", sign(words[2], key, form, true), words[3]);
                }
            }
        }
    }

    private static String sign(String file, KeyFile key, String form, boolean signsToken) throws Exception {
        try (var input = new FileInputStream(file)) {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            var document = factory.newDocumentBuilder().parse(input);
            var header = new WSSecHeader(document);
            header.insertSecurityHeader();
            var timestamp = new WSSecTimestamp(header);
            timestamp.setTimeToLive(300);
            timestamp.build();
            var signature = new WSSecSignature(header);
            signature.setUserInfo(KeyFile.ALIAS, KeyFile.PASSWORD);
            signature.setKeyIdentifierType(FORMS.get(form));
            signature.setUseSingleCertificate(!form.equals("pki-path"));
            signature.setSignatureAlgorithm(WSConstants.RSA_SHA256);
            signature.setDigestAlgo(WSConstants.SHA256);
            signature.getParts().add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, ""));
            signature.getParts().add(new WSEncryptionPart("Body", document.getDocumentElement().getNamespaceURI(), ""));
            if (signsToken) {
                signature.getParts().add(new WSEncryptionPart("STRTransform", "", "Content"));
            }
            signature.build(WssCrypto.of(key));
            var output = new ByteArrayOutputStream();
            XMLUtils.elementToStream(document.getDocumentElement(), output);
            return output.toString(StandardCharsets.UTF_8);
        }
    }

    private static void write(String name, String message, String folder) throws Exception {
        Files.writeString(Path.of(folder, name + ".xml"), message);
    }
}
