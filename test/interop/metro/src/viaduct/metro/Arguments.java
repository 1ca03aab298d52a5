// The command line: what the server is, who asks, for whom. The options are those of the Apache CXF client.
package viaduct.metro;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

record Arguments(Map<String, String> options) {
    /** The entry of a key store that has one key, and the password of that key store, which lives no longer than this run. */
    static final String ALIAS = "mine";
    static final String STORE_PASSWORD = "unused";

    private static final Set<String> REQUIRED = Set.of(
        "url", "tls-cert", "saml-cert", "user", "password-file", "applies-to", "rp-cert", "rp-key", "client-cert", "client-key");
    private static final Set<String> OPTIONAL = Set.of("cases", "verbose", "service", "tls-key", "colleague");

    static Arguments parse(String[] words) {
        var options = new HashMap<String, String>();
        for (int i = 0; i < words.length; i += 2) {
            var name = words[i].replaceFirst("^--", "");
            if (!REQUIRED.contains(name) && !OPTIONAL.contains(name)) {
                throw new IllegalArgumentException("unknown option " + words[i]);
            }
            if (i + 1 == words.length) {
                throw new IllegalArgumentException("no value for " + words[i]);
            }
            options.put(name, words[i + 1]);
        }
        for (var name : REQUIRED) {
            if (!options.containsKey(name)) {
                throw new IllegalArgumentException("--" + name + " is required");
            }
        }
        if (options.containsKey("service") != options.containsKey("tls-key")) {
            throw new IllegalArgumentException("--service and --tls-key go together");
        }
        return new Arguments(Map.copyOf(options));
    }

    /** Scheme, host and port of the server. */
    String origin() {
        return options.get("url").replaceFirst("(https://[^/]*).*", "$1");
    }

    /** The names of the cases to run; empty for all. */
    List<String> cases() {
        return options.containsKey("cases") ? List.of(options.get("cases").split(",")) : List.of();
    }

    String user() {
        return options.get("user");
    }

    String password() {
        try {
            return Files.readString(Path.of(options.get("password-file"))).stripTrailing();
        } catch (IOException problem) {
            throw new IllegalArgumentException("password file: " + problem.getMessage(), problem);
        }
    }

    String appliesTo() {
        return options.get("applies-to");
    }

    /** The address of a relying party that this program is itself; null: it is none. */
    String service() {
        return options.get("service");
    }

    /** A second user with the same password, for whose tokens the first may ask; null for none. */
    String colleague() {
        return options.get("colleague");
    }

    boolean isVerbose() {
        return "true".equals(options.get("verbose"));
    }

    /** The certificates of an option, and nothing else. */
    KeyStore trusted(String option) throws GeneralSecurityException {
        var store = emptyStore();
        for (var certificate : certificates(option)) {
            store.setCertificateEntry("trusted-" + store.size(), certificate);
        }
        return store;
    }

    /** The key and the certificate of a party: `client`, `rp` or `tls`. */
    KeyStore keyOf(String party) throws GeneralSecurityException {
        var certificate = certificates(party + "-cert").get(0);
        try {
            var pem = Files.readString(Path.of(options.get(party + "-key")));
            var bytes = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            var key = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(bytes));
            var store = emptyStore();
            store.setKeyEntry(ALIAS, key, STORE_PASSWORD.toCharArray(), new X509Certificate[] {certificate});
            return store;
        } catch (IOException problem) {
            throw new IllegalArgumentException("--" + party + "-key: " + problem.getMessage(), problem);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private List<X509Certificate> certificates(String option) {
        try (var file = new FileInputStream(options.get(option))) {
            var found = CertificateFactory.getInstance("X.509").generateCertificates(file);
            if (found.isEmpty()) {
                throw new IllegalArgumentException("--" + option + " has no certificate");
            }
            return found.stream().map(X509Certificate.class::cast).toList();
        } catch (IOException | GeneralSecurityException problem) {
            throw new IllegalArgumentException("--" + option + ": " + problem.getMessage(), problem);
        }
    }
}
