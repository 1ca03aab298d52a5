// The Security header of a message over TLS: a Timestamp and a user name. Mono has no TransportSecurityBindingElement that works,
// so the header is ours; the UsernameToken in it is written by WSSecurityTokenSerializer.
using System;
using System.IdentityModel.Tokens;
using System.ServiceModel.Channels;
using System.ServiceModel.Security;
using System.Xml;

sealed class SecurityHeader : MessageHeader
{
    readonly UserNameSecurityToken token;
    readonly DateTime created;

    public SecurityHeader(UserNameSecurityToken token, DateTime created)
    {
        this.token = token;
        this.created = created;
    }

    public override string Name { get { return "Security"; } }
    public override string Namespace { get { return Names.Security; } }
    public override bool MustUnderstand { get { return true; } }

    protected override void OnWriteHeaderContents(XmlDictionaryWriter writer, MessageVersion version)
    {
        writer.WriteStartElement("u", "Timestamp", Names.Utility);
        writer.WriteAttributeString("u", "Id", Names.Utility, "_0");
        WriteInstant(writer, "Created", created);
        WriteInstant(writer, "Expires", created.AddMinutes(5));
        writer.WriteEndElement();
        new WSSecurityTokenSerializer().WriteToken(writer, token);
    }

    static void WriteInstant(XmlWriter writer, string name, DateTime instant)
    {
        writer.WriteElementString(name, Names.Utility, XmlConvert.ToString(instant, "yyyy-MM-ddTHH:mm:ss.fffZ"));
    }
}
