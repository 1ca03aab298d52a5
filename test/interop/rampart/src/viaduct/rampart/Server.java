// The server under test as an Axis2 client knows it: Axis2 with its modules, trust in TLS, the ports and policies of the WSDL.
package viaduct.rampart;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.xml.namespace.QName;
import javax.xml.stream.XMLOutputFactory;
import org.apache.axis2.client.Options;
import org.apache.axis2.context.ConfigurationContext;
import org.apache.axis2.context.ConfigurationContextFactory;
import org.apache.axis2.description.AxisEndpoint;
import org.apache.axis2.description.AxisService;
import org.apache.axis2.transport.http.HTTPConstants;
import org.apache.commons.httpclient.MultiThreadedHttpConnectionManager;
import org.apache.neethi.Policy;
import org.apache.neethi.PolicyEngine;
import viaduct.client.Arguments;
import viaduct.client.Case;
import viaduct.client.Trust;

final class Server {
    private static final QName SERVICE =
        new QName("http://docs.oasis-open.org/ws-sx/ws-trust/200512/", "SecurityTokenService");

    private static final int MAX_CONNECTIONS = 20;

    private final Arguments arguments;
    private final ConfigurationContext axis;
    private final Map<Port, AxisEndpoint> endpoints = new HashMap<>();
    private String caseName;

    Server(Arguments arguments) throws Exception {
        this.arguments = arguments;
        // The HTTP client of Axis2, and what reads the WSDL, take what Java trusts.
        SSLContext.setDefault(Trust.tls(arguments.trusted("tls-cert")));
        axis = ConfigurationContextFactory.createConfigurationContextFromFileSystem(
            System.getProperty("axis2.repository"), null);
        // STSClient leaves the connections of Validate, Renew and Cancel open; Axis2 alone would have two for a host.
        var connections = new MultiThreadedHttpConnectionManager();
        connections.getParams().setDefaultMaxConnectionsPerHost(MAX_CONNECTIONS);
        axis.setProperty(HTTPConstants.MULTITHREAD_HTTP_CONNECTION_MANAGER, connections);
        if (arguments.capture() != null) {
            var https = axis.getAxisConfiguration().getTransportOut("https");
            https.setSender(new Capture(https.getSender(), arguments.capture(), () -> caseName));
        }
    }

    String run(Case<Server> one) throws Exception {
        caseName = one.name();
        return one.call().run(this);
    }

    Arguments arguments() {
        return arguments;
    }

    ConfigurationContext axis() {
        return axis;
    }

    String addressOf(Port port) throws Exception {
        return endpointOf(port).getEndpointURL();
    }

    /** The policy that the WSDL attaches to a port, as Axis2 reads it and Neethi writes it. */
    String policyOf(Port port) throws Exception {
        var text = new ByteArrayOutputStream();
        var writer = XMLOutputFactory.newInstance().createXMLStreamWriter(text, "UTF-8");
        endpointOf(port).getBinding().getEffectivePolicy().serialize(writer);
        writer.flush();
        return text.toString(StandardCharsets.UTF_8);
    }

    static Policy parsePolicy(String text) {
        return PolicyEngine.getPolicy(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private AxisEndpoint endpointOf(Port port) throws Exception {
        var known = endpoints.get(port);
        if (known != null) {
            return known;
        }
        var wsdl = new URL(arguments.origin() + port.wsdl());
        var service = AxisService.createClientSideAxisService(wsdl, SERVICE, port.name(), new Options());
        var endpoint = service.getEndpoint(port.name());
        endpoints.put(port, endpoint);
        return endpoint;
    }
}
