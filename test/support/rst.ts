// A RequestSecurityToken as a .NET client writes it, over plain strings: what a black-box test of the SOAP front sends.
import { BILLING, PASSWORD } from './saml-document.ts';
import type { TestServer } from './server.ts';

export const TRUST_13 = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const BASE64 =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';

export interface RstWishes {
  readonly tokenType?: string;
  /** The token in OnBehalfOf, as XML. */
  readonly onBehalfOf?: string;
  /** The token in ActAs, as XML. */
  readonly actAs?: string;
  readonly password?: string;
  readonly appliesTo?: string;
}

/** A JWT as it goes over SOAP. */
export const jwtAsXml = (jwt: string): string =>
  `<o:BinarySecurityToken xmlns:o="${WSSE}" ValueType="urn:ietf:params:oauth:token-type:jwt" EncodingType="${BASE64}">${Buffer.from(jwt).toString('base64')}</o:BinarySecurityToken>`;

const optional = (name: string, content: string | undefined): string =>
  content === undefined ? '' : `<${name}>${content}</${name}>`;

/** The message. */
export function anRst(wishes: RstWishes = {}): string {
  const { actAs, appliesTo = BILLING, onBehalfOf, password = PASSWORD, tokenType } = wishes;
  const act =
    actAs === undefined
      ? ''
      : `<w:ActAs xmlns:w="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${actAs}</w:ActAs>`;
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">${TRUST_13}/RST/Issue</a:Action><o:Security s:mustUnderstand="1" xmlns:o="${WSSE}"><o:UsernameToken><o:Username>bob</o:Username><o:Password>${password}</o:Password></o:UsernameToken></o:Security></s:Header><s:Body><trust:RequestSecurityToken xmlns:trust="${TRUST_13}"><wsp:AppliesTo xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy"><a:EndpointReference><a:Address>${appliesTo}</a:Address></a:EndpointReference></wsp:AppliesTo>${optional('trust:OnBehalfOf', onBehalfOf)}${act}<trust:KeyType>${TRUST_13}/Bearer</trust:KeyType><trust:RequestType>${TRUST_13}/Issue</trust:RequestType>${optional('trust:TokenType', tokenType)}</trust:RequestSecurityToken></s:Body></s:Envelope>`;
}

export interface SoapAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a message to the general endpoint. */
export async function sendSoap(server: TestServer, body: string): Promise<SoapAnswer> {
  const headers = { 'content-type': 'application/soap+xml; charset=utf-8' };
  const response = await fetch(`${server.url}/ws-trust`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
