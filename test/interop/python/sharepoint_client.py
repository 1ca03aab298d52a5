"""Logs a user in through SharePy and through Office365-REST-Python-Client, as scripts for SharePoint do whose domain is federated with
AD FS.

Each writes its request to our `usernamemixed` from a template, cuts the assertion out of the answer and writes it into a request to the
cloud. The cloud is played by this program: it is what takes the assertion. The rest is theirs.
"""

import re
import sys

import requests
from cases import SAML11, Case, Refused, Unexpected, check_assertion, choose, origin_of, parse_arguments, password_of, run
from lxml import etree
from office365.runtime.auth.providers.saml_token_provider import SamlTokenProvider
from office365.runtime.auth.user_credential import UserCredential
from sharepy.auth.adfs import SharePointADFS

SITE = "corp.sharepoint.example"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
GRANTED = f"""<s:Envelope xmlns:s="{SOAP}"><s:Body><t:RequestSecurityTokenResponse xmlns:t="http://schemas.xmlsoap.org/ws/2005/02/trust">
<t:RequestedSecurityToken><o:BinarySecurityToken xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">
given by the cloud</o:BinarySecurityToken></t:RequestedSecurityToken></t:RequestSecurityTokenResponse></s:Body></s:Envelope>"""


class Answer:
    status_code = 200
    text = GRANTED
    content = GRANTED.encode()


class Cloud:
    """What both send their requests through: those to our server go out, those to the cloud are answered here."""

    def __init__(self, options):
        self.options = options
        self.granted = None
        self.code = None

    def post(self, url, data=None, headers=None):
        if not url.startswith(self.options.url.rsplit("/", 1)[0]):
            assertion = re.search(rb"<saml:Assertion .*</saml:Assertion>", data.encode(), re.DOTALL).group(0)
            self.granted = check_assertion(assertion, SAML11, self.options)[1]
            return Answer()
        session = requests.Session()
        session.verify = self.options.tls_cert
        # The proxies of the environment are not for a server on this host.
        session.trust_env = False
        answer = session.post(url, data=data, headers=headers)
        self.code = etree.fromstring(answer.content).findtext(f".//{{{SOAP}}}Subcode/{{{SOAP}}}Value")
        return answer


def granted_to(ask, options):
    cloud = Cloud(options)
    requests.post = cloud.post
    try:
        ask()
    except Exception as problem:
        # Neither tells the code of a fault.
        if cloud.code is None:
            raise
        raise Refused(cloud.code.split(":")[-1]) from problem
    if cloud.granted is None:
        raise Unexpected("nothing was handed to the cloud")
    return cloud.granted


def sharepy(options, address, password):
    client = SharePointADFS(username=options.user, password=password)
    client.site, client.login_url = SITE, address
    return granted_to(client._get_token, options)


def office365(options, address, password):
    client = SamlTokenProvider(f"https://{SITE}", UserCredential(options.user, password), browser_mode=False)
    return granted_to(lambda: client._acquire_service_token_from_adfs(address), options)


def cases(options):
    password = password_of(options)
    for client in (sharepy, office365):
        for version in ("2005", "13"):
            address = f"{origin_of(options)}/adfs/services/trust/{version}/usernamemixed"

            def case(name, fault, secret, client=client, address=address):
                return Case(name, fault, lambda: client(options, address, secret))

            yield case(f"{client.__name__}-{version}", None, password)
            yield case(f"{client.__name__}-{version}-wrong-password", "FailedAuthentication", f"{password}-wrong")


def main():
    parser, options = parse_arguments(__doc__)
    return run(choose(parser, options, list(cases(options))))


if __name__ == "__main__":
    sys.exit(main())
