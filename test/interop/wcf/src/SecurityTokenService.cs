// A security token service as a contract of WCF, and what goes into its messages.
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;
using System.ServiceModel.Dispatcher;
using System.Xml;

[ServiceContract]
interface ISecurityTokenService
{
    [OperationContract(Action = Names.Trust13 + "/RST/Issue", ReplyAction = Names.Reply13)]
    Message Issue13(Message request);

    [OperationContract(Action = Names.Trust2005 + "/RST/Issue", ReplyAction = Names.Reply2005)]
    Message Issue2005(Message request);
}

/// <summary>Adds a header, if there is one, and holds the answer against what was sent: Mono leaves that to its users.</summary>
sealed class CallInspector : IEndpointBehavior, IClientMessageInspector
{
    readonly SecurityHeader header;
    readonly string replyAction;

    public CallInspector(SecurityHeader header, string replyAction)
    {
        this.header = header;
        this.replyAction = replyAction;
    }

    public void ApplyClientBehavior(ServiceEndpoint endpoint, ClientRuntime runtime)
    {
        runtime.MessageInspectors.Add(this);
    }

    public object BeforeSendRequest(ref Message request, IClientChannel channel)
    {
        if (header != null) request.Headers.Add(header);
        return request.Headers.MessageId;
    }

    public void AfterReceiveReply(ref Message reply, object messageId)
    {
        if (messageId == null) return;
        if (reply.Headers.RelatesTo != (UniqueId)messageId) throw new ProtocolException("to another request");
        if (!reply.IsFault && reply.Headers.Action != replyAction)
            throw new ProtocolException("Action is " + reply.Headers.Action);
    }

    public void AddBindingParameters(ServiceEndpoint endpoint, BindingParameterCollection parameters) { }
    public void ApplyDispatchBehavior(ServiceEndpoint endpoint, EndpointDispatcher dispatcher) { }
    public void Validate(ServiceEndpoint endpoint) { }
}
