// A key store as WSS4J takes it.
package viaduct.wss4j;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.Merlin;
import viaduct.client.KeyFile;

public final class WssCrypto {
    private WssCrypto() { }

    public static Crypto of(KeyFile key) throws GeneralSecurityException {
        return of(key.store());
    }

    public static Crypto of(KeyStore store) {
        var merlin = new Merlin();
        merlin.setKeyStore(store);
        return merlin;
    }
}
