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
    readonly string saml;

    /// <summary>The token of a response; nothing in it is checked yet but that it is the one, of the type asked for.</summary>
    public IssuedAssertion(XmlElement response, string trust, string tokenType)
    {
        saml = tokenType;
        Xml.Demand(Xml.Text(response, trust, "TokenType") == tokenType, "TokenType is not what was asked for");
        var lifetime = Xml.Child(response, trust, "Lifetime");
        Xml.Demand(Instant(Xml.Text(lifetime, Names.Utility, "Created")) < Instant(Xml.Text(lifetime, Names.Utility, "Expires")),
            "Lifetime ends before it begins");
        Element = Xml.Child(Xml.Child(response, trust, "RequestedSecurityToken"), saml, "Assertion");
        CheckReference(Xml.Child(response, trust, "RequestedAttachedReference"));
        CheckReference(Xml.Child(response, trust, "RequestedUnattachedReference"));
    }

    public XmlElement Element { get; private set; }

    /// <summary>WCF reads the reference and finds the assertion by it. Mono knows those to SAML 1.1 only.</summary>
    void CheckReference(XmlElement parent)
    {
        var reference = Xml.Child(parent, Names.Security, "SecurityTokenReference");
        if (saml == Names.Saml2) return;
        var clause = new WSSecurityTokenSerializer().ReadKeyIdentifierClause(new XmlNodeReader(reference));
        var named = clause as SamlAssertionKeyIdentifierClause;
        Xml.Demand(named != null && named.AssertionId == Element.GetAttribute("AssertionID"), "a reference to another token");
    }

    public void CheckSignature(X509Certificate2 certificate)
    {
        Xml.Demand(IsSignedBy(certificate), "the signature is not that of the certificate");
        Element.SetAttribute("ID-of-another", "changed");
        Xml.Demand(!IsSignedBy(certificate), "a changed assertion still has its signature");
        Element.RemoveAttribute("ID-of-another");
    }

    bool IsSignedBy(X509Certificate2 certificate)
    {
        var signed = new SignedAssertion(Element);
        signed.LoadXml(Xml.Child(Element, Names.Signature, "Signature"));
        var references = signed.SignedInfo.References;
        Xml.Demand(references.Count == 1 && ((Reference)references[0]).Uri == "#" + signed.Id, "another element is signed");
        Xml.Demand(signed.SignatureMethod == Names.RsaSha256, "not RSA-SHA256: " + signed.SignatureMethod);
        return signed.CheckSignature(certificate, true);
    }

    /// <summary>Times and audience, then the name of the subject.</summary>
    public string CheckConditions(string audience)
    {
        var conditions = Xml.Child(Element, saml, "Conditions");
        var now = DateTime.UtcNow;
        Xml.Demand(Instant(conditions.GetAttribute("NotBefore")) <= now, "not valid yet");
        Xml.Demand(now < Instant(conditions.GetAttribute("NotOnOrAfter")), "over");
        var isSaml2 = saml == Names.Saml2;
        var restriction = Xml.Child(conditions, saml, isSaml2 ? "AudienceRestriction" : "AudienceRestrictionCondition");
        Xml.Demand(Xml.Text(restriction, saml, "Audience") == audience, "another audience");
        var statement = Xml.Child(Element, saml, isSaml2 ? "AuthnStatement" : "AuthenticationStatement");
        var subject = Xml.Child(isSaml2 ? Element : statement, saml, "Subject");
        return Xml.Text(subject, saml, isSaml2 ? "NameID" : "NameIdentifier");
    }

    static DateTime Instant(string text) { return XmlConvert.ToDateTime(text, XmlDateTimeSerializationMode.Utc); }
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
