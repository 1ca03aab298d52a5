// Assertions of other issuers, written as foreign stacks write them and signed by xml-crypto, with keys made in the run.

import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { SignedXml } from 'xml-crypto';
import type { SamlSigningKeys } from '#bridge/saml/issuer/assertion-signer.ts';
import { createSamlIssuer, type SamlIssuerParts } from '#bridge/saml/issuer/saml-issuer.ts';
import type { ConfirmationMethod, SamlTokenType } from '#bridge/saml/names.ts';
import type { SamlElement } from '#bridge/saml/validator/saml-evidence.ts';
import {
  type OwnSamlTrust,
  pinnedKeys,
  type SamlTrust,
} from '#bridge/saml/validator/saml-trust.ts';
import {
  createSamlValidator,
  type SamlValidatorParts,
} from '#bridge/saml/validator/saml-validator.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { type TrustedPublicKey, trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { requiredChild } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import type { SecurityToken, TokenUse } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import type { TestKey } from '#test/support/xml/keys.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';

export const PARTNER = 'urn:partner:idp';
export const STS = 'https://sts.example.org';
export const TOKEN_ENDPOINT = `${STS}/token`;
/** Where test clocks stand: 2027-01-15T08:00:00Z. */
export const NOW = 1_800_000_000;
export const VERSIONS: readonly SamlTokenType[] = ['saml1', 'saml2'];

const SOAP = 'http://www.w3.org/2003/05/soap-envelope';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const NAMESPACES = {
  saml1: 'urn:oasis:names:tc:SAML:1.0:assertion',
  saml2: 'urn:oasis:names:tc:SAML:2.0:assertion',
} as const;
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** An instant as foreign stacks write it. */
export const iso = (instant: number): string => new Date(instant * 1000).toISOString();

/** What a test changes of an assertion. Parts are XML text; undefined stands for the default, '' leaves the part out. */
export interface AssertionChanges {
  readonly id?: string;
  readonly issuer?: string;
  readonly issueInstant?: string;
  /** The attributes of Conditions. */
  readonly window?: string;
  /** The audiences of each restriction. */
  readonly audiences?: readonly (readonly string[])[];
  /** Further conditions. */
  readonly conditions?: string;
  /** NameID or NameIdentifier. */
  readonly name?: string;
  /** SubjectConfirmation, one or more. */
  readonly confirmation?: string;
  /** AuthnStatement or AuthenticationStatement (with its subject). */
  readonly authentication?: string;
  /** Attributes, without their statement. */
  readonly attributes?: string;
  /** Anything between Conditions and the statements. */
  readonly advice?: string;
  /** Attributes of the root. */
  readonly version?: string;
}

/** How xml-crypto signs. */
export interface SigningChanges {
  readonly signatureAlgorithm?: string;
  readonly digestAlgorithm?: string;
  readonly transforms?: string[];
  readonly canonicalization?: string;
  readonly prefix?: string;
  /** The content of KeyInfo; null for none. */
  readonly keyInfo?: string | null;
}

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A key pair with a self-signed certificate. */
export interface CertifiedKey {
  readonly certificatePem: string;
  readonly certificateDer: Buffer;
  readonly privatePem: string;
  readonly publicKey: KeyObject;
  readonly trusted: TrustedPublicKey;
}

/** Makes a key and its certificate. */
export async function aCertifiedKey(kind: 'rsa' | 'ec' = 'rsa'): Promise<CertifiedKey> {
  const algorithm =
    kind === 'ec' ? EC : { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=issuer',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(0),
    notAfter: new Date('2049-01-01'),
  });
  const certificatePem = certificate.toString('pem');
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const publicKey = createPublicKey(certificatePem);
  return {
    certificatePem,
    certificateDer: new X509Certificate(certificatePem).raw,
    privatePem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    publicKey,
    trusted: trustPublicKey(publicKey),
  };
}

/** The key as the XML test support takes it, to sign again what a test edited. */
export function testKeyOf({ privatePem, publicKey, trusted }: CertifiedKey): TestKey {
  const privateKey = createPrivateKey(privatePem);
  const signer = createKeySigner({ algorithm: RSA_SHA256, key: privateKey });
  return { privateKey, publicKey, trusted, signer };
}

/** Our own keys, as the key ring offers them. */
export function signingKeysOf(
  { certificatePem, privatePem }: Pick<CertifiedKey, 'certificatePem' | 'privatePem'>,
  algorithm = 'RS256',
): SamlSigningKeys {
  const key = createPrivateKey(privatePem);
  return {
    samlSigner: () => ({
      algorithm,
      certificatePem,
      sign: async (bytes) => signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
    }),
  };
}

/** A decision to issue an assertion about `partner:alice` for `billing`, good for ten minutes. */
export function aSamlSpec(over: Partial<TokenSpec> = {}): TokenSpec {
  return {
    type: 'saml2',
    tokenId: 'Zm9v-1',
    issuer: STS,
    subject: { issuer: PARTNER, id: 'alice' },
    subjectName: 'partner:alice',
    actors: [],
    clientId: 'gateway',
    audiences: ['https://billing.example/soap'],
    relyingParties: ['billing'],
    scopes: [],
    claims: [],
    issuedAt: NOW,
    lifetime: { notBefore: NOW, notOnOrAfter: NOW + 600 },
    confirmation: { method: 'bearer' },
    algorithm: 'RS256',
    policyRows: ['row'],
    parents: [],
    ancestors: [],
    once: [],
    ...over,
  };
}

/** An issuer that is not us. */
export interface ForeignSamlIssuer extends CertifiedKey {
  /** A signed assertion, good at `NOW` for `STS`. */
  assertion(type: SamlTokenType, changes?: AssertionChanges): string;
  /** Signs the root of this text, whatever it is. */
  sign(type: SamlTokenType, text: string, changes?: SigningChanges): string;
  /** The record of trust in this issuer. */
  trust(changes?: Partial<SamlTrust>): SamlTrust;
}

/** An issuer with a key and a self-signed certificate of its own. */
export async function aSamlIssuer(name = PARTNER): Promise<ForeignSamlIssuer> {
  const certified = await aCertifiedKey();
  const sign = (type: SamlTokenType, text: string, changes: SigningChanges = {}): string =>
    signed(text, { type, ...certified, changes });
  return {
    ...certified,
    sign,
    assertion: (type, changes = {}) =>
      sign(type, unsignedAssertion(type, { issuer: name, ...changes })),
    trust: (changes = {}) => ({
      id: 'partner',
      issuer: name,
      keys: pinnedKeys([certified.trusted]),
      audiences: [STS, TOKEN_ENDPOINT],
      recipients: [TOKEN_ENDPOINT],
      skewSeconds: 60,
      subjectConfirmation: ['bearer', 'holder-of-key'],
      assertionMaxAgeSeconds: 300,
      ...changes,
    }),
  };
}

interface Signing {
  readonly type: SamlTokenType;
  readonly privatePem: string;
  readonly certificatePem: string;
  readonly changes: SigningChanges;
}

function signed(text: string, { type, privatePem, certificatePem, changes }: Signing): string {
  const { keyInfo, prefix } = changes;
  const canonicalizationAlgorithm = changes.canonicalization ?? EXC_C14N;
  const signer = new SignedXml({
    privateKey: privatePem,
    publicCert: certificatePem,
    signatureAlgorithm: changes.signatureAlgorithm ?? RSA_SHA256,
    canonicalizationAlgorithm,
    idAttribute: type === 'saml1' ? 'AssertionID' : 'ID',
    ...(keyInfo !== undefined && { getKeyInfoContent: () => keyInfo }),
  });
  signer.addReference({
    xpath: '/*',
    digestAlgorithm: changes.digestAlgorithm ?? SHA256,
    transforms: changes.transforms ?? [ENVELOPED, EXC_C14N],
  });
  const issuer = "/*/*[local-name(.)='Issuer']";
  signer.computeSignature(text, {
    ...(prefix !== undefined && { prefix }),
    location:
      type === 'saml2' && text.includes(':Issuer')
        ? { reference: issuer, action: 'after' }
        : { reference: '/*', action: 'append' },
  });
  return signer.getSignedXml();
}

/** The assertion before it is signed: indented, as foreign stacks like it. */
export function unsignedAssertion(type: SamlTokenType, changes: AssertionChanges = {}): string {
  return type === 'saml1' ? unsignedSaml1(changes) : unsignedSaml2(changes);
}

/** A bearer confirmation as RFC 7522 §3 wants it. */
export function bearer(attributes?: string): string {
  const data = attributes ?? `NotOnOrAfter="${iso(NOW + 240)}" Recipient="${TOKEN_ENDPOINT}"`;
  return confirmation2('bearer', `<saml2:SubjectConfirmationData ${data}/>`);
}

/** A SubjectConfirmation of SAML 2.0. */
export const confirmation2 = (method: ConfirmationMethod | 'other', content = ''): string =>
  `<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:${method}">${content}</saml2:SubjectConfirmation>`;

/** A SubjectConfirmation of SAML 1.1. */
export const confirmation1 = (method: ConfirmationMethod | 'other', content = ''): string =>
  `<saml1:SubjectConfirmation><saml1:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:${method}</saml1:ConfirmationMethod>${content}</saml1:SubjectConfirmation>`;

/** A confirmation in the version's own words; in SAML 2.0 the content goes into the data. */
export function confirmationOf(
  type: SamlTokenType,
  method: ConfirmationMethod | 'other',
  keyInfo = '',
): string {
  if (type === 'saml1') return confirmation1(method, keyInfo);
  const data =
    keyInfo === ''
      ? ''
      : `<saml2:SubjectConfirmationData>${keyInfo}</saml2:SubjectConfirmationData>`;
  return confirmation2(method, data);
}

const restrictionsOf = (
  audiences: readonly (readonly string[])[],
  p: string,
  tag: string,
): string =>
  audiences
    .map((names) => names.map((name) => `<${p}:Audience>${name}</${p}:Audience>`).join('\n'))
    .map((content) => `<${p}:${tag}>${content}</${p}:${tag}>`)
    .join('');

const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const BASIC = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic';
const DEFAULTS = {
  id: '_a1',
  issuer: PARTNER,
  issueInstant: iso(NOW - 30),
  window: `NotBefore="${iso(NOW - 30)}" NotOnOrAfter="${iso(NOW + 300)}"`,
  audiences: [[STS]],
  conditions: '',
  advice: '',
};
const DEFAULTS_2: Required<AssertionChanges> = {
  ...DEFAULTS,
  name: `<saml2:NameID Format="${EMAIL}">alice@partner.example</saml2:NameID>`,
  confirmation: bearer(),
  authentication: `<saml2:AuthnStatement AuthnInstant="${iso(NOW - 60)}" SessionIndex="_s"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>`,
  attributes: `<saml2:Attribute Name="role" NameFormat="${BASIC}"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">buyer</saml2:AttributeValue></saml2:Attribute>`,
  version: 'Version="2.0"',
};
const DEFAULTS_1: Required<AssertionChanges> = {
  ...DEFAULTS,
  name: `<saml1:NameIdentifier Format="${EMAIL}">alice@partner.example</saml1:NameIdentifier>`,
  confirmation: confirmation1('bearer'),
  // The default needs the subject: see below.
  authentication: 'default',
  attributes: `<saml1:Attribute AttributeName="role" AttributeNamespace="${BASIC}"><saml1:AttributeValue>buyer</saml1:AttributeValue></saml1:Attribute>`,
  version: 'MajorVersion="1" MinorVersion="1"',
};

function unsignedSaml2(changes: AssertionChanges): string {
  const all = { ...DEFAULTS_2, ...changes };
  const statement = `<saml2:AttributeStatement>\n${all.attributes}\n</saml2:AttributeStatement>`;
  return `<saml2:Assertion xmlns:saml2="${NAMESPACES.saml2}" ID="${all.id}" IssueInstant="${all.issueInstant}" ${all.version}>
  <saml2:Issuer>${all.issuer}</saml2:Issuer>
  <saml2:Subject>
    ${all.name}
    ${all.confirmation}
  </saml2:Subject>
  <saml2:Conditions ${all.window}>
    ${restrictionsOf(all.audiences, 'saml2', 'AudienceRestriction')}${all.conditions}
  </saml2:Conditions>
  ${all.advice}
  ${all.authentication}
  ${all.attributes === '' ? '' : statement}
</saml2:Assertion>`;
}

/** The subject of a SAML 1.1 statement. */
export function subject1(changes: AssertionChanges = {}): string {
  const { name, confirmation } = { ...DEFAULTS_1, ...changes };
  return `<saml1:Subject>${name}${confirmation}</saml1:Subject>`;
}

function unsignedSaml1(changes: AssertionChanges): string {
  const all = { ...DEFAULTS_1, ...changes };
  const subject = subject1(changes);
  const authentication = `<saml1:AuthenticationStatement AuthenticationInstant="${iso(NOW - 60)}" AuthenticationMethod="urn:oasis:names:tc:SAML:1.0:am:password">${subject}</saml1:AuthenticationStatement>`;
  const statement = `<saml1:AttributeStatement>\n${subject}\n${all.attributes}\n</saml1:AttributeStatement>`;
  return `<saml1:Assertion xmlns:saml1="${NAMESPACES.saml1}" AssertionID="${all.id}" IssueInstant="${all.issueInstant}" Issuer="${all.issuer}" ${all.version}>
  <saml1:Conditions ${all.window}>
    ${restrictionsOf(all.audiences, 'saml1', 'AudienceRestrictionCondition')}${all.conditions}
  </saml1:Conditions>
  ${all.advice}
  ${all.authentication === 'default' ? authentication : all.authentication}
  ${all.attributes === '' ? '' : statement}
</saml1:Assertion>`;
}

/** The evidence as it comes over OAuth. */
export function asText(type: SamlTokenType, xml: string, use: TokenUse = 'subject'): SecurityToken {
  return { type, use, content: Buffer.from(xml).toString('base64url') };
}

/** A SOAP message with the token in its Security header. */
export function inSoap(xml: string): string {
  const token = xml.replace(/^<\?xml[^>]*\?>/, '');
  return `<s:Envelope xmlns:s="${SOAP}"><s:Header><o:Security xmlns:o="${WSSE}">${token}</o:Security></s:Header><s:Body/></s:Envelope>`;
}

/** The evidence as it comes over WS-Trust: the first element of the Security header of a parsed message. */
export function asElement(
  type: SamlTokenType,
  xml: string,
  use: TokenUse = 'subject',
): SecurityToken {
  return { type, use, content: elementIn(inSoap(xml)) };
}

/** The first element of the Security header of a message. */
export function elementIn(soap: string): SamlElement {
  const document = parseXml(Buffer.from(soap));
  const header = requiredChild(document.root, SOAP, 'Header');
  const security = requiredChild(header, WSSE, 'Security');
  const element = security.children.find((child): child is XmlElement => typeof child !== 'string');
  assert.ok(element, 'no token in the header');
  return { document, element };
}

/** Both ways in. */
export const ENTRANCES = [
  ['text', asText],
  ['element in SOAP', asElement],
] as const;

/** The terms for our own assertions, signed with one of these keys. */
export function anOwnTrust(
  keys: readonly TrustedPublicKey[],
  changes: Partial<OwnSamlTrust> = {},
): OwnSamlTrust {
  const signingKeys = async () => keys;
  return { issuer: STS, entityId: STS, keys: { signingKeys }, skewSeconds: 0, ...changes };
}

/** An issuer of our assertions. */
export function anOwnIssuer(keys: SamlSigningKeys, changes: Partial<SamlIssuerParts> = {}) {
  return createSamlIssuer({ keys, entityId: STS, maxBytes: DEFAULT_LIMITS.maxBytes, ...changes });
}

/** A validator that trusts these issuers and has no keys of its own. */
export function aValidator(
  trusted: readonly SamlTrust[],
  changes: Partial<SamlValidatorParts> = {},
) {
  return createSamlValidator({
    own: anOwnTrust([]),
    trusted,
    clock: fakeClock(NOW),
    onLegacySha1: () => undefined,
    ...changes,
  });
}

/** A validator of what the issuer over this key issues. */
export function anOwnValidator(key: CertifiedKey, changes: Partial<SamlValidatorParts> = {}) {
  return aValidator([], { own: anOwnTrust([key.trusted]), ...changes });
}

/** Asserts that a step is refused for this reason; where the step throws before it returns a promise too. */
export async function assertRefused(
  step: () => unknown,
  reason: FailureReason | readonly FailureReason[],
): Promise<void> {
  await assert.rejects(
    async () => step(),
    (cause: unknown) => {
      assert.ok(cause instanceof ExchangeFailure, `no refusal: ${String(cause)}`);
      assert.ok([reason].flat().includes(cause.reason), `${cause.reason}: ${cause.message}`);
      return true;
    },
  );
}

/** Asserts that a validator refuses a forgery that came in this way. What the strict parser does not take never becomes an
 * element of a message, so there is no evidence to refuse. */
export async function assertForgeryRefused(
  validator: TokenValidator,
  as: typeof asText,
  forgery: { readonly type: SamlTokenType; readonly xml: string },
  reason: FailureReason | readonly FailureReason[],
): Promise<void> {
  let evidence: SecurityToken;
  try {
    evidence = as(forgery.type, forgery.xml);
  } catch (cause) {
    assert.ok(cause instanceof XmlFailure, String(cause));
    await assertRefused(() => validator.validate(asText(forgery.type, forgery.xml)), reason);
    return;
  }
  await assertRefused(() => validator.validate(evidence), reason);
}
