// A symmetric key that the server makes, alone or together with the client (CK/PSHA1), and its place in an assertion, as a WCF
// service finds it.
using System;
using System.IdentityModel.Tokens;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.ServiceModel;
using System.ServiceModel.Security;
using System.Xml;

sealed class ProofKey
{
    public const int Bits = 256;
    const string Encryption = "http://www.w3.org/2001/04/xmlenc#";

    readonly byte[] entropy;

    /// <summary>With no part of the client in it, unless it is said.</summary>
    public ProofKey(bool hasEntropy = false)
    {
        if (!hasEntropy) return;
        entropy = new byte[Bits / 8];
        RandomNumberGenerator.Create().GetBytes(entropy);
    }

    public string Entropy { get { return entropy == null ? null : Convert.ToBase64String(entropy); } }

    /// <summary>Takes what the server tells of the key, and demands that the relying party decrypts the same.</summary>
    public void Check(XmlElement response, string trust, XmlElement assertion, X509Certificate2 relyingParty)
    {
        Xml.Demand(Xml.Text(response, trust, "KeyType") == trust + "/SymmetricKey", "another KeyType");
        Xml.Demand(Xml.Text(response, trust, "KeySize") == Bits.ToString(), "another KeySize");
        var proof = Xml.Child(response, trust, "RequestedProofToken");
        var key = entropy == null ? Secret(proof, trust) : Computed(response, proof, trust);
        // SAML 1.1 says it of each statement.
        var places = assertion.GetElementsByTagName("EncryptedKey", Encryption).Cast<XmlElement>().ToList();
        Xml.Demand(places.Count > 0, "no key in the assertion");
        Xml.Demand(places.All(place => Decrypt(place, relyingParty).SequenceEqual(key)), "another key in the assertion");
    }

    byte[] Computed(XmlElement response, XmlElement proof, string trust)
    {
        Xml.Demand(Xml.Text(proof, trust, "ComputedKey") == trust + "/CK/PSHA1", "another computation of the key");
        return Compute(entropy, Secret(Xml.Child(response, trust, "Entropy"), trust));
    }

    static byte[] Secret(XmlElement parent, string trust)
    {
        return Convert.FromBase64String(Xml.Text(parent, trust, "BinarySecret"));
    }

    /// <summary>P_SHA-1 of RFC 2246 §5: the secret is the client's part, the seed the server's.</summary>
    static byte[] Compute(byte[] secret, byte[] seed)
    {
        using (var hmac = new HMACSHA1(secret))
        {
            var key = new byte[0];
            for (var round = hmac.ComputeHash(seed); key.Length < Bits / 8; round = hmac.ComputeHash(round))
                key = key.Concat(hmac.ComputeHash(round.Concat(seed).ToArray())).ToArray();
            return key.Take(Bits / 8).ToArray();
        }
    }

    static byte[] Decrypt(XmlElement element, X509Certificate2 relyingParty)
    {
        var key = new EncryptedKey();
        key.LoadXml(element);
        Xml.Demand(key.EncryptionMethod.KeyAlgorithm == EncryptedXml.XmlEncRSAOAEPUrl, "no algorithm of .NET");
        CheckName(Xml.Child(element, Names.Signature, "KeyInfo"), relyingParty);
        return EncryptedXml.DecryptKey(key.CipherData.CipherValue, (RSA)relyingParty.PrivateKey, true);
    }

    /// <summary>WCF finds the certificate by the reference to it.</summary>
    static void CheckName(XmlElement keyInfo, X509Certificate2 certificate)
    {
        var reference = Xml.Child(keyInfo, Names.Security, "SecurityTokenReference");
        var clause = new WSSecurityTokenSerializer().ReadKeyIdentifierClause(new XmlNodeReader(reference));
        Xml.Demand(new X509SecurityToken(certificate).MatchesKeyIdentifierClause(clause), "another certificate");
    }
}
