// A key store as WSS4J takes it.
package viaduct.interop;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.Merlin;
import viaduct.client.KeyFile;

final class WssCrypto {
    private WssCrypto() { }

    static Crypto of(KeyFile key) throws GeneralSecurityException {
        return of(key.store());
    }

    static Crypto of(KeyStore store) {
        var merlin = new Merlin();
        merlin.setKeyStore(store);
        return merlin;
    }
}
