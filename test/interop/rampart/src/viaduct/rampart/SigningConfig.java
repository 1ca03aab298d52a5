// Rampart's own part of a policy: with which key a message is signed. Rampart reads keys from a file.
package viaduct.rampart;

import java.nio.file.Files;
import java.util.Properties;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import org.apache.rampart.policy.model.CryptoConfig;
import org.apache.rampart.policy.model.RampartConfig;
import org.apache.ws.security.WSPasswordCallback;
import org.apache.ws.security.components.crypto.Merlin;
import viaduct.client.Arguments;
import viaduct.client.KeyFile;

public final class SigningConfig implements CallbackHandler {
    /** Rampart makes one for each message. */
    public SigningConfig() { }

    static RampartConfig of(Arguments arguments) throws Exception {
        var file = Files.createTempFile("rampart-client-", ".p12");
        file.toFile().deleteOnExit();
        try (var out = Files.newOutputStream(file)) {
            arguments.keyOf("client").store().store(out, KeyFile.PASSWORD.toCharArray());
        }
        var properties = new Properties();
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.type", "PKCS12");
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.file", file.toString());
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.password", KeyFile.PASSWORD);
        var crypto = new CryptoConfig();
        crypto.setProvider(Merlin.class.getName());
        crypto.setProp(properties);
        var config = new RampartConfig();
        config.setUserCertAlias(KeyFile.ALIAS);
        config.setPwCbClass(SigningConfig.class.getName());
        config.setSigCryptoConfig(crypto);
        return config;
    }

    @Override
    public void handle(Callback[] callbacks) {
        ((WSPasswordCallback) callbacks[0]).setPassword(KeyFile.PASSWORD);
    }
}
