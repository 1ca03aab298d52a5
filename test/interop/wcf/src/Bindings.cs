// The bindings that the client uses, all over TLS.
using System.Collections.Generic;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Text;

static class Bindings
{
    /// <summary>The bindings of WCF that a client has over TLS, and one for each other version of SOAP and WS-Addressing.</summary>
    public static readonly IDictionary<string, Binding> All = new Dictionary<string, Binding>
    {
        { "basic-http", new BasicHttpBinding(BasicHttpSecurityMode.Transport) },
        { "ws-http", Secured(new WSHttpBinding(SecurityMode.Transport), HttpClientCredentialType.None) },
        { "ws2007-http", Ws2007Http() },
        { "soap11-addressing", Text(MessageVersion.Soap11WSAddressing10) },
        { "soap11-addressing2004", Text(MessageVersion.Soap11WSAddressingAugust2004) },
        { "soap12", Text(MessageVersion.Soap12) },
        { "soap12-addressing2004", Text(MessageVersion.Soap12WSAddressingAugust2004) },
        { "streamed", Over(new TextMessageEncodingBindingElement(), TransferMode.Streamed) }
    };

    public static Binding Ws2007Http(HttpClientCredentialType credential = HttpClientCredentialType.None)
    {
        return Secured(new WS2007HttpBinding(SecurityMode.Transport), credential);
    }

    public static Binding Over(MessageEncodingBindingElement encoding, TransferMode mode)
    {
        return new CustomBinding(encoding, new HttpsTransportBindingElement { TransferMode = mode });
    }

    static Binding Secured(WSHttpBinding binding, HttpClientCredentialType credential)
    {
        binding.Security.Transport.ClientCredentialType = credential;
        return binding;
    }

    static Binding Text(MessageVersion version)
    {
        return Over(new TextMessageEncodingBindingElement(version, Encoding.UTF8), TransferMode.Buffered);
    }
}
