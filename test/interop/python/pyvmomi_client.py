"""Asks for tokens through the single sign-on module of pyVmomi, the Python SDK of vCenter."""

import ssl
import sys
from pathlib import Path

from cases import SAML20, SIGNATURE, Case, Refused, Unexpected, check_assertion, choose, origin_of, parse_arguments, password_of, run
from lxml import etree
from pyVim.sso import SoapException, SsoAuthenticator

NAMES = {"s": SAML20, "d": "urn:oasis:names:tc:SAML:2.0:conditions:delegation"}
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HOLDER_OF_KEY = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"


class Sso:
    """One address of the server, asked as the SDK asks it."""

    def __init__(self, options, tenant=""):
        self.options = options
        self.authenticator = SsoAuthenticator(f"{origin_of(options)}/sts/STSService{tenant}")

    def trust(self):
        # A context of its own each time: the SDK loads the certificate of the client into it.
        return ssl.create_default_context(cafile=self.options.tls_cert)

    def bearer(self, user=None, password=None, **wanted):
        name, secret = user or self.options.user, password or password_of(self.options)
        return self.ask(self.authenticator.get_bearer_saml_assertion, name, secret, **wanted)

    def holder_of_key(self, name="client", **wanted):
        certificate, key = (getattr(self.options, f"{name}_{part}") for part in ("cert", "key"))
        return self.ask(self.authenticator.get_hok_saml_assertion, certificate, key, **wanted)

    def by_token(self, token, name="client", **wanted):
        key = getattr(self.options, f"{name}_key")
        return self.ask(self.authenticator.get_token_by_token, token, key, **wanted)

    def ask(self, method, *arguments, **wanted):
        try:
            return method(*arguments, ssl_context=self.trust(), **wanted)
        except SoapException as refused:
            raise Refused(refused._fault_code.split(":")[-1]) from refused


def body_of(certificate):
    return "".join(line for line in Path(certificate).read_text(encoding="ascii").split("\n") if "-----" not in line)


def check(token, confirmation, options):
    assertion, end = check_assertion(token.encode(), SAML20, options)
    found = assertion.find(".//s:SubjectConfirmation", namespaces=NAMES)
    if found.get("Method") != confirmation:
        raise Unexpected(f"confirmed by {found.get('Method')}")
    certificates = ["".join(one.text.split()) for one in found.iter(f"{SIGNATURE}X509Certificate")]
    if certificates != ([body_of(options.client_cert)] if confirmation == HOLDER_OF_KEY else []):
        raise Unexpected("the assertion is for another key")
    actors = assertion.findall(".//d:Delegate/s:NameID", namespaces=NAMES)
    return end + "".join(f" actor={actor.text}" for actor in actors)


def cases(options):
    here, tenant = Sso(options), Sso(options, "/vsphere.local")
    bearer = lambda token: check(token, BEARER, options)  # noqa: E731
    hok = lambda token: check(token, HOLDER_OF_KEY, options)  # noqa: E731
    both = {"delegatable": True, "renewable": True}

    def of_colleague():
        return here.bearer(user=options.colleague, delegatable=True)

    return [
        Case("bearer", None, lambda: bearer(here.bearer())),
        Case("bearer-tenant", None, lambda: bearer(tenant.bearer())),
        Case("bearer-one-minute", None, lambda: bearer(here.bearer(token_duration=60))),
        Case("bearer-delegatable-renewable", None, lambda: bearer(here.bearer(**both))),
        Case("bearer-wrong-password", "FailedAuthentication", lambda: bearer(here.bearer(password="wrong"))),
        Case("holder-of-key", None, lambda: hok(here.holder_of_key())),
        Case("holder-of-key-tenant", None, lambda: hok(tenant.holder_of_key())),
        Case("holder-of-key-delegatable-renewable", None, lambda: hok(here.holder_of_key(**both))),
        Case("holder-of-key-stranger", "FailedAuthentication", lambda: hok(here.holder_of_key("stranger"))),
        Case("act-as", None, lambda: hok(here.holder_of_key(act_as_token=of_colleague()))),
        Case("by-token", None, lambda: hok(here.by_token(here.holder_of_key()))),
        Case("by-token-tenant", None, lambda: hok(tenant.by_token(here.holder_of_key(), **both))),
        Case("by-token-other-key", "FailedCheck", lambda: hok(here.by_token(here.holder_of_key(), "stranger"))),
        Case("by-changed-token", "FailedAuthentication", lambda: hok(here.by_token(changed(here.holder_of_key(), options)))),
    ]


def changed(token, options):
    root = etree.fromstring(token)
    root.find(".//s:NameID", namespaces=NAMES).text = options.colleague
    return etree.tostring(root).decode()


def main():
    keys = ("client-cert", "client-key", "stranger-cert", "stranger-key", "colleague")
    parser, options = parse_arguments(__doc__, *keys)
    return run(choose(parser, options, cases(options)))


if __name__ == "__main__":
    sys.exit(main())
