// A certificate with its private key, read from PEM files: the client's own, or that of the relying party.
package viaduct.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.Merlin;

record KeyFile(X509Certificate certificate, PrivateKey key) {
    static final String ALIAS = "mine";
    /** Of a key store that lives in memory only. */
    static final String PASSWORD = "unused";

    /** @param path of a PKCS #8 key in PEM, not encrypted */
    static KeyFile read(X509Certificate certificate, Path path) {
        try {
            var text = Files.readString(path).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
            var factory = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm());
            var key = factory.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
            return new KeyFile(certificate, key);
        } catch (IOException | GeneralSecurityException problem) {
            throw new IllegalArgumentException(path + ": " + problem.getMessage(), problem);
        }
    }

    Crypto crypto() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(ALIAS, key, PASSWORD.toCharArray(), new X509Certificate[] {certificate});
        var merlin = new Merlin();
        merlin.setKeyStore(store);
        return merlin;
    }
}
