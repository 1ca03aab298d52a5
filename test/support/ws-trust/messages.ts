// Whole messages as a .NET client writes them, over plain strings: what a black-box test of the SOAP front sends.
import { PASSWORD } from '#test/support/saml/saml-document.ts';
import { checked, type TestServer } from '#test/support/server/server.ts';
import { BILLING, TRUST_13 } from './rst.ts';

/** The TokenTypes, as they are spelled by default. */
export const SAML1 = 'urn:oasis:names:tc:SAML:1.0:assertion';
export const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const JWT = 'urn:ietf:params:oauth:token-type:jwt';
export const WSSE =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const BASE64 =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';

export interface IssueWishes {
  readonly tokenType?: string;
  /** The token in OnBehalfOf, as XML. */
  readonly onBehalfOf?: string;
  /** The token in ActAs, as XML. */
  readonly actAs?: string;
  readonly user?: string;
  readonly password?: string;
  readonly appliesTo?: string;
  /** More children of the request. */
  readonly children?: string;
}

/** A JWT as it goes over SOAP. */
export const jwtAsXml = (jwt: string): string =>
  `<o:BinarySecurityToken xmlns:o="${WSSE}" ValueType="urn:ietf:params:oauth:token-type:jwt" EncodingType="${BASE64}">${Buffer.from(jwt).toString('base64')}</o:BinarySecurityToken>`;

/** The JWT in the XML that holds it. */
export const jwtIn = (xml: string): string =>
  Buffer.from(/>([^<]+)</.exec(xml)?.[1] ?? '', 'base64').toString();

/** The id of an assertion, or in a piece of one. */
export const idOf = (assertion: string): string =>
  / (?:Assertion)?ID="([^"]+)"/.exec(` ${assertion}`)?.[1] ?? '';

/** A reference to a token. */
export const aReference = (form: string): string =>
  `<o:SecurityTokenReference xmlns:o="${WSSE}">${form}</o:SecurityTokenReference>`;

/** A reference to an assertion by its id, as its profile writes it. */
export function aKeyIdentifier(assertion: string): string {
  const form = assertion.includes(' AssertionID=') ? '1.0#SAMLAssertionID' : '1.1#SAMLID';
  const type = `http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-${form}`;
  return aReference(`<o:KeyIdentifier ValueType="${type}">${idOf(assertion)}</o:KeyIdentifier>`);
}

/** Wishes for a token that can still be renewed after its end. */
export const AFTER_EXPIRY = '<trust:Renewing OK="true"/>';

const optional = (name: string, content: string | undefined): string =>
  content === undefined ? '' : `<${name}>${content}</${name}>`;

/** A request to issue. */
export function anIssueMessage(wishes: IssueWishes = {}): string {
  const { actAs, appliesTo = BILLING, onBehalfOf, password = PASSWORD, tokenType } = wishes;
  const { children = '', user = 'bob' } = wishes;
  const act =
    actAs === undefined
      ? ''
      : `<w:ActAs xmlns:w="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${actAs}</w:ActAs>`;
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">${TRUST_13}/RST/Issue</a:Action><o:Security s:mustUnderstand="1" xmlns:o="${WSSE}"><o:UsernameToken><o:Username>${user}</o:Username><o:Password>${password}</o:Password></o:UsernameToken></o:Security></s:Header><s:Body><trust:RequestSecurityToken xmlns:trust="${TRUST_13}"><wsp:AppliesTo xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy"><a:EndpointReference><a:Address>${appliesTo}</a:Address></a:EndpointReference></wsp:AppliesTo>${optional('trust:OnBehalfOf', onBehalfOf)}${act}<trust:KeyType>${TRUST_13}/Bearer</trust:KeyType><trust:RequestType>${TRUST_13}/Issue</trust:RequestType>${optional('trust:TokenType', tokenType)}${children}</trust:RequestSecurityToken></s:Body></s:Envelope>`;
}

/** A request of whoever comes with a token, as XML, in place of a user name. */
export const aTokenMessage = (token: string, wishes: IssueWishes = {}): string =>
  anIssueMessage(wishes).replace(/<o:UsernameToken>.*<\/o:UsernameToken>/, () => token);

export type TargetOperation = 'Renew' | 'Validate' | 'Cancel';

export interface TargetWishes {
  /** The token, or a reference to one, as XML; absent: no target. */
  readonly target?: string;
  /** Who asks. */
  readonly user?: string;
  readonly trust?: string;
  readonly soap?: string;
  /** More children of the request. */
  readonly children?: string;
  /** More children of the Security header. */
  readonly security?: string;
  readonly tokenType?: string;
}

export const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope';

/** A request about a token. */
export function aTargetMessage(operation: TargetOperation, wishes: TargetWishes = {}): string {
  const {
    children = '',
    security = '',
    soap = SOAP_12,
    target,
    tokenType,
    trust = TRUST_13,
  } = wishes;
  return `<s:Envelope xmlns:s="${soap}" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">${trust}/RST/${operation}</a:Action><a:MessageID>urn:uuid:1</a:MessageID><o:Security s:mustUnderstand="1" xmlns:o="${WSSE}"><o:UsernameToken><o:Username>${wishes.user ?? 'bob'}</o:Username><o:Password>${PASSWORD}</o:Password></o:UsernameToken>${security}</o:Security></s:Header><s:Body><t:RequestSecurityToken xmlns:t="${trust}"><t:RequestType>${trust}/${operation}</t:RequestType>${optional('t:TokenType', tokenType)}${optional(`t:${operation}Target`, target)}${children}</t:RequestSecurityToken></s:Body></s:Envelope>`;
}

/** Several requests at once: the children of each besides its RequestType. Their Contexts count from `urn:1`. */
export function aBatchMessage(operation: string, requests: readonly string[]): string {
  const items = requests.map(
    (children, index) =>
      `<t:RequestSecurityToken Context="urn:${index + 1}"><t:RequestType>${TRUST_13}/Batch${operation}</t:RequestType>${children}</t:RequestSecurityToken>`,
  );
  return `<s:Envelope xmlns:s="${SOAP_12}" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action>${TRUST_13}/RST/Batch${operation}</a:Action><o:Security s:mustUnderstand="1" xmlns:o="${WSSE}"><o:UsernameToken><o:Username>bob</o:Username><o:Password>${PASSWORD}</o:Password></o:UsernameToken></o:Security></s:Header><s:Body><t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${items.join('')}</t:RequestSecurityTokenCollection></s:Body></s:Envelope>`;
}

/** The token of an answer, as XML; a JWT as its BinarySecurityToken. */
export function tokenOf({ status, text }: Pick<SoapAnswer, 'status' | 'text'>): string {
  const found = /<(t|trust):RequestedSecurityToken>(.*)<\/\1:RequestedSecurityToken>/s.exec(text);
  if (status !== 200 || found?.[2] === undefined) throw new Error(`no token: ${text}`);
  return found[2];
}

/** The code of a fault without its prefix. */
export function faultOf({ status, text }: SoapAnswer): string {
  const code =
    /<s:Subcode><s:Value>\w+:(\w+)</.exec(text)?.[1] ?? /<faultcode>\w+:(\w+)</.exec(text)?.[1];
  if (status !== 500 || code === undefined) throw new Error(`no fault: ${status} ${text}`);
  return code;
}

export interface SoapAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a message, to the general endpoint unless told. */
export async function sendSoap(
  server: Pick<TestServer, 'url'>,
  body: string,
  path = '/ws-trust',
): Promise<SoapAnswer> {
  const type = body.includes(SOAP_11) ? 'text/xml' : 'application/soap+xml';
  const headers = { 'content-type': `${type}; charset=utf-8` };
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
  const { status, headers: answered } = response;
  return checked('POST', path, { status, headers: answered, text: await response.text() });
}

/** A token of ours, issued to carol. */
export async function carolsToken(server: TestServer, tokenType: string): Promise<string> {
  return tokenOf(await sendSoap(server, anIssueMessage({ user: 'carol', tokenType })));
}

/** Whether a token is valid, as far as the user may know. */
export async function isValid(
  server: TestServer,
  target: string,
  user = 'carol',
): Promise<boolean> {
  const { text } = await sendSoap(server, aTargetMessage('Validate', { target, user }));
  return text.includes('/status/valid');
}
