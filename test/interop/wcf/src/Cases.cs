// What the client does, and how each is wanted to end.
using System;
using System.Collections.Generic;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Security;

sealed class Case
{
    public string Name, Wanted;
    public Func<string> Run;
}

static class Cases
{
    const string Nobody = "urn:viaduct:interop:nobody";

    public static IEnumerable<Case> All(Server server)
    {
        foreach (var version in new[] { "2005", "13" })
        {
            var trust = version == "13" ? Names.Trust13 : Names.Trust2005;
            foreach (var one in AtAdfs(server, version, trust)) yield return one;
            foreach (var one in Elsewhere(server, version, trust)) yield return one;
            if (server.Has("client-cert"))
                yield return OverTls(server, version, "certificate", Credential.Certificate, "ok ");
        }
        if (server.Has("sts-cert")) yield return MessageSecurity(server);
        foreach (var one in Metadata.Cases(server)) yield return one;
    }

    /// <summary>With the binding that clients of AD FS have: SOAP 1.2 with WS-Addressing.</summary>
    static IEnumerable<Case> AtAdfs(Server server, string version, string trust)
    {
        Func<Call> call = () => new Call
        {
            Binding = Bindings.Ws2007Http(), Trust = trust, TokenType = Names.Saml2,
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
        if (server.Has("rp-cert"))
        {
            var silent = call();
            silent.KeyType = null;
            silent.Key = new ProofKey();
            yield return Ending(server, name + "-no-key-type", silent, "ok ");
        }
        yield return OverTls(server, version, "no-certificate", Credential.None, code + "FailedAuthentication");
    }

    static IEnumerable<Case> Elsewhere(Server server, string version, string trust)
    {
        Func<Binding, string, Call> call = (binding, type) => new Call
        {
            Binding = binding, Address = server.Address("/ws-trust"), Trust = trust, TokenType = type
        };
        foreach (var one in Bindings.All)
            yield return Ending(server, version + "-" + one.Key, call(one.Value, Names.Saml2), "ok ");
        yield return Ending(server, version + "-saml11", call(Bindings.Ws2007Http(), Names.Saml11), "ok ");
        foreach (var type in server.Has("rp-cert") ? new[] { Names.Saml11, Names.Saml2 } : new string[0])
        {
            var symmetric = call(Bindings.Ws2007Http(), type);
            symmetric.KeyType = "SymmetricKey";
            symmetric.Key = new ProofKey(true);
            var name = version + "-symmetric-" + (type == Names.Saml2 ? "saml2" : "saml11");
            yield return Ending(server, name, symmetric, "ok ");
        }
        var mtom = Bindings.Over(new MtomMessageEncodingBindingElement(), TransferMode.Buffered);
        yield return Ending(server, version + "-mtom", call(mtom, Names.Saml2), "http=415");
    }

    /// <summary>TLS alone, as WCF itself does it: nothing is added to the message.</summary>
    static Case OverTls(Server server, string version, string name, Credential credential, string wanted)
    {
        return Ending(server, "adfs-" + version + "-" + name, new Call
        {
            Binding = Bindings.Ws2007Http(HttpClientCredentialType.Certificate),
            Address = server.Address("/adfs/services/trust/" + version + "/certificatetransport"),
            Trust = version == "13" ? Names.Trust13 : Names.Trust2005, TokenType = Names.Saml2, Credential = credential
        }, wanted);
    }

    /// <summary>The message security of WCF: a secret under our certificate, with AES-CBC in every suite.</summary>
    static Case MessageSecurity(Server server)
    {
        var security = SecurityBindingElement.CreateUserNameForCertificateBindingElement();
        return Ending(server, "message-security", new Call
        {
            Binding = new CustomBinding(security, new TextMessageEncodingBindingElement(),
                new HttpsTransportBindingElement()),
            Address = server.Address("/ws-trust/message/username"), Trust = Names.Trust13, TokenType = Names.Saml2,
            Credential = Credential.Message
        }, "fault=wsse:UnsupportedAlgorithm");
    }

    static Case Ending(Server server, string name, Call call, string wanted)
    {
        return new Case { Name = name, Wanted = wanted, Run = () => server.Issue(call) };
    }
}
