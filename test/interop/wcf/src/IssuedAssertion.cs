// An assertion as a relying party on .NET takes it: the signature first, by the certificate it was given, then what it says.
using System;
using System.Collections.Generic;
using System.IdentityModel.Tokens;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.ServiceModel;
using System.ServiceModel.Security;
using System.Xml;

sealed class IssuedAssertion
{
    readonly XmlElement element;
    readonly string saml;

    /// <summary>Takes the one token of an answer in the trust namespace of the request.</summary>
    public IssuedAssertion(XmlElement answer, string trust, string tokenType)
    {
        saml = tokenType;
        var response = trust == Names.Trust13 ? Only(answer, "RequestSecurityTokenResponseCollection", trust,
            "RequestSecurityTokenResponse") : answer;
        Demand(response.LocalName == "RequestSecurityTokenResponse" && response.NamespaceURI == trust, "no RSTR");
        Demand(Text(response, trust, "TokenType") == tokenType, "TokenType is not what was asked for");
        var lifetime = Child(response, trust, "Lifetime");
        Demand(Instant(Text(lifetime, Names.Utility, "Created")) < Instant(Text(lifetime, Names.Utility, "Expires")),
            "Lifetime ends before it begins");
        element = Child(Child(response, trust, "RequestedSecurityToken"), saml, "Assertion");
        CheckReference(Child(response, trust, "RequestedAttachedReference"));
        CheckReference(Child(response, trust, "RequestedUnattachedReference"));
    }

    /// <summary>WCF reads the reference and finds the assertion by it. Mono knows those to SAML 1.1 only.</summary>
    void CheckReference(XmlElement parent)
    {
        var reference = Child(parent, Names.Security, "SecurityTokenReference");
        if (saml == Names.Saml2) return;
        var clause = new WSSecurityTokenSerializer().ReadKeyIdentifierClause(new XmlNodeReader(reference));
        var named = clause as SamlAssertionKeyIdentifierClause;
        Demand(named != null && named.AssertionId == element.GetAttribute("AssertionID"), "a reference to another token");
    }

    public void CheckSignature(X509Certificate2 certificate)
    {
        Demand(IsSignedBy(certificate), "the signature is not that of the certificate");
        element.SetAttribute("ID-of-another", "changed");
        Demand(!IsSignedBy(certificate), "a changed assertion still has its signature");
        element.RemoveAttribute("ID-of-another");
    }

    bool IsSignedBy(X509Certificate2 certificate)
    {
        var signed = new SignedAssertion(element);
        signed.LoadXml(Child(element, Names.Signature, "Signature"));
        var references = signed.SignedInfo.References;
        Demand(references.Count == 1 && ((Reference)references[0]).Uri == "#" + signed.Id, "another element is signed");
        Demand(signed.SignatureMethod == Names.RsaSha256, "not RSA-SHA256: " + signed.SignatureMethod);
        return signed.CheckSignature(certificate, true);
    }

    /// <summary>Times and audience, then the name of the subject.</summary>
    public string CheckConditions(string audience)
    {
        var conditions = Child(element, saml, "Conditions");
        var now = DateTime.UtcNow;
        Demand(Instant(conditions.GetAttribute("NotBefore")) <= now, "not valid yet");
        Demand(now < Instant(conditions.GetAttribute("NotOnOrAfter")), "over");
        var isSaml2 = saml == Names.Saml2;
        var restriction = Child(conditions, saml, isSaml2 ? "AudienceRestriction" : "AudienceRestrictionCondition");
        Demand(Text(restriction, saml, "Audience") == audience, "another audience");
        var statement = Child(element, saml, isSaml2 ? "AuthnStatement" : "AuthenticationStatement");
        var subject = Child(isSaml2 ? element : statement, saml, "Subject");
        return Text(subject, saml, isSaml2 ? "NameID" : "NameIdentifier");
    }

    static XmlElement Only(XmlElement parent, string name, string space, string child)
    {
        Demand(parent.LocalName == name && parent.NamespaceURI == space, "no " + name);
        return Child(parent, space, child);
    }

    /// <summary>The child of this name, of which there must be one.</summary>
    static XmlElement Child(XmlElement parent, string space, string name)
    {
        var found = new List<XmlElement>();
        foreach (XmlNode node in parent.ChildNodes)
            if (node.LocalName == name && node.NamespaceURI == space) found.Add((XmlElement)node);
        Demand(found.Count == 1, found.Count + " " + name);
        return found[0];
    }

    static string Text(XmlElement parent, string space, string name) { return Child(parent, space, name).InnerText; }

    static DateTime Instant(string text) { return XmlConvert.ToDateTime(text, XmlDateTimeSerializationMode.Utc); }

    static void Demand(bool isSo, string otherwise)
    {
        if (!isSo) throw new ProtocolException(otherwise);
    }
}

/// <summary>A signature over an assertion, which SAML 1.1 names by another attribute than .NET looks for.</summary>
sealed class SignedAssertion : SignedXml
{
    readonly XmlElement assertion;

    public SignedAssertion(XmlElement assertion) : base(assertion) { this.assertion = assertion; }

    public string Id
    {
        get { return assertion.GetAttribute(assertion.NamespaceURI == Names.Saml2 ? "ID" : "AssertionID"); }
    }

    public override XmlElement GetIdElement(XmlDocument document, string id)
    {
        if (document == null || id != Id) return null;
        foreach (XmlElement element in document.GetElementsByTagName("Assertion", assertion.NamespaceURI))
            return element;
        return null;
    }
}
