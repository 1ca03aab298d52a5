// Keeps what is sent, one file a case: the envelope as Rampart made it.
package viaduct.rampart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.axis2.AxisFault;
import org.apache.axis2.context.ConfigurationContext;
import org.apache.axis2.context.MessageContext;
import org.apache.axis2.description.TransportOutDescription;
import org.apache.axis2.handlers.AbstractHandler;
import org.apache.axis2.transport.TransportSender;

final class Capture extends AbstractHandler implements TransportSender {
    private final TransportSender sender;
    private final Path folder;
    private final Supplier<String> caseName;

    Capture(TransportSender sender, Path folder, Supplier<String> caseName) {
        this.sender = sender;
        this.folder = folder;
        this.caseName = caseName;
    }

    @Override
    public InvocationResponse invoke(MessageContext message) throws AxisFault {
        try {
            Files.writeString(folder.resolve(caseName.get() + ".xml"), message.getEnvelope().toString());
        } catch (IOException problem) {
            throw AxisFault.makeFault(problem);
        }
        return sender.invoke(message);
    }

    @Override
    public void init(ConfigurationContext context, TransportOutDescription transport) throws AxisFault {
        sender.init(context, transport);
    }

    @Override
    public void cleanup(MessageContext message) throws AxisFault {
        sender.cleanup(message);
    }

    @Override
    public void stop() {
        sender.stop();
    }
}
