// A certificate with its private key, read from PEM files: the client's own, or that of the relying party.
package viaduct.client;

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

public record KeyFile(X509Certificate certificate, PrivateKey key) {
    /** The entry of a key store that has one key, and the password of that key store, which lives no longer than this run. */
    public static final String ALIAS = "mine";
    public static final String PASSWORD = "unused";

    /** @param path of a PKCS #8 key in PEM, not encrypted */
    public static KeyFile read(X509Certificate certificate, Path path) {
        try {
            var bytes = Base64.getMimeDecoder().decode(Files.readString(path).replaceAll("-----[A-Z ]+-----", ""));
            var factory = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm());
            return new KeyFile(certificate, factory.generatePrivate(new PKCS8EncodedKeySpec(bytes)));
        } catch (IOException | GeneralSecurityException problem) {
            throw new IllegalArgumentException(path + ": " + problem.getMessage(), problem);
        }
    }

    public KeyStore store() throws GeneralSecurityException {
        var store = emptyStore();
        store.setKeyEntry(ALIAS, key, PASSWORD.toCharArray(), new X509Certificate[] {certificate});
        return store;
    }

    public static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
    }
}
