// What STSClient can do with a token besides: it names the token by a reference, and does not send it.
package viaduct.rampart;

import org.apache.rahas.TrustUtil;
import org.apache.rampart.RampartMessageData;

final class Steps {
    private Steps() { }

    static String validate(Issue issue, IssuedToken issued, Server server) throws Exception {
        TrustUtil.getTokenStore(server.axis()).add(issued.token());
        issue.client(server, "Validate").validateToken(issued.token().getId(), issue.address(server), issue.policy(server));
        return "no-fault";
    }

    static String renew(Issue issue, IssuedToken issued, Server server) throws Exception {
        TrustUtil.getTokenStore(server.axis()).add(issued.token());
        issue.client(server, "Renew").renewToken(issued.token().getId(), issue.address(server), issue.policy(server));
        return "no-fault";
    }

    /** STSClient takes no policy for it: it is handed over with the options. */
    static String cancel(Issue issue, IssuedToken issued, Server server) throws Exception {
        var client = issue.client(server, "Cancel");
        var options = issue.options(server);
        options.setProperty(RampartMessageData.KEY_RAMPART_POLICY, issue.policy(server));
        client.setOptions(options);
        var isCancelled = client.cancelToken(issue.address(server), issued.token().getId(), null);
        return "cancelled=" + isCancelled;
    }
}
