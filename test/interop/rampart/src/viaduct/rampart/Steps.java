// What STSClient can do with a token besides. By itself it names the token by a reference, and does not send it; what it takes for
// the reference is up to its user.
package viaduct.rampart;

import static viaduct.client.Check.require;

import org.apache.axiom.om.util.AXIOMUtil;
import org.apache.rahas.TrustUtil;
import org.apache.rampart.RampartMessageData;

final class Steps {
    private Steps() { }

    static String validate(Issue issue, IssuedToken issued, Server server) throws Exception {
        TrustUtil.getTokenStore(server.axis()).add(issued.token());
        issue.client(server, "Validate").validateToken(issued.token().getId(), issue.address(server), issue.policy(server));
        return "no-fault";
    }

    /** Whatever the answer says: `validateToken` throws what is a fault, and does not read the status. */
    static String validateSent(Issue issue, IssuedToken issued, Server server) throws Exception {
        sent(issued);
        return validate(issue, issued, server);
    }

    /** No token of the server's, so that the answer says invalid. */
    static String validateChanged(Issue issue, IssuedToken issued, Server server) throws Exception {
        var text = issued.token().getToken().toString().replace(">" + server.arguments().user() + "<", ">eve<");
        issued.token().setUnattachedReference(AXIOMUtil.stringToOM(text));
        return validate(issue, issued, server);
    }

    static String renewSent(Issue issue, IssuedToken issued, Server server) throws Exception {
        sent(issued);
        return renew(issue, issued, server);
    }

    /** With a store for the new token, which STSClient reads from a bare response: of February 2005, not of 1.3. */
    static String renewIntoStore(Issue issue, IssuedToken issued, Server server) throws Exception {
        sent(issued);
        var first = issued.token().getToken().toString();
        var store = TrustUtil.getTokenStore(server.axis());
        store.add(issued.token());
        issue.client(server, "Renew").renewToken(
            issued.token().getId(), issue.address(server), issue.policy(server), store);
        var renewed = store.getToken(issued.token().getId());
        require(!first.equals(renewed.getToken().toString()), "the token is the old one");
        return new IssuedToken(renewed, issued.wantedType(), issued.key(), issued.appliesTo()).checkAssertion(server);
    }

    private static void sent(IssuedToken issued) {
        issued.token().setUnattachedReference(issued.token().getToken().cloneOMElement());
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
