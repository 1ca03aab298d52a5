"""Calls Issue through zeep, a SOAP client that knows nothing but the WSDL it is given."""

import argparse
import datetime
import sys

import requests
import xmlsec
from cases import NOBODY, SAML11, SAML20, Case, Refused, Unexpected, add_arguments, check_assertion, choose, password_of, run
from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport
from zeep.wsse import utils
from zeep.wsse.signature import BinarySignature
from zeep.wsse.username import UsernameToken

TRUST_13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
TRUST_2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust"
BEARER = {
    TRUST_13: f"{TRUST_13}/Bearer",
    TRUST_2005: "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey",
}
ADDRESSING = "http://www.w3.org/2005/08/addressing"
POLICY = "http://schemas.xmlsoap.org/ws/2004/09/policy"
TIMEOUT_SECONDS = 20
LIFETIME_MINUTES = 5


class Sts:
    """The server as its WSDL describes it, loaded in zeep's strict mode."""

    def __init__(self, options):
        self.options = options
        session = requests.Session()
        session.verify = options.tls_cert
        # The proxies of the environment are not for a server on this host.
        session.trust_env = False
        self.transport = Transport(session=session, timeout=TIMEOUT_SECONDS, operation_timeout=TIMEOUT_SECONDS)
        self.wsdl = self.client(None).wsdl

    def client(self, credential, *plugins):
        location = getattr(self, "wsdl", None) or self.options.wsdl or f"{self.options.url}?wsdl"
        return Client(
            location,
            wsse=credential,
            transport=self.transport,
            settings=Settings(strict=True),
            plugins=list(plugins),
        )

    def issue(self, port, credential, token_type, applies_to):
        """Returns the envelope of the answer; zeep has parsed it against the schema of the WSDL by then."""
        history = HistoryPlugin()
        service = self.client(credential, history).bind("SecurityTokenService", port)
        operation = issue_operation(service)
        answer = service[operation](_value_1=request_children(trust_of(port), token_type, applies_to))
        if not answer:
            raise Unexpected("zeep read nothing in the answer")
        return history.last_received["envelope"]


def issue_operation(service):
    """The operation is found by its action, as generated clients do, whatever its name."""
    for name, operation in service._binding._operations.items():
        if operation.soapaction.endswith("/RST/Issue"):
            return name
    raise Unexpected("no operation with an action that ends in /RST/Issue")


def trust_of(port):
    """A port of February 2005 says so in its name."""
    return TRUST_2005 if "2005" in port else TRUST_13


def request_children(trust, token_type, applies_to):
    def element(namespace, name, *content):
        made = etree.Element(etree.QName(namespace, name))
        for part in content:
            if isinstance(part, str):
                made.text = part
            else:
                made.append(part)
        return made

    address = element(ADDRESSING, "Address", applies_to)
    return [
        element(trust, "TokenType", token_type),
        element(trust, "RequestType", f"{trust}/Issue"),
        element(POLICY, "AppliesTo", element(ADDRESSING, "EndpointReference", address)),
        element(trust, "KeyType", BEARER[trust]),
    ]


def timestamp():
    """With zeep's own idea of a time: microseconds and `+00:00`."""
    now = datetime.datetime.now(datetime.timezone.utc)
    made = utils.WSU.Timestamp()
    for name, instant in (("Created", now), ("Expires", now + datetime.timedelta(minutes=LIFETIME_MINUTES))):
        made.append(getattr(utils.WSU, name)(utils.get_timestamp(instant)))
    return made


class Certificate(BinarySignature):
    """zeep signs the Body, and the Timestamp where somebody has put one there."""

    def apply(self, envelope, headers):
        utils.get_security_header(envelope).append(timestamp())
        return super().apply(envelope, headers)

    def verify(self, envelope):
        """Over TLS the answer is not signed."""
        return envelope


def certificate_of(options, signature, digest):
    return Certificate(options.client_key, options.client_cert, signature_method=signature, digest_method=digest)


def fault_code(fault):
    """The local name of the subcode (SOAP 1.2) or code (1.1); zeep does not resolve the prefix of the latter."""
    if fault.subcodes:
        return etree.QName(fault.subcodes[0]).localname
    return str(fault.code).split(":")[-1]


def issue(sts, port, credential, token_type, applies_to):
    try:
        envelope = sts.issue(port, credential, token_type, applies_to)
    except Fault as fault:
        raise Refused(fault_code(fault)) from fault
    found = envelope.findall(f".//{{{trust_of(port)}}}RequestedSecurityToken/{{{token_type}}}Assertion")
    if len(found) != 1:
        raise Unexpected(f"{len(found)} assertions of the type")
    return check_assertion(etree.tostring(found[0], with_tail=False), token_type, sts.options)[1]


def cases(sts, options):
    def credential(suffix="", has_timestamp=False):
        password = password_of(options) + suffix
        return UsernameToken(options.user, password, timestamp_token=timestamp() if has_timestamp else None)

    for port in options.ports.split(","):
        target = options.applies_to

        def case(name, fault, *call, port=port):
            return Case(f"{port}-{name}", fault, lambda: issue(sts, port, *call))

        yield case("saml11", None, credential(), SAML11, target)
        yield case("saml2", None, credential(), SAML20, target)
        yield case("timestamp", None, credential(has_timestamp=True), SAML20, target)
        yield case("wrong-password", "FailedAuthentication", credential("-wrong"), SAML20, target)
        yield case("unknown-applies-to", "InvalidScope", credential(), SAML20, NOBODY)
        if options.client_cert:
            sha256 = certificate_of(options, xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA256)
            yield case("x509", None, sha256, SAML20, target)
            yield case("x509-sha1", "UnsupportedAlgorithm", certificate_of(options, None, None), SAML20, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--wsdl", help="default: the url with ?wsdl")
    parser.add_argument("--client-cert", help="PEM; adds the cases in which the message is signed")
    parser.add_argument("--client-key", help="PEM: its key")
    parser.add_argument("--ports", default="TransportUT_Port", help="ports of the WSDL, with commas")
    options = parser.parse_args()
    try:
        sts = Sts(options)
    except Exception as problem:  # whatever zeep, lxml or requests makes of a WSDL it cannot load
        print(f"case wsdl-strict error={type(problem).__name__}: {problem} UNEXPECTED, wanted ok")
        return 1
    print("case wsdl-strict ok")
    return run(choose(parser, options, list(cases(sts, options))))


if __name__ == "__main__":
    sys.exit(main())
