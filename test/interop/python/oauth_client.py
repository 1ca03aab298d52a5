"""Clients of OAuth that cross over to SAML: google-auth exchanges what pysaml2 signed, Authlib presents it as a grant and takes our access
tokens as a server does (RFC 9068), pysaml2 reads the assertions that come back.

google-auth is the client of workload identity federation: it takes a token from a file and exchanges it (RFC 8693).
"""

import base64
import json
import os
import sys
import tempfile
from pathlib import Path

import requests
import saml2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750 import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from cases import SAML20, Case, Refused, Unexpected, check_assertion, choose, origin_of, parse_arguments, run
from google.auth.exceptions import OAuthError as GoogleOAuthError
from google.auth.identity_pool import Credentials
from google.auth.transport.requests import Request
from lxml import etree
from messages import ask, response_around
from saml2.client import Saml2Client
from saml2.config import IdPConfig, SPConfig
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
from saml2.server import Server
from saml2.sigver import SignatureError

TYPES = "urn:ietf:params:oauth:token-type:"
GRANTS = "urn:ietf:params:oauth:grant-type:"
ASSERTION = f"{{{SAML20}}}Assertion"
METADATA = """<m:EntityDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}"><m:{role}
protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{parts}</m:{role}></m:EntityDescriptor>"""
KEY = """<m:KeyDescriptor use="signing"><d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:X509Data><d:X509Certificate>{certificate}
</d:X509Certificate></d:X509Data></d:KeyInfo></m:KeyDescriptor>"""
SIGN_ON = f'<m:SingleSignOnService Binding="{saml2.BINDING_HTTP_REDIRECT}" Location="https://idp.example/"/>'


def consumer(address):
    return f'<m:AssertionConsumerService Binding="{saml2.BINDING_HTTP_POST}" Location="{address}" index="0"/>'


def text_of(path):
    return Path(path).read_text(encoding="ascii").strip()


def session_of(options):
    session = OAuth2Session(options.client, text_of(options.client_secret_file))
    session.verify = options.tls_cert
    # The proxies of the environment are not for a server on this host.
    session.trust_env = False
    return session


def signed_by_pysaml2(options):
    """An assertion about alice for us, as a partner on pysaml2 writes it. Unless it is told otherwise it signs with SHA-1."""
    address = f"{origin_of(options)}/token"
    us = METADATA.format(entity=options.our_name, role="SPSSODescriptor", parts=consumer(address))
    partner = Server(
        config=IdPConfig().load(
            {
                "entityid": "urn:partner:idp",
                "key_file": options.partner_key,
                "cert_file": options.partner_cert,
                "metadata": {"inline": [us]},
                "service": {
                    "idp": {
                        "endpoints": {"single_sign_on_service": [("https://idp.example/", saml2.BINDING_HTTP_POST)]},
                        "policy": {"default": {"lifetime": {"minutes": 5}}},
                    }
                },
            }
        )
    )
    response = partner.create_authn_response(
        {"mail": ["alice@partner.example"]},
        in_response_to=None,
        destination=address,
        sp_entity_id=options.our_name,
        name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text="alice@partner.example"),
        sign_assertion=True,
        sign_response=False,
        sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
    )
    # With the namespaces that were declared around it.
    assertion = etree.fromstring(str(response).encode()).find(f".//{ASSERTION}")
    return etree.tostring(assertion, with_tail=False)


def in_base64url(assertion):
    return base64.urlsafe_b64encode(assertion).rstrip(b"=").decode()


def exchanged_by_google(options, token, token_type, audience, secret=None):
    """The access token that google-auth gets for what stands in a file."""
    with tempfile.NamedTemporaryFile("w", suffix=".token") as file:
        file.write(token)
        file.flush()
        credentials = Credentials.from_info(
            {
                "type": "external_account",
                "audience": audience,
                "subject_token_type": f"{TYPES}{token_type}",
                "token_url": f"{origin_of(options)}/token",
                "client_id": options.client,
                "client_secret": secret or text_of(options.client_secret_file),
                "credential_source": {"file": file.name},
            }
        ).with_scopes(["orders.read"])
        http = requests.Session()
        http.verify = options.tls_cert
        http.trust_env = False
        try:
            credentials.refresh(Request(http))
        except GoogleOAuthError as refused:
            raise Refused(json.loads(refused.args[1])["error"]) from refused
    return credentials.token


class Orders(JWTBearerTokenValidator):
    """A server of orders on Authlib: issuer, audience, signature, times and type of an access token."""

    def __init__(self, options, audience):
        super().__init__(issuer=origin_of(options), resource_server=audience)
        self.options = options

    def get_jwks(self):
        return session_of(self.options).get(f"{origin_of(self.options)}/jwks", withhold_token=True).json()

    def validate_iss(self, claims, value):
        return value == self.issuer


def taken_by_authlib(options, token, audience):
    server = Orders(options, audience)
    try:
        claims = server.authenticate_token(token)
        server.validate_token(claims, ["orders.read"], None)
    except InvalidTokenError as refused:
        raise Refused(refused.error) from refused
    return f"subject={claims['sub']} client={claims['client_id']} scope={claims['scope']}"


def fetched_by_authlib(options, **form):
    try:
        return session_of(options).fetch_token(f"{origin_of(options)}/token", **form)["access_token"]
    except OAuthError as refused:
        raise Refused(refused.error) from refused


def granted(options, assertion):
    """Presented as a grant (RFC 7522)."""
    form = {"grant_type": f"{GRANTS}saml2-bearer", "assertion": in_base64url(assertion), "audience": options.audience}
    return fetched_by_authlib(options, **form)


def granted_twice(options):
    assertion = signed_by_pysaml2(options)
    granted(options, assertion)
    return granted(options, assertion)


def assertion_for(options, subject_token):
    """An assertion of ours for a JWT."""
    form = {
        "grant_type": f"{GRANTS}token-exchange",
        "subject_token": subject_token,
        "subject_token_type": f"{TYPES}jwt",
        "requested_token_type": f"{TYPES}saml2",
        "audience": options.audience,
    }
    token = fetched_by_authlib(options, **form)
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()


def read_by_pysaml2(options, assertion):
    """As a service on pysaml2 takes it: signature, times, issuer, audience and Recipient."""
    address = options.applies_to
    certificate = "".join(text_of(options.saml_cert).splitlines()[1:-1])
    parts = KEY.format(certificate=certificate) + SIGN_ON
    issuer = METADATA.format(entity=origin_of(options), role="IDPSSODescriptor", parts=parts)
    service = Saml2Client(
        config=SPConfig().load(
            {
                "entityid": address,
                "metadata": {"inline": [issuer]},
                "allow_unknown_attributes": True,
                "service": {
                    "sp": {
                        "allow_unsolicited": True,
                        "want_response_signed": False,
                        "want_assertions_signed": True,
                        "endpoints": {"assertion_consumer_service": [(address, saml2.BINDING_HTTP_POST)]},
                    }
                },
            }
        )
    )
    message = base64.b64encode(response_around(options, assertion, address).encode()).decode()
    try:
        response = service.parse_authn_request_response(message, saml2.BINDING_HTTP_POST)
    except SignatureError as refused:
        raise Refused("SignatureError") from refused
    if response is None:
        raise Unexpected("no response")
    return f"subject={response.name_id.text} email={','.join(response.ava['email'])}"


def on_behalf_of(options):
    """The assertion of the partner, presented by a user of ours over SOAP."""
    more = f"<t:OnBehalfOf>{signed_by_pysaml2(options).decode()}</t:OnBehalfOf>"
    assertion = ask(options, "/ws-trust", SAML20, options.applies_to, more=more)
    return check_assertion(assertion.encode(), SAML20, options)[1]


def changed(assertion):
    """The same words about somebody else."""
    return assertion.replace(b">alice@", b">carol@")


def cases(options):
    jwt = text_of(options.subject_token_file)
    audience = options.audience

    def google(token, token_type, to=audience, secret=None):
        return lambda: taken_by_authlib(options, exchanged_by_google(options, token(), token_type, to, secret), audience)

    def signed():
        return signed_by_pysaml2(options)

    yield Case("google-auth-jwt", None, google(lambda: jwt, "jwt"))
    yield Case("google-auth-assertion", None, google(lambda: in_base64url(signed()), "saml2"))
    changed_one = google(lambda: in_base64url(changed(signed())), "saml2")
    yield Case("google-auth-changed-assertion", "invalid_request", changed_one)
    yield Case("google-auth-wrong-secret", "invalid_client", google(lambda: jwt, "jwt", secret="x" * 40))
    yield Case("google-auth-unknown-audience", "invalid_target", google(lambda: jwt, "jwt", to="//iam.example/nobody"))
    yield Case(
        "authlib-other-audience",
        "invalid_token",
        lambda: taken_by_authlib(options, exchanged_by_google(options, jwt, "jwt", audience), "another"),
    )
    yield Case("authlib-grant", None, lambda: taken_by_authlib(options, granted(options, signed()), audience))
    yield Case("authlib-grant-twice", "invalid_grant", lambda: granted_twice(options))
    yield Case("pysaml2-on-behalf-of", None, lambda: on_behalf_of(options))
    yield Case("pysaml2-reads", None, lambda: read_by_pysaml2(options, assertion_for(options, jwt)))
    yield Case(
        "pysaml2-reads-changed",
        "SignatureError",
        lambda: read_by_pysaml2(options, changed(assertion_for(options, jwt).encode()).decode()),
    )


def main():
    more = ("client", "client-secret-file", "subject-token-file", "audience", "our-name", "partner-cert", "partner-key")
    parser, options = parse_arguments(__doc__, *more)
    os.environ["NO_PROXY"] = "localhost"
    return run(choose(parser, options, list(cases(options))))


if __name__ == "__main__":
    sys.exit(main())
