"""Logs a user in through MSAL and through ADAL, as programs do whose domain is federated with AD FS.

They find the address of the user name in our MEX document, ask there for an assertion, cut it out of the answer as text, and hand
it to the cloud as a grant. The cloud is played by this program: it is what takes the assertion. The rest is theirs.
"""

import base64
import json
import sys
from urllib.parse import parse_qs, urlsplit

import adal.constants
import adal.mex
import adal.wstrust_request
import msal
import requests
from cases import NOBODY, SAML11, Case, Refused, Unexpected, check_assertion, choose, origin_of, parse_arguments, password_of, run
from lxml import etree

CLOUD = "https://login.cloud.example"
GRANT = "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
CLIENT = "00000000-0000-0000-0000-000000000001"
SOAP = {"s": "http://www.w3.org/2003/05/soap-envelope"}


class Answer:
    def __init__(self, body):
        self.status_code = 200
        self.headers = {}
        self.text = json.dumps(body)

    def raise_for_status(self):
        pass


class Cloud:
    """What MSAL sends its requests through: those to the cloud are answered here, all others go out."""

    def __init__(self, options, session, realm):
        self.options, self.session, self.realm = options, session, realm
        self.granted = None

    def get(self, url, **rest):
        place = urlsplit(url)
        if not url.startswith(CLOUD):
            return self.session.get(url, **rest)
        if "userrealm" in place.path:
            return Answer({"account_type": "Federated", "domain_name": "example.org", **self.realm})
        endpoints = {name: f"{CLOUD}/tenant/{name}" for name in ("authorization_endpoint", "token_endpoint")}
        return Answer({"issuer": f"{CLOUD}/tenant", **endpoints})

    def post(self, url, data=None, **rest):
        if not url.startswith(CLOUD):
            return self.session.post(url, data=data, **rest)
        form = data if isinstance(data, dict) else {name: values[0] for name, values in parse_qs(data).items()}
        if form["grant_type"] != GRANT:
            raise Unexpected(f"the grant is {form['grant_type']}")
        encoded = form["assertion"] if isinstance(form["assertion"], bytes) else form["assertion"].encode()
        assertion = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
        self.granted = check_assertion(assertion, SAML11, self.options)[1]
        return Answer({"access_token": "given by the cloud", "token_type": "Bearer", "expires_in": 60})


def session_of(options):
    session = requests.Session()
    session.verify = options.tls_cert
    # The proxies of the environment are not for a server on this host.
    session.trust_env = False
    return session


def log_in(options, password, applies_to, realm):
    """The public interface of MSAL, from the name of the user to the access token."""
    cloud = Cloud(options, session_of(options), {"cloud_audience_urn": applies_to, **realm})
    application = msal.PublicClientApplication(
        CLIENT, authority=f"{CLOUD}/tenant", http_client=cloud, instance_discovery=False
    )
    try:
        result = application.acquire_token_by_username_password(options.user, password, scopes=["orders"])
    except RuntimeError as refused:
        raise Refused(code_in(str(refused))) from refused
    if "access_token" not in result:
        raise Unexpected(f"MSAL says {result}")
    return cloud.granted


def code_in(message):
    """MSAL tells the code of the fault, ADAL the whole of it."""
    start = message.find("<s:Envelope")
    if start < 0:
        return json.loads(message[message.index("{") :].replace("'", '"'))["code"].split(":")[-1]
    envelope = etree.fromstring(message[start:])
    return envelope.findtext("s:Body/s:Fault/s:Code/s:Subcode/s:Value", namespaces=SOAP).split(":")[-1]


def log_in_with_adal(options, password, applies_to, version=None):
    context = {"log_context": {"correlation_id": "1"}, "verify_ssl": options.tls_cert, "proxies": {}, "timeout": 20}
    context["enable_pii"] = False
    mex = adal.mex.Mex(context, f"{origin_of(options)}/adfs/services/trust/mex")
    mex.discover()
    found = mex.username_password_policy
    if found["version"] != adal.constants.WSTrustVersion.WSTRUST13:
        raise Unexpected(f"ADAL chose {found['version']}")
    address = f"{origin_of(options)}/adfs/services/trust/2005/usernamemixed" if version else found["url"]
    request = adal.wstrust_request.WSTrustRequest(context, address, applies_to, version or found["version"])
    try:
        answer = request.acquire_token(options.user, password)
    except adal.AdalError as refused:
        raise Refused(code_in(str(refused))) from refused
    token = answer.token if isinstance(answer.token, bytes) else answer.token.encode()
    return check_assertion(token, SAML11, options)[1]


def cases(options):
    password, target = password_of(options), options.applies_to
    origin = origin_of(options)
    by_mex = {"federation_metadata_url": f"{origin}/adfs/services/trust/mex"}
    of_2005 = {"federation_active_auth_url": f"{origin}/adfs/services/trust/2005/usernamemixed"}
    adal_2005 = adal.constants.WSTrustVersion.WSTRUST2005

    def msal_case(name, fault, *call):
        return Case(f"msal-{name}", fault, lambda: log_in(options, *call))

    def adal_case(name, fault, *call):
        return Case(f"adal-{name}", fault, lambda: log_in_with_adal(options, *call))

    return [
        msal_case("mex", None, password, target, by_mex),
        msal_case("2005", None, password, target, of_2005),
        msal_case("wrong-password", "FailedAuthentication", f"{password}-wrong", target, by_mex),
        msal_case("2005-wrong-password", "FailedAuthentication", f"{password}-wrong", target, of_2005),
        msal_case("unknown-applies-to", "InvalidScope", password, NOBODY, by_mex),
        adal_case("mex", None, password, target),
        adal_case("2005", None, password, target, adal_2005),
        adal_case("wrong-password", "FailedAuthentication", f"{password}-wrong", target),
    ]


def main():
    parser, options = parse_arguments(__doc__)
    return run(choose(parser, options, cases(options)))


if __name__ == "__main__":
    sys.exit(main())
