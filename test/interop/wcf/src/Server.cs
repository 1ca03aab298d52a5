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
using System.Xml;

/// <summary>One call. What is null or false is as it should be.</summary>
sealed class Call
{
    public Binding Binding;
    public string Address, Trust, TokenType, Answers, Password, AppliesTo;
    public bool IsOld;
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

    public string Address(string path) { return new Uri(new Uri(options["url"]), path).AbsoluteUri; }

    /// <summary>Asks for a token and checks it; the line's end says for whom and where it is.</summary>
    public string Issue(Call call)
    {
        var answer = Send(call);
        var assertion = new IssuedAssertion(answer, call.Trust, call.Answers ?? call.TokenType);
        assertion.CheckSignature(samlCertificate);
        var audience = options["applies-to"];
        return "ok subject=" + assertion.CheckConditions(audience) + " audience=" + audience;
    }

    XmlElement Send(Call call)
    {
        var factory = new ChannelFactory<ISecurityTokenService>(call.Binding, new EndpointAddress(call.Address));
        var password = call.Password ?? File.ReadAllText(options["password-file"]).Trim();
        var token = new UserNameSecurityToken(options["user"], password);
        var header = new SecurityHeader(token, DateTime.UtcNow.AddMinutes(call.IsOld ? -60 : 0));
        factory.Endpoint.Behaviors.Add(new WithUserName(header, Names.Reply(call.Trust)));
        var channel = factory.CreateChannel();
        try
        {
            return BodyOf(SendOver(channel, call));
        }
        finally
        {
            ((IClientChannel)channel).Abort();
            factory.Abort();
        }
    }

    Message SendOver(ISecurityTokenService channel, Call call)
    {
        var asked = new TokenRequest
        {
            Trust = call.Trust, TokenType = call.TokenType, AppliesTo = call.AppliesTo ?? options["applies-to"]
        };
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
