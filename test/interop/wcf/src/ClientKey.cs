// The certificate of a client with its key, from PEM. Mono takes a key beside a certificate out of PKCS #12 only.
using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mono.Security.Cryptography;
using Mono.Security.X509;

static class ClientKey
{
    /// <summary>The key is RSA in PKCS #8.</summary>
    public static X509Certificate2 Load(string certificatePath, string keyPath)
    {
        var password = Guid.NewGuid().ToString();
        var key = PKCS8.PrivateKeyInfo.DecodeRSA(new PKCS8.PrivateKeyInfo(Decode(keyPath)).PrivateKey);
        var both = new PKCS12 { Password = password };
        both.AddCertificate(new Mono.Security.X509.X509Certificate(Decode(certificatePath)));
        both.AddPkcs8ShroudedKeyBag(new WithoutZeros(key));
        var loaded = new X509Certificate2(both.GetBytes(), password);
        if (loaded.PrivateKey == null) throw new CryptographicException("Mono did not read the key that it wrote");
        return loaded;
    }

    static byte[] Decode(string path)
    {
        var between = File.ReadAllText(path).Split(new[] { "-----" }, StringSplitOptions.RemoveEmptyEntries);
        return Convert.FromBase64String(between[1]);
    }
}

/// <summary>A key to be written: with the zeros that numbers begin with, Mono would write what its own reader refuses.</summary>
sealed class WithoutZeros : RSA
{
    readonly RSAParameters numbers;

    public WithoutZeros(RSA key)
    {
        numbers = key.ExportParameters(true);
        numbers.D = Trim(numbers.D);
        numbers.DP = Trim(numbers.DP);
        numbers.DQ = Trim(numbers.DQ);
        numbers.InverseQ = Trim(numbers.InverseQ);
    }

    public override RSAParameters ExportParameters(bool includePrivateParameters) { return numbers; }
    public override void ImportParameters(RSAParameters parameters) { throw new NotSupportedException(); }

    static byte[] Trim(byte[] number) { return number.SkipWhile(one => one == 0).ToArray(); }
}
