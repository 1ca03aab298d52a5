// Writes what is sent, byte for byte, as NAME.xml, and the headers that belong to it as NAME.headers.
package viaduct.interop;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.cxf.helpers.CastUtils;
import org.apache.cxf.io.CacheAndWriteOutputStream;
import org.apache.cxf.io.CachedOutputStream;
import org.apache.cxf.io.CachedOutputStreamCallback;
import org.apache.cxf.message.Message;
import org.apache.cxf.phase.AbstractPhaseInterceptor;
import org.apache.cxf.phase.Phase;

final class Capture extends AbstractPhaseInterceptor<Message> {
    private final Path folder;
    private final Supplier<String> caseName;

    Capture(Path folder, Supplier<String> caseName) {
        super(Phase.PRE_STREAM);
        this.folder = folder;
        this.caseName = caseName;
    }

    @Override
    public void handleMessage(Message message) {
        var copy = new CacheAndWriteOutputStream(message.getContent(OutputStream.class));
        message.setContent(OutputStream.class, copy);
        copy.registerCallback(new CachedOutputStreamCallback() {
            @Override
            public void onFlush(CachedOutputStream stream) { }

            @Override
            public void onClose(CachedOutputStream stream) {
                save(message, stream);
            }
        });
    }

    private void save(Message message, CachedOutputStream stream) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve(caseName.get() + ".xml"), stream.getBytes());
            Files.writeString(folder.resolve(caseName.get() + ".headers"), headers(message), StandardCharsets.US_ASCII);
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private static String headers(Message message) {
        Map<String, List<String>> sent = CastUtils.cast((Map<?, ?>) message.get(Message.PROTOCOL_HEADERS));
        // The conduit writes the charset behind the type, later than any interceptor sees it.
        var lines = new StringBuilder("content-type: " + message.get(Message.CONTENT_TYPE)
            + "; charset=" + message.get(Message.ENCODING) + "\n");
        sent.forEach((name, values) -> {
            if ("SOAPAction".equalsIgnoreCase(name)) {
                lines.append("soapaction: ").append(values.get(0)).append("\n");
            }
        });
        return lines.toString();
    }
}
