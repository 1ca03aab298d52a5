"""Calls Issue through zeep, a SOAP client that knows nothing but the WSDL it is given.

Prints one line for each case: `case NAME ok subject=… audience=…` or `case NAME fault=CODE`.
Exit code: 0 when every case ended as it should, 1 when one did not, 2 when the arguments make no sense.
"""

import argparse
import datetime
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport
from zeep.wsse import utils
from zeep.wsse.username import UsernameToken

TRUST_13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
TRUST_2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust"
BEARER = {
    TRUST_13: f"{TRUST_13}/Bearer",
    TRUST_2005: "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey",
}
ADDRESSING = "http://www.w3.org/2005/08/addressing"
POLICY = "http://schemas.xmlsoap.org/ws/2004/09/policy"
SAML11 = "urn:oasis:names:tc:SAML:1.0:assertion"
SAML20 = "urn:oasis:names:tc:SAML:2.0:assertion"
NOBODY = "urn:viaduct:interop:nobody"
TIMEOUT_SECONDS = 20
LIFETIME_MINUTES = 5


class Unexpected(Exception):
    """The case did not end as it should."""


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


def check_assertion(envelope, trust, token_type, options):
    """The signature is judged by xmlsec1, with the certificate given to us and no other."""
    is_saml2 = token_type == SAML20
    found = envelope.findall(f".//{{{trust}}}RequestedSecurityToken/{{{token_type}}}Assertion")
    if len(found) != 1:
        raise Unexpected(f"{len(found)} assertions of the type")
    verify_signature(found[0], "ID" if is_saml2 else "AssertionID", options.saml_cert)
    namespace = {"s": token_type}
    subject = found[0].findtext(".//s:NameID" if is_saml2 else ".//s:NameIdentifier", namespaces=namespace)
    audiences = [one.text for one in found[0].findall(".//s:Audience", namespaces=namespace)]
    if audiences != [options.applies_to]:
        raise Unexpected(f"audience is {audiences}")
    return f"ok subject={subject} audience={','.join(audiences)}"


def verify_signature(assertion, id_attribute, certificate):
    root = etree.QName(assertion)
    signed_id = assertion.get(id_attribute)
    references = assertion.findall(".//{http://www.w3.org/2000/09/xmldsig#}Reference")
    if [one.get("URI") for one in references] != [f"#{signed_id}"]:
        raise Unexpected("the signature does not cover the assertion")
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(etree.tostring(assertion, with_tail=False))
        file.flush()
        command = ["xmlsec1", "--verify", "--pubkey-cert-pem", certificate, "--enabled-key-data", "key-name"]
        command += [f"--id-attr:{id_attribute}", f"{root.namespace}:{root.localname}", file.name]
        judged = subprocess.run(command, capture_output=True, text=True, check=False)
    if judged.returncode != 0:
        raise Unexpected("xmlsec1 refuses the signature")


def cases(options):
    """(name, wanted fault or None, port, call) for each case."""

    def credential(suffix="", has_timestamp=False):
        password = Path(options.password_file).read_text(encoding="utf-8").rstrip() + suffix
        return UsernameToken(options.user, password, timestamp_token=timestamp() if has_timestamp else None)

    for port in options.ports.split(","):
        target = options.applies_to
        yield f"{port}-saml11", None, port, (credential(), SAML11, target)
        yield f"{port}-saml2", None, port, (credential(), SAML20, target)
        yield f"{port}-timestamp", None, port, (credential(has_timestamp=True), SAML20, target)
        yield f"{port}-wrong-password", "FailedAuthentication", port, (credential("-wrong"), SAML20, target)
        yield f"{port}-unknown-applies-to", "InvalidScope", port, (credential(), SAML20, NOBODY)


def fault_code(fault):
    """The local name of the subcode (SOAP 1.2) or code (1.1); zeep does not resolve the prefix of the latter."""
    if fault.subcodes:
        return etree.QName(fault.subcodes[0]).localname
    return str(fault.code).split(":")[-1]


def run(sts, port, call):
    try:
        envelope = sts.issue(port, *call)
    except Fault as fault:
        return f"fault={fault_code(fault)}"
    return check_assertion(envelope, trust_of(port), call[1], sts.options)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "tls-cert", "saml-cert", "user", "password-file", "applies-to"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--wsdl", help="default: the url with ?wsdl")
    parser.add_argument("--ports", default="TransportUT_Port", help="ports of the WSDL, with commas")
    parser.add_argument("--cases", help="names of cases, with commas; default: all")
    options = parser.parse_args()
    chosen = list(cases(options))
    if options.cases:
        names = options.cases.split(",")
        unknown = set(names) - {one[0] for one in chosen}
        if unknown:
            parser.error(f"no case {', '.join(sorted(unknown))}; there are {' '.join(one[0] for one in chosen)}")
        chosen = [one for one in chosen if one[0] in names]
    return options, chosen


def main():
    options, chosen = parse_arguments()
    all_as_wanted = True
    try:
        sts = Sts(options)
    except Exception as problem:  # whatever zeep, lxml or requests makes of a WSDL it cannot load
        print(f"case wsdl-strict error={type(problem).__name__}: {problem} UNEXPECTED, wanted ok")
        return 1
    print("case wsdl-strict ok")
    for name, wanted_fault, port, call in chosen:
        try:
            line = run(sts, port, call)
        except Exception as problem:  # a client's user sees any of them as a failure
            line = f"error={type(problem).__name__}: {problem}"
        wanted = f"fault={wanted_fault}" if wanted_fault else "ok"
        is_as_wanted = line.split(" ")[0] == wanted
        all_as_wanted = all_as_wanted and is_as_wanted
        print(f"case {name} {line}" + ("" if is_as_wanted else f" UNEXPECTED, wanted {wanted}"))
    return 0 if all_as_wanted else 1


if __name__ == "__main__":
    sys.exit(main())
