"""What the clients have in common: their options, one line for each case, and the judge of what they got.

A line is `case NAME ok …` or `case NAME fault=CODE`. Exit code: 0 when every case ended as it should, 1 when one did not, 2 when
the arguments make no sense.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path
from typing import Callable, NamedTuple, Optional
from urllib.parse import urlsplit

from lxml import etree

SAML11 = "urn:oasis:names:tc:SAML:1.0:assertion"
SAML20 = "urn:oasis:names:tc:SAML:2.0:assertion"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
NOBODY = "urn:viaduct:interop:nobody"


class Unexpected(Exception):
    """The case did not end as it should."""


class Refused(Exception):
    """The server answered with a fault; the text is the local name of its code."""


class Case(NamedTuple):
    name: str
    # The fault that is wanted; none: the case is to end well.
    fault: Optional[str]
    # Gives what is to be printed behind `ok`.
    call: Callable[[], str]


def add_arguments(parser, *more):
    for name in ("url", "tls-cert", "saml-cert", "user", "password-file", "applies-to", *more):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--cases", help="names of cases, with commas; default: all")


def parse_arguments(description, *more):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, *more)
    return parser, parser.parse_args()


def choose(parser, options, cases):
    if not options.cases:
        return cases
    names = options.cases.split(",")
    unknown = set(names) - {one.name for one in cases}
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; there are {' '.join(one.name for one in cases)}")
    return [one for one in cases if one.name in names]


def password_of(options):
    return Path(options.password_file).read_text(encoding="utf-8").rstrip()


def origin_of(options):
    scheme, authority, *_ = urlsplit(options.url)
    return f"{scheme}://{authority}"


def run(cases):
    """Runs the cases and prints their lines. Gives the exit code."""
    all_as_wanted = True
    for name, fault, call in cases:
        try:
            line = f"ok {call()}".rstrip()
        except Refused as refused:
            line = f"fault={refused}"
        except Exception as problem:  # a client's user sees any of them as a failure
            line = f"error={type(problem).__name__}: {problem}"
        wanted = f"fault={fault}" if fault else "ok"
        is_as_wanted = line.split(" ")[0] == wanted
        all_as_wanted = all_as_wanted and is_as_wanted
        print(f"case {name} {line}" + ("" if is_as_wanted else f" UNEXPECTED, wanted {wanted}"))
    return 0 if all_as_wanted else 1


def check_assertion(text, namespace, options):
    """Judges the bytes that a client hands on. Gives the assertion, the subject and the audience."""
    assertion = etree.fromstring(text)
    if assertion.tag != f"{{{namespace}}}Assertion":
        raise Unexpected(f"{assertion.tag} is no assertion of {namespace}")
    is_saml2 = namespace == SAML20
    verify_signature(text, assertion, "ID" if is_saml2 else "AssertionID", options.saml_cert)
    names = {"s": namespace}
    subject = assertion.findtext(".//s:NameID" if is_saml2 else ".//s:NameIdentifier", namespaces=names)
    audiences = [one.text for one in assertion.findall(".//s:Audience", namespaces=names)]
    if audiences != [options.applies_to]:
        raise Unexpected(f"audience is {audiences}")
    return assertion, f"subject={subject} audience={','.join(audiences)}"


def verify_signature(text, assertion, id_attribute, certificate):
    """The signature is judged by xmlsec1, with the certificate given to us and no other."""
    root = etree.QName(assertion)
    references = assertion.findall(f".//{SIGNATURE}Reference")
    if [one.get("URI") for one in references] != [f"#{assertion.get(id_attribute)}"]:
        raise Unexpected("the signature does not cover the assertion")
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(text)
        file.flush()
        command = ["xmlsec1", "--verify", "--pubkey-cert-pem", certificate, "--enabled-key-data", "key-name"]
        command += [f"--id-attr:{id_attribute}", f"{root.namespace}:{root.localname}", file.name]
        judged = subprocess.run(command, capture_output=True, text=True, check=False)
    if judged.returncode != 0:
        raise Unexpected("xmlsec1 refuses the signature")
