// The body of a request, with its children in the order in which .NET writes them.
using System;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Xml;

/// <summary>A TokenType of null is left out, and so is a KeyType.</summary>
sealed class TokenRequest : BodyWriter
{
    public string Trust, TokenType, AppliesTo, Entropy;
    public string KeyType = "Bearer";
    public readonly string Context = "uuid-" + Guid.NewGuid();

    public TokenRequest() : base(true) { }

    protected override void OnWriteBodyContents(XmlDictionaryWriter writer)
    {
        writer.WriteStartElement("t", "RequestSecurityToken", Trust);
        writer.WriteAttributeString("Context", Context);
        writer.WriteElementString("RequestType", Trust, Trust + "/Issue");
        if (TokenType != null) writer.WriteElementString("TokenType", Trust, TokenType);
        if (KeyType != null) WriteKeyType(writer);
        if (Entropy != null) writer.WriteElementString("ComputedKeyAlgorithm", Trust, Trust + "/CK/PSHA1");
        writer.WriteStartElement("wsp", "AppliesTo", Names.Policy);
        new EndpointAddress(AppliesTo).WriteTo(AddressingVersion.WSAddressing10, writer);
        writer.WriteEndElement();
        if (Entropy != null) WriteEntropy(writer);
        writer.WriteEndElement();
    }

    void WriteKeyType(XmlWriter writer)
    {
        var isBearer = KeyType == "Bearer";
        writer.WriteElementString("KeyType", Trust, isBearer ? Names.Bearer(Trust) : Trust + "/" + KeyType);
        writer.WriteElementString("KeySize", Trust, isBearer ? "0" : ProofKey.Bits.ToString());
    }

    void WriteEntropy(XmlWriter writer)
    {
        writer.WriteStartElement("Entropy", Trust);
        writer.WriteStartElement("BinarySecret", Trust);
        writer.WriteAttributeString("Type", Trust + "/Nonce");
        writer.WriteString(Entropy);
        writer.WriteEndElement();
        writer.WriteEndElement();
    }

    /// <summary>The one response to this request, by its Context: in 1.3 in a collection.</summary>
    public XmlElement ResponseIn(XmlElement body)
    {
        var isCollection = Trust == Names.Trust13;
        var name = isCollection ? "RequestSecurityTokenResponseCollection" : "RequestSecurityTokenResponse";
        Xml.Demand(body.LocalName == name && body.NamespaceURI == Trust, "no " + name);
        var response = isCollection ? Xml.Child(body, Trust, "RequestSecurityTokenResponse") : body;
        Xml.Demand(response.GetAttribute("Context") == Context, "another Context");
        return response;
    }
}
