"""Hands our assertions to libraries that services take them with: python3-saml (that of OneLogin) and signxml.

The assertions come from our server, over SOAP, in every shape there is. python3-saml wants them in a Response of SAML 2.0, which is
written here around them; it is unsigned, and must be.
"""

import base64
import sys
from pathlib import Path

from cases import SAML11, SAML20, Case, Refused, choose, origin_of, parse_arguments, run
from lxml import etree
from messages import ask, response_around
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from signxml import XMLVerifier
from signxml.exceptions import InvalidDigest

HERE = {"https": "on", "http_host": "rp.example", "script_name": "/acs", "server_port": "443"}
ADDRESS = "https://rp.example/acs"
SHAPES = {"generic": "/ws-trust", "adfs": "/adfs/services/trust/13/usernamemixed", "vcenter": "/sts/STSService"}


def changed(text):
    """The same words about somebody else."""
    return text.replace("@example.org<", "@example.com<")


def read_response(options, assertion, audience):
    """As a service on python3-saml does it: signature, times, issuer, audience, confirmation, and decryption."""
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": audience,
                "assertionConsumerService": {"url": ADDRESS},
                "x509cert": Path(options.rp_cert).read_text(encoding="ascii"),
                "privateKey": Path(options.rp_key).read_text(encoding="ascii"),
            },
            "idp": {
                "entityId": origin_of(options),
                "singleSignOnService": {"url": "https://rp.example/nowhere"},
                "x509cert": Path(options.saml_cert).read_text(encoding="ascii"),
            },
            "security": {"wantAssertionsSigned": True},
        }
    )
    text = response_around(options, assertion, ADDRESS)
    response = OneLogin_Saml2_Response(settings, base64.b64encode(text.encode()).decode())
    if not response.is_valid(HERE):
        raise Refused(response.get_error())
    return f"subject={response.get_nameid()} email={','.join(response.get_attributes()['email'])}"


def verify(options, assertion):
    """As a program on signxml does it: what was signed is all that is read."""
    root = etree.QName(etree.fromstring(assertion).tag).namespace
    certificate = Path(options.saml_cert).read_text(encoding="ascii")
    id_attribute = "ID" if root == SAML20 else "AssertionID"
    try:
        signed = XMLVerifier().verify(assertion.encode(), x509_cert=certificate, id_attribute=id_attribute).signed_xml
    except InvalidDigest as refused:
        raise Refused("InvalidDigest") from refused
    name = "NameID" if root == SAML20 else "NameIdentifier"
    return f"subject={signed.findtext(f'.//{{{root}}}{name}')}"


def cases(options):
    target = options.applies_to
    for shape, path in SHAPES.items():

        def bearer(path=path):
            return ask(options, path, SAML20, target)

        yield Case(f"python3-saml-{shape}", None, lambda get=bearer: read_response(options, get(), target))
        yield Case(f"signxml-{shape}", None, lambda get=bearer: verify(options, get()))
        yield Case(f"signxml-{shape}-changed", "InvalidDigest", lambda get=bearer: verify(options, changed(get())))
    for name, token_type in (("saml11", SAML11), ("saml2", SAML20)):
        yield Case(
            f"signxml-{name}-symmetric",
            None,
            lambda type=token_type: verify(options, ask(options, "/ws-trust", type, target, "SymmetricKey")),
        )
    yield Case(
        "python3-saml-encrypted",
        None,
        lambda: read_response(options, ask(options, "/ws-trust", SAML20, options.sealed), options.sealed),
    )


def main():
    parser, options = parse_arguments(__doc__, "rp-cert", "rp-key", "sealed")
    return run(choose(parser, options, list(cases(options))))


if __name__ == "__main__":
    sys.exit(main())
