// How the elements of a request to issue are written down as data, and what they are made of.
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

/** To whom tokens and secrets are encrypted. */
export const PARTY = await aCertificate({ name: 'CN=party', algorithm: 'RSA' });
export const OTHER = await aCertificate({ name: 'CN=other', algorithm: 'RSA' });

export const VERSIONS = { 'February 2005': TRUST_2005, '1.3': TRUST_13 } as const;
export type Version = keyof typeof VERSIONS;

/** What a test sees of a request that was answered. */
export interface Seen {
  readonly asked: ExchangeRequest;
  readonly body: string;
}

/** One element, in the words of a version. */
interface Wish {
  readonly xml: string;
  /** What must stand beside it. */
  readonly beside?: string;
  /** Whether it is seen in what core was asked or in the answer. */
  readonly sees: (seen: Seen) => boolean;
}

/** `taken`: there is nothing to do for it. */
type Outcome = 'honoured' | 'taken';

export interface RequestElement {
  readonly name: string;
  /** Absent: all. */
  readonly only?: Version;
  readonly outcome: Outcome | 'refused';
  readonly wish?: (trust: string) => Wish;
  /** Other contents of it that are refused, each with the code of its fault. */
  readonly refused: (trust: string) => readonly (readonly [xml: string, code: string])[];
  /** What becomes of it in SecondaryParameters; absent: `wst:BadRequest`. */
  readonly secondary?: Outcome;
}

export const child = (name: string, content = '', attributes = '') =>
  `<t:${name}${attributes}>${content}</t:${name}>`;
export const key = (trust: string, name: string) => child('KeyType', `${trust}/${name}`);
export const DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
export const certificate = ({ der }: TestCertificate) =>
  `<ds:KeyInfo ${DS}><ds:X509Data><ds:X509Certificate>${der.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
export const JWT = '<TokenWrapper>aa.good.cc</TokenWrapper>';
export const address = (value: string) => `<a:Address>${value}</a:Address>`;
export const reference = (value: string) =>
  `<a:EndpointReference>${address(value)}</a:EndpointReference>`;
export const IDENTITY = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
export const claims = (uri: string, dialect = IDENTITY) =>
  `<t:Claims Dialect="${dialect}"><i:ClaimType xmlns:i="${IDENTITY}" Uri="${uri}"/></t:Claims>`;
export const lifetime = (created: string, expires: string) =>
  child('Lifetime', `<wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires>`);
export const nonce = (trust: string, bytes: number) =>
  child(
    'Entropy',
    `<t:BinarySecret Type="${trust}/Nonce">${Buffer.alloc(bytes, 7).toString('base64')}</t:BinarySecret>`,
  );
export const in14 = (name: string, content = '') =>
  `<u:${name} xmlns:u="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${content}</u:${name}>`;
export const policy = (name: string) => `<p:${name} xmlns:p="http://www.w3.org/ns/ws-policy"/>`;
export const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
export const XENC = 'http://www.w3.org/2001/04/xmlenc#';
export const SAML1 = 'urn:oasis:names:tc:SAML:1.0:assertion';

/** Told in the answer, in the element of its name. */
export const told =
  (name: string, text: string) =>
  ({ body }: Seen) =>
    new RegExp(`<(t|trust):${name}>${text}</`).test(body);
export const issued = ({ body }: Seen) => body.includes('RequestedSecurityToken');
export const isNotUnderstood = (xml: string) => () => [[xml, 'wst:BadRequest']] as const;
export const nothing = () => [];
