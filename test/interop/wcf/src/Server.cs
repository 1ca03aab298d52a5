// The server under test: its addresses, the user, and whom to trust for TLS and for assertions.
using System;
using System.Collections.Generic;
using System.IdentityModel.Tokens;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Security;
using System.Xml;

/// <summary>How the caller shows itself: in a header of ours, by TLS, by the message security of WCF, or not at all.</summary>
enum Credential { Header, Certificate, Message, None }

/// <summary>One call. What is null or false is as it should be.</summary>
sealed class Call
{
    public Binding Binding;
    public Credential Credential;
    public string Address, Trust, TokenType, Answers, Password, AppliesTo;
    public bool IsOld;
    /// <summary>Null: none is named.</summary>
    public string KeyType = "Bearer";
    /// <summary>The key that is to come of it.</summary>
    public ProofKey Key;
}

sealed class Server
{
    readonly IDictionary<string, string> options;
    readonly X509Certificate2 samlCertificate;

    public Server(IDictionary<string, string> options)
    {
        this.options = options;
        samlCertificate = new X509Certificate2(options["saml-cert"]);
        var tls = new X509Certificate2(options["tls-cert"]).GetRawCertData();
        // Only the certificate that was given, whatever the host trusts.
        ServicePointManager.ServerCertificateValidationCallback =
            (sender, certificate, chain, errors) => certificate.GetRawCertData().SequenceEqual(tls);
        // The proxies of the environment are not for a server on this host.
        WebRequest.DefaultWebProxy = null;
    }

    public bool Has(string option) { return options.ContainsKey(option); }

    public string Address(string path) { return new Uri(new Uri(options["url"]), path).AbsoluteUri; }

    /// <summary>Asks for a token and checks it; the line's end says for whom and where it is.</summary>
    public string Issue(Call call)
    {
        var asked = new TokenRequest
        {
            Trust = call.Trust, TokenType = call.TokenType, AppliesTo = call.AppliesTo ?? options["applies-to"],
            KeyType = call.KeyType, Entropy = call.Key == null ? null : call.Key.Entropy
        };
        var response = asked.ResponseIn(Send(call, asked));
        var assertion = new IssuedAssertion(response, call.Trust, call.Answers ?? call.TokenType);
        assertion.CheckSignature(samlCertificate);
        if (call.Key != null)
            call.Key.Check(response, call.Trust, assertion.Element, ClientKey.Load(options["rp-cert"], options["rp-key"]));
        var audience = options["applies-to"];
        return "ok subject=" + assertion.CheckConditions(audience) + " audience=" + audience;
    }

    XmlElement Send(Call call, TokenRequest asked)
    {
        var factory = new ChannelFactory<ISecurityTokenService>(call.Binding, AddressOf(call));
        var header = call.Credential == Credential.Header ? Header(call) : null;
        factory.Endpoint.Behaviors.Add(new CallInspector(header, Names.Reply(call.Trust)));
        var credentials = factory.Credentials;
        if (call.Credential == Credential.Certificate)
            credentials.ClientCertificate.Certificate = ClientKey.Load(options["client-cert"], options["client-key"]);
        credentials.UserName.UserName = options["user"];
        credentials.UserName.Password = Password(call);
        credentials.ServiceCertificate.Authentication.CertificateValidationMode = X509CertificateValidationMode.None;
        var channel = factory.CreateChannel();
        try
        {
            return BodyOf(SendOver(channel, call, asked));
        }
        finally
        {
            ((IClientChannel)channel).Abort();
            factory.Abort();
        }
    }

    /// <summary>With message security, the address says whom messages are encrypted to.</summary>
    EndpointAddress AddressOf(Call call)
    {
        if (call.Credential != Credential.Message) return new EndpointAddress(call.Address);
        var identity = new X509CertificateEndpointIdentity(new X509Certificate2(options["sts-cert"]));
        return new EndpointAddress(new Uri(call.Address), identity);
    }

    SecurityHeader Header(Call call)
    {
        var token = new UserNameSecurityToken(options["user"], Password(call));
        return new SecurityHeader(token, DateTime.UtcNow.AddMinutes(call.IsOld ? -60 : 0));
    }

    string Password(Call call) { return call.Password ?? File.ReadAllText(options["password-file"]).Trim(); }

    static Message SendOver(ISecurityTokenService channel, Call call, TokenRequest asked)
    {
        var request = Message.CreateMessage(call.Binding.MessageVersion, call.Trust + "/RST/Issue", asked);
        return call.Trust == Names.Trust13 ? channel.Issue13(request) : channel.Issue2005(request);
    }

    static XmlElement BodyOf(Message answer)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        document.Load(answer.GetReaderAtBodyContents());
        return document.DocumentElement;
    }
}
