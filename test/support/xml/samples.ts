// Messages shaped as other stacks write them, for parsing and mutation. Their signatures are not real.

import { Buffer } from 'node:buffer';
import { TRUST_13 } from '#test/support/ws-trust/rst.ts';

const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const ADDRESSING = 'http://www.w3.org/2005/08/addressing';
const EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const IDENTITY = 'http://schemas.xmlsoap.org/ws/2005/05/identity';

function filler(length: number): string {
  return Buffer.alloc(length, 7).toString('base64');
}

function reference(id: string): string {
  return (
    `<Reference URI="#${id}"><Transforms><Transform Algorithm="${EXC}"></Transform></Transforms>` +
    '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>' +
    `<DigestValue>${filler(32)}</DigestValue></Reference>`
  );
}

function securityHeader(certificateBytes: number): string {
  return (
    `<o:Security s:mustUnderstand="1" xmlns:o="${WSSE}"><u:Timestamp u:Id="_0"><u:Created>2026-01-01T00:00:00.000Z</u:Created>` +
    '<u:Expires>2026-01-01T00:05:00.000Z</u:Expires></u:Timestamp><o:BinarySecurityToken u:Id="x509" ' +
    'ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3" ' +
    'EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">' +
    `${filler(certificateBytes)}</o:BinarySecurityToken><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>` +
    `<CanonicalizationMethod Algorithm="${EXC}"></CanonicalizationMethod>` +
    '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></SignatureMethod>' +
    `${['_0', '_1', '_to'].map(reference).join('')}</SignedInfo><SignatureValue>${filler(256)}</SignatureValue><KeyInfo>` +
    '<o:SecurityTokenReference><o:Reference URI="#x509"></o:Reference></o:SecurityTokenReference></KeyInfo></Signature></o:Security>'
  );
}

const BODY =
  `<s:Body u:Id="_1"><trust:RequestSecurityToken xmlns:trust="${TRUST_13}"><wsp:AppliesTo xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy">` +
  '<a:EndpointReference><a:Address>https://billing.example/soap</a:Address></a:EndpointReference></wsp:AppliesTo>' +
  `<trust:Claims xmlns:i="${IDENTITY}" Dialect="${IDENTITY}"><i:ClaimType Uri="${IDENTITY}/claims/name" Optional="false"></i:ClaimType>` +
  `<i:ClaimType Uri="${IDENTITY}/claims/role" Optional="true"></i:ClaimType></trust:Claims>` +
  `<trust:KeyType>${TRUST_13}/Bearer</trust:KeyType><trust:RequestType>${TRUST_13}/Issue</trust:RequestType>` +
  '<trust:TokenType>urn:oasis:names:tc:SAML:2.0:assertion</trust:TokenType></trust:RequestSecurityToken></s:Body>';

/** A signed Issue request as a .NET client writes it; 6 KB with a certificate of 1750 bytes. */
export function soapMessage(certificateBytes: number): string {
  return (
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="${ADDRESSING}" xmlns:u="${WSU}"><s:Header>` +
    `<a:Action s:mustUnderstand="1">${TRUST_13}/RST/Issue</a:Action><a:MessageID>urn:uuid:0c1d2e3f-1234-4321-aaaa-0123456789ab</a:MessageID>` +
    `<a:ReplyTo><a:Address>${ADDRESSING}/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1" u:Id="_to">https://sts.example.org/ws-trust</a:To>` +
    `${securityHeader(certificateBytes)}</s:Header>${BODY}</s:Envelope>`
  );
}

/** Small documents that use every construct the parser reads. */
export const SMALL_DOCUMENTS: readonly string[] = [
  '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><!-- c --><a b=\'1\'><c/>\r\n<!-- d --><e>&amp;&#65;&#x42;<![CDATA[<&]]></e></a>\n',
  '<p:a xmlns:p="u:p" xmlns="urn:d:e%20f#g" p:x="&lt;&quot;\t" y="2"><b xmlns=""><p:c xml:lang="en"/></b></p:a>',
  `<u:x xmlns:u="${WSU}" u:Id="i"><u:y u:Id="j">text</u:y><z Id="i" xmlns="http://example.org:80/n?q=1"/></u:x>`,
];
