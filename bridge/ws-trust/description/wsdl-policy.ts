// The policies in our WSDL (WS-SecurityPolicy 1.2, and the submission of July 2005): what a message must come with. They are written,
// never interpreted.

import { WSA_NS } from '#bridge/soap/namespaces.ts';
import {
  type AttributePair,
  element,
  type Markup,
  type MarkupName,
} from '#bridge/xml/canonical/markup.ts';
import { WSU_ID } from '#bridge/xml/namespaces.ts';
import type {
  AdvertisedCredential,
  EndpointProfile,
  FirstCredential,
  MessageSecurity,
} from '../endpoint/endpoint-profile.ts';
import { POLICY_2004_NS, TRUST_NAMES, type TrustVersion, trustName } from '../names.ts';

/** What a policy says. */
export interface PolicyTerms {
  readonly trust: TrustVersion;
  /** Whether requests must have addressing; else they may have it. */
  readonly usesAddressing: boolean;
  readonly includesTimestamp: boolean;
  /** The word for a user name over TLS; the submission of 2005 has one only. */
  readonly userNameTokens: EndpointProfile['userNameTokens'];
  readonly credential: AdvertisedCredential;
  /** The credential that a security context is asked for with; absent: none is issued at this address. */
  readonly bootstrap?: FirstCredential | undefined;
  /** The kind of key of an issued token. */
  readonly keyType: 'PublicKey' | 'SymmetricKey';
  /** Whether a signature must cover the Body besides the Timestamp. */
  readonly signsBody: boolean;
  /** How messages protect themselves, in place of TLS; absent: they do not. */
  readonly messageSecurity?: MessageSecurity | undefined;
}

const SECURITY_POLICY: Readonly<Record<TrustVersion, string>> = {
  '1.3': 'http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702',
  '2005/02': 'http://schemas.xmlsoap.org/ws/2005/07/securitypolicy',
};
const USING_ADDRESSING: MarkupName = {
  prefix: 'wsaw',
  uri: 'http://www.w3.org/2006/05/addressing/wsdl',
  local: 'UsingAddressing',
};

// WS-Policy 1.2 §4.3.1: the client may do it or not.
const OPTIONAL: AttributePair = [wsp('Optional'), 'true'];

/** What ids of policies begin with; clients search for `Username`. */
const ID_PREFIXES: Readonly<Record<AdvertisedCredential, string>> = {
  username: 'Username',
  certificate: 'Certificate',
  'issued-token': 'IssuedToken',
  'tls-certificate': 'CertificateTransport',
  'security-context': 'SecurityContext',
};

/** The credentials whose key signs the message. */
const ENDORSING: ReadonlySet<AdvertisedCredential> = new Set([
  'certificate',
  'issued-token',
  'security-context',
]);

/** The ending of names that tells the version of WS-Trust. */
export const suffixOf = (version: TrustVersion): string => (version === '1.3' ? '13' : '2005');

/** The id of a policy, unique among those of one document. */
export function policyIdOf(terms: PolicyTerms): string {
  const { credential, keyType, messageSecurity, signsBody, trust, usesAddressing } = terms;
  const signed = ENDORSING.has(credential) && signsBody ? 'SignedBody' : '';
  const plain = usesAddressing ? '' : 'Plain';
  const version = suffixOf(trust);
  if (messageSecurity) return `${ID_PREFIXES[credential]}Message${version}${plain}`;
  const secret = keyType === 'SymmetricKey' ? 'Symmetric' : '';
  return `${ID_PREFIXES[credential]}${secret}${version}${signed}${plain}`;
}

/** Writes a policy. */
export function writePolicy(terms: PolicyTerms): Markup {
  const { messageSecurity, trust } = terms;
  const protection = messageSecurity
    ? messageProtection(messageSecurity, trust)
    : [transportBinding(terms), ...supportingTokens(terms)];
  const addressing = element(USING_ADDRESSING, terms.usesAddressing ? [] : [OPTIONAL]);
  const assertions = [...protection, addressing];
  const alternatives = element(wsp('ExactlyOne'), [], [element(wsp('All'), [], assertions)]);
  return element(wsp('Policy'), [[WSU_ID, policyIdOf(terms)]], [alternatives]);
}

// To most clients the suite means RSA-SHA1, which we refuse. Eclipse Metro signs with RSA-SHA256 where this attribute says so; others
// pass it over.
const METRO_RSA_SHA256: AttributePair = ['signatureAlgorithm', 'SHA256withRSA'];

function transportBinding({ credential, trust, includesTimestamp }: PolicyTerms): Markup {
  const suite = policyOf([sp(trust, 'Basic256Sha256')]);
  return nested(trust, 'TransportBinding', [
    nested(trust, 'TransportToken', [httpsToken(trust, credential === 'tls-certificate')]),
    sp(trust, 'AlgorithmSuite', { attributes: [METRO_RSA_SHA256], children: [suite] }),
    nested(trust, 'Layout', [sp(trust, 'Lax')]),
    ...(includesTimestamp ? [sp(trust, 'IncludeTimestamp')] : []),
  ]);
}

// In 1.2 a certificate is asked for by an assertion, in the submission of 2005 by an attribute.
function httpsToken(trust: TrustVersion, wantsCertificate: boolean): Markup {
  const attribute: AttributePair = ['RequireClientCertificate', String(wantsCertificate)];
  if (trust === '2005/02') return sp(trust, 'HttpsToken', { attributes: [attribute] });
  const wanted = wantsCertificate ? [sp(trust, 'RequireClientCertificate')] : [];
  return nested(trust, 'HttpsToken', wanted);
}

function supportingTokens(terms: PolicyTerms): readonly Markup[] {
  const { credential, signsBody, trust, userNameTokens } = terms;
  // The transport is the proof.
  if (credential === 'tls-certificate') return [];
  if (credential === 'username') return [userNameToken(trust, userNameTokens)];
  const body = signsBody ? [sp(trust, 'SignedParts', { children: [sp(trust, 'Body')] })] : [];
  return [nested(trust, 'EndorsingSupportingTokens', [endorsingToken(terms), ...body])];
}

// The submission of 2005 has the first word only.
function userNameToken(trust: TrustVersion, tokens: PolicyTerms['userNameTokens']): Markup {
  const name = trust === '1.3' ? tokens : 'SignedSupportingTokens';
  const policy = policyOf([sp(trust, 'WssUsernameToken10')]);
  return nested(trust, name, [token(trust, 'UsernameToken', { children: [policy] })]);
}

function endorsingToken(terms: PolicyTerms): Markup {
  if (terms.credential === 'certificate') return x509Token(terms.trust);
  return terms.credential === 'issued-token' ? issuedToken(terms) : contextToken(terms);
}

// WS-SecurityPolicy 1.2 §5.4.7: a context is asked for at the same address (so there is no Issuer), with the credential of the bootstrap
// policy.
function contextToken(terms: PolicyTerms): Markup {
  const { bootstrap: credential, trust } = terms;
  const bootstrap = credential && bootstrapPolicy({ ...terms, credential });
  const policy = policyOf([
    // The submission of 2005 has no word for it.
    ...(trust === '1.3' ? [sp(trust, 'MustNotSendAmend')] : []),
    ...(bootstrap ? [bootstrap] : []),
  ]);
  return token(trust, 'SecureConversationToken', { children: [policy] });
}

// TLS signs and encrypts the Body. The importer of WCF takes no bootstrap policy that does not say so.
function bootstrapPolicy(terms: PolicyTerms): Markup {
  const { trust } = terms;
  const body = sp(trust, 'Body');
  return nested(trust, 'BootstrapPolicy', [
    transportBinding(terms),
    ...supportingTokens(terms),
    sp(trust, 'SignedParts', { children: [body] }),
    sp(trust, 'EncryptedParts', { children: [body] }),
  ]);
}

// All suites of WS-SecurityPolicy mean AES-CBC, which we refuse; those that Apache CXF has for GCM mean digests by SHA-1. With this
// one of CXF the two sides say elsewhere which algorithms they use.
const AGREED_SUITE: MarkupName = {
  prefix: 'cxf',
  uri: 'http://cxf.apache.org/custom/security-policy',
  local: 'CustomAlgorithmSuite',
};

/** The policy of messages that protect themselves (WS-SecurityPolicy 1.2 §7.4, §7.5): Timestamp, Body and addressing are signed; then Body
 * and signature are encrypted, and with a secret the user name too. */
function messageProtection(security: MessageSecurity, trust: TrustVersion): readonly Markup[] {
  const isSymmetric = security === 'symmetric-sign-and-encrypt';
  const body = sp(trust, 'Body');
  const addressing = sp(trust, 'Header', { attributes: [['Namespace', WSA_NS]] });
  return [
    isSymmetric ? symmetricBinding(trust) : asymmetricBinding(trust),
    ...(isSymmetric ? [userNameToken(trust, 'SignedEncryptedSupportingTokens')] : []),
    nested(trust, 'Wss11', [
      sp(trust, 'MustSupportRefThumbprint'),
      ...(isSymmetric ? [sp(trust, 'MustSupportRefEncryptedKey')] : []),
      sp(trust, 'RequireSignatureConfirmation'),
    ]),
    sp(trust, 'SignedParts', { children: [body, addressing] }),
    sp(trust, 'EncryptedParts', { children: [body] }),
  ];
}

function asymmetricBinding(trust: TrustVersion): Markup {
  return nested(trust, 'AsymmetricBinding', [
    nested(trust, 'InitiatorToken', [x509Token(trust)]),
    nested(trust, 'RecipientToken', [ourToken(trust, 'AlwaysToInitiator')]),
    ...bindingProperties(trust),
    sp(trust, 'ProtectTokens'),
    sp(trust, 'OnlySignEntireHeadersAndBody'),
  ]);
}

// The client makes a secret and encrypts it to our certificate, which neither side sends.
function symmetricBinding(trust: TrustVersion): Markup {
  return nested(trust, 'SymmetricBinding', [
    nested(trust, 'ProtectionToken', [ourToken(trust, 'Never')]),
    ...bindingProperties(trust),
    sp(trust, 'OnlySignEntireHeadersAndBody'),
  ]);
}

const bindingProperties = (trust: TrustVersion): readonly Markup[] => [
  nested(trust, 'AlgorithmSuite', [element(AGREED_SUITE)]),
  nested(trust, 'Layout', [sp(trust, 'Lax')]),
  sp(trust, 'IncludeTimestamp'),
  sp(trust, 'EncryptSignature'),
];

// We have two certificates: clients encrypt to the one in our metadata; the one that we sign with comes with the answer.
function ourToken(trust: TrustVersion, inclusion: 'AlwaysToInitiator' | 'Never'): Markup {
  const policy = policyOf([sp(trust, 'RequireThumbprintReference'), sp(trust, 'WssX509V3Token10')]);
  return token(trust, 'X509Token', { children: [policy], inclusion });
}

const x509Token = (trust: TrustVersion): Markup =>
  token(trust, 'X509Token', { children: [policyOf([sp(trust, 'WssX509V3Token10')])] });

// With a key of its own: a token that anybody could present signs nothing.
function issuedToken({ keyType: kind, trust }: PolicyTerms): Markup {
  const names = TRUST_NAMES[trust];
  const keyType = element(trustName(names, 'KeyType'), [], [`${names.base}/${kind}`]);
  const template = sp(trust, 'RequestSecurityTokenTemplate', { children: [keyType] });
  const policy = policyOf([sp(trust, 'RequireInternalReference')]);
  return token(trust, 'IssuedToken', { children: [template, policy] });
}

/** What is inside of an assertion. */
interface Inside {
  readonly attributes?: readonly AttributePair[];
  readonly children?: readonly Markup[];
}

interface InsideToken {
  readonly children: readonly Markup[];
  /** Which messages carry it (WS-SecurityPolicy 1.2 §5.1.1). Absent: those to us. */
  readonly inclusion?: 'AlwaysToInitiator' | 'Never';
}

function token(trust: TrustVersion, local: string, { children, inclusion }: InsideToken): Markup {
  const included = `${SECURITY_POLICY[trust]}/IncludeToken/${inclusion ?? 'AlwaysToRecipient'}`;
  return sp(trust, local, { attributes: [[spName(trust, 'IncludeToken'), included]], children });
}

/** An assertion of WS-SecurityPolicy with a policy inside. */
const nested = (trust: TrustVersion, local: string, assertions: readonly Markup[]): Markup =>
  sp(trust, local, { children: [policyOf(assertions)] });

/** An assertion of WS-SecurityPolicy, in the namespace that goes with a version of WS-Trust. */
const sp = (
  trust: TrustVersion,
  local: string,
  { attributes = [], children = [] }: Inside = {},
): Markup => element(spName(trust, local), attributes, children);

const spName = (trust: TrustVersion, local: string): MarkupName => ({
  prefix: 'sp',
  uri: SECURITY_POLICY[trust],
  local,
});

const policyOf = (assertions: readonly Markup[]): Markup => element(wsp('Policy'), [], assertions);

function wsp(local: string): MarkupName {
  return { prefix: 'wsp', uri: POLICY_2004_NS, local };
}
