// The command line: what the server is, who asks, for whom.
package viaduct.interop;

import com.nimbusds.jose.jwk.JWKSet;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.text.ParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

record Arguments(Map<String, String> options) {
    private static final Set<String> REQUIRED =
        Set.of("url", "tls-cert", "saml-cert", "user", "password-file", "applies-to");
    private static final Set<String> OPTIONAL = Set.of(
        "wsdl", "ports", "cases", "capture", "verbose", "client-cert", "client-key", "rp-cert", "rp-key",
        "audience", "colleague", "jwks", "sts-cert");

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
        for (var name : List.of("client", "rp")) {
            if (options.containsKey(name + "-key") != options.containsKey(name + "-cert")) {
                throw new IllegalArgumentException("--" + name + "-key and --" + name + "-cert belong together");
            }
        }
        return new Arguments(Map.copyOf(options));
    }

    String url() {
        return options.get("url");
    }

    String wsdl() {
        return options.getOrDefault("wsdl", url() + "?wsdl");
    }

    /** The ports of the WSDL to call; each makes its own cases. */
    List<String> ports() {
        return List.of(options.getOrDefault("ports", "TransportUT_Port").split(","));
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

    /** The folder for what is sent; null for none. */
    Path capture() {
        return options.containsKey("capture") ? Path.of(options.get("capture")) : null;
    }

    boolean isVerbose() {
        return "true".equals(options.get("verbose"));
    }

    List<X509Certificate> tlsCertificates() {
        return certificates("tls-cert");
    }

    List<X509Certificate> samlCertificates() {
        return certificates("saml-cert");
    }

    /** How a JWT names the relying party. */
    String audience() {
        return options.getOrDefault("audience", appliesTo());
    }

    /** A second user with the same password, whose tokens are passed on. */
    String colleague() {
        return options.get("colleague");
    }

    boolean hasColleague() {
        return options.containsKey("colleague");
    }

    /** The keys that JWTs are verified with. */
    JWKSet jwks() {
        try {
            return JWKSet.load(Path.of(options.get("jwks")).toFile());
        } catch (IOException | ParseException problem) {
            throw new IllegalArgumentException("--jwks: " + problem.getMessage(), problem);
        }
    }

    boolean hasJwks() {
        return options.containsKey("jwks");
    }

    boolean hasClientKey() {
        return options.containsKey("client-key");
    }

    /** What the client signs with. */
    KeyFile clientKey() {
        return KeyFile.read(certificates("client-cert").get(0), Path.of(options.get("client-key")));
    }

    /** What messages to the server are encrypted to. */
    X509Certificate recipientCertificate() {
        return certificates("sts-cert").get(0);
    }

    boolean hasRelyingPartyKey() {
        return options.containsKey("rp-key");
    }

    /** What the relying party reads a proof key with. */
    KeyFile relyingPartyKey() {
        return KeyFile.read(certificates("rp-cert").get(0), Path.of(options.get("rp-key")));
    }

    private List<X509Certificate> certificates(String option) {
        try (var file = new FileInputStream(options.get(option))) {
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
