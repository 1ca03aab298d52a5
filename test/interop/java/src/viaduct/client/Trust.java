// TLS that trusts certain certificates, and no others.
package viaduct.client;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

public final class Trust {
    private Trust() { }

    public static TrustManager[] managers(KeyStore trusted) throws GeneralSecurityException {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        return factory.getTrustManagers();
    }

    public static SSLContext tls(KeyStore trusted) throws GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers(trusted), null);
        return context;
    }
}
