// What the client does, and how each is wanted to end.
using System;
using System.Collections.Generic;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Text;

sealed class Case
{
    public string Name, Wanted;
    public Func<string> Run;
}

static class Cases
{
    const string Nobody = "urn:viaduct:interop:nobody";

    /// <summary>The bindings of WCF that a client has over TLS, and one for each other version of SOAP and WS-Addressing.</summary>
    static readonly IDictionary<string, Binding> Bindings = new Dictionary<string, Binding>
    {
        { "basic-http", new BasicHttpBinding(BasicHttpSecurityMode.Transport) },
        { "ws-http", WithoutCertificate(new WSHttpBinding(SecurityMode.Transport)) },
        { "ws2007-http", Ws2007Http() },
        { "soap11-addressing", Text(MessageVersion.Soap11WSAddressing10) },
        { "soap11-addressing2004", Text(MessageVersion.Soap11WSAddressingAugust2004) },
        { "soap12", Text(MessageVersion.Soap12) },
        { "soap12-addressing2004", Text(MessageVersion.Soap12WSAddressingAugust2004) },
        { "streamed", Over(new TextMessageEncodingBindingElement(), TransferMode.Streamed) }
    };

    public static IEnumerable<Case> All(Server server)
    {
        foreach (var version in new[] { "2005", "13" })
        {
            var trust = version == "13" ? Names.Trust13 : Names.Trust2005;
            foreach (var one in AtAdfs(server, version, trust)) yield return one;
            foreach (var one in Elsewhere(server, version, trust)) yield return one;
        }
        foreach (var one in Metadata.Cases(server)) yield return one;
    }

    /// <summary>With the binding that clients of AD FS have: SOAP 1.2 with WS-Addressing.</summary>
    static IEnumerable<Case> AtAdfs(Server server, string version, string trust)
    {
        Func<Call> call = () => new Call
        {
            Binding = Ws2007Http(), Trust = trust, TokenType = Names.Saml2,
            Address = server.Address("/adfs/services/trust/" + version + "/usernamemixed")
        };
        var name = "adfs-" + version;
        var code = version == "13" ? "fault=wst:" : "fault=t:";
        yield return Ending(server, name + "-saml2", call(), "ok ");
        var bare = call();
        bare.TokenType = null;
        bare.Answers = Names.Saml11;
        yield return Ending(server, name + "-no-token-type", bare, "ok ");
        var wrong = call();
        wrong.Password = "wrong";
        yield return Ending(server, name + "-wrong-password", wrong, code + "FailedAuthentication");
        var unknown = call();
        unknown.AppliesTo = Nobody;
        yield return Ending(server, name + "-unknown-applies-to", unknown, code + "InvalidScope");
        var old = call();
        old.IsOld = true;
        yield return Ending(server, name + "-old", old, "fault=wsse:MessageExpired");
    }

    static IEnumerable<Case> Elsewhere(Server server, string version, string trust)
    {
        Func<Binding, string, Call> call = (binding, type) => new Call
        {
            Binding = binding, Address = server.Address("/ws-trust"), Trust = trust, TokenType = type
        };
        foreach (var one in Bindings)
            yield return Ending(server, version + "-" + one.Key, call(one.Value, Names.Saml2), "ok ");
        yield return Ending(server, version + "-saml11", call(Ws2007Http(), Names.Saml11), "ok ");
        var mtom = Over(new MtomMessageEncodingBindingElement(), TransferMode.Buffered);
        yield return Ending(server, version + "-mtom", call(mtom, Names.Saml2), "http=415");
    }

    public static Binding Ws2007Http()
    {
        return WithoutCertificate(new WS2007HttpBinding(SecurityMode.Transport));
    }

    static Binding WithoutCertificate(WSHttpBinding binding)
    {
        binding.Security.Transport.ClientCredentialType = HttpClientCredentialType.None;
        return binding;
    }

    static Binding Text(MessageVersion version)
    {
        return Over(new TextMessageEncodingBindingElement(version, Encoding.UTF8), TransferMode.Buffered);
    }

    static Binding Over(MessageEncodingBindingElement encoding, TransferMode mode)
    {
        return new CustomBinding(encoding, new HttpsTransportBindingElement { TransferMode = mode });
    }

    static Case Ending(Server server, string name, Call call, string wanted)
    {
        return new Case { Name = name, Wanted = wanted, Run = () => server.Issue(call) };
    }
}
