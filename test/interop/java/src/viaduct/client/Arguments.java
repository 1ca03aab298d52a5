// The command line of a client: what the server is, who asks, for whom (docs/interop.md).
package viaduct.client;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public record Arguments(Map<String, String> options) {
    /** A relying party that no configuration of ours knows. */
    public static final String NOBODY = "urn:viaduct:interop:nobody";

    public static Arguments parse(String[] words, List<String> required, List<String> optional) {
        var options = new HashMap<String, String>();
        for (int i = 0; i < words.length; i += 2) {
            var name = words[i].replaceFirst("^--", "");
            if (!required.contains(name) && !optional.contains(name)) {
                throw new IllegalArgumentException("unknown option " + words[i]);
            }
            if (i + 1 == words.length) {
                throw new IllegalArgumentException("no value for " + words[i]);
            }
            options.put(name, words[i + 1]);
        }
        for (var name : required) {
            if (!options.containsKey(name)) {
                throw new IllegalArgumentException("--" + name + " is required");
            }
        }
        return new Arguments(Map.copyOf(options));
    }

    public boolean has(String option) {
        return options.containsKey(option);
    }

    /** null where it was not given. */
    public String get(String option) {
        return options.get(option);
    }

    public String get(String option, String otherwise) {
        return options.getOrDefault(option, otherwise);
    }

    /** Scheme, host and port of the server. */
    public String origin() {
        return get("url").replaceFirst("(https://[^/]*).*", "$1");
    }

    /** The names of the cases to run; empty for all. */
    public List<String> cases() {
        return has("cases") ? List.of(get("cases").split(",")) : List.of();
    }

    public String user() {
        return get("user");
    }

    public String password() {
        try {
            return Files.readString(Path.of(get("password-file"))).stripTrailing();
        } catch (IOException problem) {
            throw new IllegalArgumentException("password file: " + problem.getMessage(), problem);
        }
    }

    public String appliesTo() {
        return get("applies-to");
    }

    /** A second user with the same password, for whose tokens the first may ask; null for none. */
    public String colleague() {
        return get("colleague");
    }

    /** The folder for what is sent; null for none. */
    public Path capture() {
        return has("capture") ? Path.of(get("capture")) : null;
    }

    /** The certificates of an option, and nothing else. */
    public KeyStore trusted(String option) throws GeneralSecurityException {
        var store = KeyFile.emptyStore();
        for (var certificate : certificates(option)) {
            store.setCertificateEntry("trusted-" + store.size(), certificate);
        }
        return store;
    }

    /** The key and the certificate of a party: `client`, `rp` or `tls`. */
    public KeyFile keyOf(String party) {
        return KeyFile.read(certificates(party + "-cert").get(0), Path.of(get(party + "-key")));
    }

    public List<X509Certificate> certificates(String option) {
        try (var file = new FileInputStream(get(option))) {
            var found = CertificateFactory.getInstance("X.509").generateCertificates(file);
            if (found.isEmpty()) {
                throw new IllegalArgumentException("--" + option + " has no certificate");
            }
            return found.stream().map(X509Certificate.class::cast).toList();
        } catch (IOException | CertificateException problem) {
            throw new IllegalArgumentException("--" + option + ": " + problem.getMessage(), problem);
        }
    }
}
