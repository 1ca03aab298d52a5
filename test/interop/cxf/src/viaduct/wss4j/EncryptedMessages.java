// WSS4J on both ends of message security: it signs and encrypts a request, and decrypts and verifies the answer.
package viaduct.wss4j;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import javax.security.auth.callback.Callback;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.common.util.KeyUtils;
import org.apache.wss4j.common.util.XMLUtils;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.WSDataRef;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.message.WSSecEncrypt;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.apache.wss4j.dom.message.token.SignatureConfirmation;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import viaduct.client.KeyFile;

final class EncryptedMessages {
    static final String THEIRS = "theirs";

    private EncryptedMessages() {
    }

    /**
     * Arguments: request, certificate, key, certificate of the service to encrypt to, file with the message, file for what comes of it;
     * or: answer, certificate, key, certificate of the service that signs, file with the answer.
     */
    public static void main(String[] words) throws Exception {
        WSSConfig.init();
        var certificate = certificate(words[1]);
        var own = KeyFile.read(certificate, Path.of(words[2]));
        var theirs = theirs(certificate(words[3]));
        var document = document(words[4]);
        if (words[0].equals("request")) {
            Files.writeString(Path.of(words[5]), protect(document, own, theirs));
        } else {
            open(document, own, theirs);
        }
    }

    private static String protect(Document document, KeyFile own, Crypto theirs) throws Exception {
        var soap = document.getDocumentElement().getNamespaceURI();
        var header = new WSSecHeader(document);
        header.insertSecurityHeader();
        var timestamp = new WSSecTimestamp(header);
        timestamp.setTimeToLive(300);
        timestamp.build();
        var signature = new WSSecSignature(header);
        signature.setUserInfo(KeyFile.ALIAS, KeyFile.PASSWORD);
        signature.setKeyIdentifierType(WSConstants.BST_DIRECT_REFERENCE);
        signature.setSignatureAlgorithm(WSConstants.RSA_SHA256);
        signature.setDigestAlgo(WSConstants.SHA256);
        signature.getParts().add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, ""));
        signature.getParts().add(new WSEncryptionPart("Action", "http://www.w3.org/2005/08/addressing", ""));
        signature.getParts().add(new WSEncryptionPart("Body", soap, ""));
        signature.getParts().add(new WSEncryptionPart("STRTransform", "", "Content"));
        signature.build(WssCrypto.of(own));
        System.out.println("signature " + value(signature.getSignatureValue()));
        var encryption = new WSSecEncrypt(header);
        encryption.setUserInfo(THEIRS);
        encryption.setKeyIdentifierType(WSConstants.THUMBPRINT_IDENTIFIER);
        encryption.setSymmetricEncAlgorithm(WSConstants.AES_256_GCM);
        encryption.setKeyEncAlgo(WSConstants.KEYTRANSPORT_RSAOAEP);
        encryption.getParts().add(new WSEncryptionPart("Signature", WSConstants.SIG_NS, "Element"));
        encryption.getParts().add(new WSEncryptionPart("Body", soap, "Content"));
        encryption.build(theirs, KeyUtils.getKeyGenerator(WSConstants.AES_256_GCM).generateKey());
        var output = new ByteArrayOutputStream();
        XMLUtils.elementToStream(document.getDocumentElement(), output);
        return output.toString(StandardCharsets.UTF_8);
    }

    private static void open(Document document, KeyFile own, Crypto theirs) throws Exception {
        var data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setDecCrypto(WssCrypto.of(own));
        data.setSigVerCrypto(theirs);
        data.setCallbackHandler(callbacks -> {
            for (Callback callback : callbacks) {
                if (callback instanceof WSPasswordCallback password) {
                    password.setPassword(KeyFile.PASSWORD);
                }
            }
        });
        var results = new WSSecurityEngine().processSecurityHeader(document, data);
        for (WSSecurityEngineResult result : results.getResults()) {
            print(result);
        }
        var body = (Element) document.getElementsByTagNameNS(document.getDocumentElement().getNamespaceURI(), "Body").item(0);
        System.out.println("payload " + body.getFirstChild().getLocalName());
    }

    static void print(WSSecurityEngineResult result) {
        int action = (Integer) result.get(WSSecurityEngineResult.TAG_ACTION);
        if (action == WSConstants.SIGN) {
            printParts("signed", result);
            var signer = (X509Certificate) result.get(WSSecurityEngineResult.TAG_X509_CERTIFICATE);
            System.out.println("by " + (signer == null ? "a secret" : signer.getSubjectX500Principal().getName()));
        } else if (action == WSConstants.ENCR) {
            printParts("encrypted", result);
        } else if (action == WSConstants.SC) {
            var confirmation = (SignatureConfirmation) result.get(WSSecurityEngineResult.TAG_SIGNATURE_CONFIRMATION);
            System.out.println("confirmed " + value(confirmation.getSignatureValue()));
        }
    }

    private static void printParts(String how, WSSecurityEngineResult result) {
        @SuppressWarnings("unchecked")
        var parts = (List<WSDataRef>) result.get(WSSecurityEngineResult.TAG_DATA_REF_URIS);
        for (var part : parts == null ? List.<WSDataRef>of() : parts) {
            QName name = part.getName();
            System.out.println(how + " " + name.getLocalPart());
        }
    }

    static String value(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    static X509Certificate certificate(String file) throws Exception {
        try (var input = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(input);
        }
    }

    static Document document(String file) throws Exception {
        try (var input = new FileInputStream(file)) {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            return factory.newDocumentBuilder().parse(input);
        }
    }

    static Crypto theirs(X509Certificate certificate) throws Exception {
        var store = KeyFile.emptyStore();
        store.setCertificateEntry(THEIRS, certificate);
        return WssCrypto.of(store);
    }
}
