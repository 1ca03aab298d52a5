"""Messages that a script writes itself: a request for a token over SOAP, and the Response of SAML 2.0 around an assertion."""

import datetime
import re

import requests
from cases import Unexpected, origin_of, password_of

TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"

REQUEST = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><o:Security
xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><o:UsernameToken><o:Username>{user}</o:Username>
<o:Password>{password}</o:Password></o:UsernameToken></o:Security></s:Header><s:Body><t:RequestSecurityToken xmlns:t="{trust}">
<t:TokenType>{token_type}</t:TokenType><t:RequestType>{trust}/Issue</t:RequestType><t:KeyType>{trust}/{key_type}</t:KeyType>{more}
<p:AppliesTo xmlns:p="http://schemas.xmlsoap.org/ws/2004/09/policy"><a:EndpointReference xmlns:a="http://www.w3.org/2005/08/addressing">
<a:Address>{target}</a:Address></a:EndpointReference></p:AppliesTo></t:RequestSecurityToken></s:Body></s:Envelope>"""


def ask(options, path, token_type, target, key_type="Bearer", more=""):
    """Gives the assertion as text. `more` are further elements of the request, whose prefix of WS-Trust is `t`."""
    session = requests.Session()
    session.verify = options.tls_cert
    # The proxies of the environment are not for a server on this host.
    session.trust_env = False
    body = REQUEST.format(
        user=options.user,
        password=password_of(options),
        trust=TRUST,
        token_type=token_type,
        key_type=key_type,
        more=more,
        target=target,
    )
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{TRUST}/RST/Issue"'}
    answer = session.post(f"{origin_of(options)}{path}", data=body.encode(), headers=headers)
    found = re.search(r"<trust:RequestedSecurityToken>(.*)</trust:RequestedSecurityToken>", answer.text, re.DOTALL)
    if found is None:
        raise Unexpected(answer.text)
    return found.group(1)


RESPONSE = """<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response" Version="2.0" IssueInstant="{now}"
Destination="{address}"><s:Issuer xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</s:Issuer><p:Status>
<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>{assertion}</p:Response>"""


def response_around(options, assertion, address):
    """An unsigned Response to `address`, as text."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return RESPONSE.format(now=now, address=address, issuer=origin_of(options), assertion=assertion)
