// The description of the service as MetadataExchangeClient loads it, and a call at the address that a port of it has.
using System;
using System.Collections.Generic;
using System.Linq;
using System.ServiceModel;
using System.ServiceModel.Description;
using System.Web.Services.Description;
using System.Xml;
using WsdlDescription = System.Web.Services.Description.ServiceDescription;

static class Metadata
{
    const string Adfs = "/adfs/services/trust/mex";

    public static IEnumerable<Case> Cases(Server server)
    {
        yield return At(server, "mex-get", Adfs, "UserNameWSTrustBinding_IWSTrust13Async");
        yield return At(server, "mex-transfer", Adfs, "UserNameWSTrustBinding_IWSTrust13Async");
        yield return At(server, "mex-get-2005", Adfs, "UserNameWSTrustBinding_IWSTrustFeb2005Async");
        yield return At(server, "mex-transfer-2005", Adfs, "UserNameWSTrustBinding_IWSTrustFeb2005Async");
        yield return At(server, "wsdl-get", "/ws-trust?wsdl", "TransportUT_Soap12_Port");
        yield return At(server, "wsdl-transfer", "/ws-trust?mex", "TransportUT_Soap12_Port");
    }

    static Case At(Server server, string name, string path, string port)
    {
        return new Case { Name = name, Wanted = "ok ", Run = () => Issue(server, name, path, port) };
    }

    static string Issue(Server server, string name, string path, string port)
    {
        var mode = name.Contains("transfer") ? MetadataExchangeClientMode.MetadataExchange
            : MetadataExchangeClientMode.HttpGet;
        var loaded = new MetadataExchangeClient(new Uri(server.Address(path)), mode).GetMetadata();
        return server.Issue(new Call
        {
            Binding = Bindings.Ws2007Http(), Address = AddressOf(loaded, port), TokenType = Names.Saml2,
            Trust = name.Contains("2005") ? Names.Trust2005 : Names.Trust13
        });
    }

    /// <summary>The address of the one port of this name. Its EndpointReference, where it has one, says the same.</summary>
    static string AddressOf(MetadataSet loaded, string name)
    {
        var port = loaded.MetadataSections.Select(section => section.Metadata).OfType<WsdlDescription>()
            .SelectMany(description => description.Services.Cast<Service>())
            .SelectMany(service => service.Ports.Cast<Port>()).Single(one => one.Name == name);
        var address = port.Extensions.OfType<Soap12AddressBinding>().Single().Location;
        foreach (XmlElement reference in port.Extensions.OfType<XmlElement>())
            if (reference.LocalName == "EndpointReference" && reference.InnerText != address)
                throw new ProtocolException("two addresses of " + name);
        return address;
    }
}
