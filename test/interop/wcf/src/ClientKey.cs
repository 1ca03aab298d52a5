// The certificate of a client with its key, from PEM. Mono takes a key beside a certificate out of PKCS #12 only.
using System;
using System.IO;
using System.Security.Cryptography.X509Certificates;
using Mono.Security.Cryptography;
using Mono.Security.X509;

static class ClientKey
{
    /// <summary>The key is RSA in PKCS #8.</summary>
    public static X509Certificate2 Load(string certificatePath, string keyPath)
    {
        var password = Guid.NewGuid().ToString();
        var key = new PKCS8.PrivateKeyInfo(Decode(keyPath)).PrivateKey;
        var both = new PKCS12 { Password = password };
        both.AddCertificate(new Mono.Security.X509.X509Certificate(Decode(certificatePath)));
        both.AddPkcs8ShroudedKeyBag(PKCS8.PrivateKeyInfo.DecodeRSA(key));
        return new X509Certificate2(both.GetBytes(), password);
    }

    static byte[] Decode(string path)
    {
        var between = File.ReadAllText(path).Split(new[] { "-----" }, StringSplitOptions.RemoveEmptyEntries);
        return Convert.FromBase64String(between[1]);
    }
}
