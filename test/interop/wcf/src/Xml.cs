// What is read out of an answer: each thing is there once, or the answer is none.
using System.Collections.Generic;
using System.ServiceModel;
using System.Xml;

static class Xml
{
    /// <summary>The child of this name, of which there must be one.</summary>
    public static XmlElement Child(XmlElement parent, string space, string name)
    {
        var found = new List<XmlElement>();
        foreach (XmlNode node in parent.ChildNodes)
            if (node.LocalName == name && node.NamespaceURI == space) found.Add((XmlElement)node);
        Demand(found.Count == 1, found.Count + " " + name);
        return found[0];
    }

    public static string Text(XmlElement parent, string space, string name)
    {
        return Child(parent, space, name).InnerText;
    }

    public static void Demand(bool isSo, string otherwise)
    {
        if (!isSo) throw new ProtocolException(otherwise);
    }
}
