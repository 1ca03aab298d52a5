// A call of the relying party, which makes Metro get a token of the server under test first and show it there.
package viaduct.metro;

import com.sun.xml.ws.security.trust.STSIssuedTokenFeature;
import jakarta.xml.ws.BindingProvider;
import java.io.StringReader;
import javax.xml.transform.Source;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMResult;
import javax.xml.transform.stream.StreamSource;
import org.w3c.dom.Document;
import viaduct.client.Case;

record CallOfService(String tokenType, Issue.Key key, String signer) implements Case.Call<Server> {
    CallOfService(String tokenType, Issue.Key key) {
        this(tokenType, key, "saml-cert");
    }

    @Override
    public String run(Server server) throws Exception {
        var arguments = server.arguments();
        var sts = server.configuration(Wst.V13, Port.general(Wst.V13, "1.2"));
        Server.nameUser(sts.getOtherOptions(), arguments.user(), arguments.password());
        try (var service = new Service(arguments, tokenType, key, signer)) {
            var mode = jakarta.xml.ws.Service.Mode.PAYLOAD;
            var call = jakarta.xml.ws.Service.create(service.wsdl(), Service.NAME)
                .createDispatch(Service.PORT, Source.class, mode, new STSIssuedTokenFeature(sts));
            call.getRequestContext().put(BindingProvider.SOAPACTION_USE_PROPERTY, true);
            call.getRequestContext().put(BindingProvider.SOAPACTION_URI_PROPERTY, ServiceWsdl.NAMESPACE + "/ask");
            var question = "<e:ask xmlns:e='" + ServiceWsdl.NAMESPACE + "'>?</e:ask>";
            return textOf(call.invoke(new StreamSource(new StringReader(question))));
        }
    }

    private static String textOf(Source answer) throws Exception {
        var result = new DOMResult();
        TransformerFactory.newInstance().newTransformer().transform(answer, result);
        return ((Document) result.getNode()).getDocumentElement().getTextContent();
    }
}
