// The policies we publish (WS-SecurityPolicy 1.2, and the submission of July 2005): over TLS a user name, or a message that is
// signed with the key of a certificate or of an issued token. They are emitted, never interpreted.

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
  /** Whether requests must have addressing: without it they may. */
  readonly usesAddressing: boolean;
  readonly includesTimestamp: boolean;
  /** How a user name over TLS is called; the submission of 2005 has one word only. */
  readonly userNameTokens: EndpointProfile['userNameTokens'];
  readonly credential: AdvertisedCredential;
  /** What a security context is asked for with at the same address; absent: it is not. */
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

// WS-Policy 1.2 §4.3.1: with it or without.
const OPTIONAL: AttributePair = [wsp('Optional'), 'true'];

/** How ids begin; clients search for the first. */
const ID_PREFIXES: Readonly<Record<AdvertisedCredential, string>> = {
  username: 'Username',
  certificate: 'Certificate',
  'issued-token': 'IssuedToken',
  'tls-certificate': 'CertificateTransport',
  'security-context': 'SecurityContext',
};

/** Those that sign the message. */
const ENDORSING: ReadonlySet<AdvertisedCredential> = new Set([
  'certificate',
  'issued-token',
  'security-context',
]);

/** What names of a version end with. */
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

// To most clients the suite means RSA-SHA1, which we refuse. Eclipse Metro can be told otherwise, by this attribute; to others it says
// nothing.
const METRO_RSA_SHA256: AttributePair = ['signatureAlgorithm', 'SHA256withRSA'];

function transportBinding({ credential, trust, includesTimestamp }: PolicyTerms): Markup {
  const sp = securityPolicyName(trust);
  const wantsCertificate = credential === 'tls-certificate';
  const https =
    trust === '1.3'
      ? wrapped(sp('HttpsToken'), wantsCertificate ? [element(sp('RequireClientCertificate'))] : [])
      : element(sp('HttpsToken'), [['RequireClientCertificate', String(wantsCertificate)]]);
  return wrapped(sp('TransportBinding'), [
    wrapped(sp('TransportToken'), [https]),
    element(sp('AlgorithmSuite'), [METRO_RSA_SHA256], [policyOf([element(sp('Basic256Sha256'))])]),
    wrapped(sp('Layout'), [element(sp('Lax'))]),
    ...(includesTimestamp ? [element(sp('IncludeTimestamp'))] : []),
  ]);
}

function supportingTokens(terms: PolicyTerms): readonly Markup[] {
  const { credential, signsBody, trust, userNameTokens } = terms;
  const sp = securityPolicyName(trust);
  // The transport is the proof.
  if (credential === 'tls-certificate') return [];
  if (credential === 'username') return [userNameToken(trust, userNameTokens)];
  const endorsing = endorsingToken(terms);
  const body = element(sp('SignedParts'), [], [element(sp('Body'))]);
  return [wrapped(sp('EndorsingSupportingTokens'), [endorsing, ...(signsBody ? [body] : [])])];
}

function userNameToken(trust: TrustVersion, tokens: PolicyTerms['userNameTokens']): Markup {
  const sp = securityPolicyName(trust);
  const policy = policyOf([element(sp('WssUsernameToken10'))]);
  const name = trust === '1.3' ? tokens : 'SignedSupportingTokens';
  return wrapped(sp(name), [token(trust, 'UsernameToken', [policy])]);
}

function endorsingToken(terms: PolicyTerms): Markup {
  if (terms.credential === 'certificate') return x509Token(terms.trust);
  return terms.credential === 'issued-token' ? issuedToken(terms) : contextToken(terms);
}

// WS-SecurityPolicy 1.2 §5.4.7: the address that takes a context gives it, for what the bootstrap policy asks (no Issuer).
function contextToken(terms: PolicyTerms): Markup {
  const { bootstrap: credential, trust } = terms;
  const sp = securityPolicyName(trust);
  const bootstrap = credential && { ...terms, credential };
  return token(trust, 'SecureConversationToken', [
    policyOf([
      // The submission of 2005 has no word for it.
      ...(trust === '1.3' ? [element(sp('MustNotSendAmend'))] : []),
      ...(bootstrap
        ? [
            wrapped(sp('BootstrapPolicy'), [
              transportBinding(bootstrap),
              ...supportingTokens(bootstrap),
              ...protectedBody(trust),
            ]),
          ]
        : []),
    ]),
  ]);
}

// TLS signs and encrypts it. The importer of WCF takes no bootstrap policy that does not say so.
function protectedBody(trust: TrustVersion): readonly Markup[] {
  const sp = securityPolicyName(trust);
  return ['SignedParts', 'EncryptedParts'].map((local) =>
    element(sp(local), [], [element(sp('Body'))]),
  );
}

// The suites of WS-SecurityPolicy all mean AES-CBC, which we refuse, and those of Apache CXF with GCM mean digests by SHA-1. In
// this one of CXF both sides have agreed on what they use.
const AGREED_SUITE: MarkupName = {
  prefix: 'cxf',
  uri: 'http://cxf.apache.org/custom/security-policy',
  local: 'CustomAlgorithmSuite',
};

/** What all is signed and encrypted, and by which binding (WS-SecurityPolicy 1.2 §7.4, §7.5): all is signed, then Body and signature are
 * encrypted, and a user name that comes with them. */
function messageProtection(security: MessageSecurity, trust: TrustVersion): readonly Markup[] {
  const sp = securityPolicyName(trust);
  const isSymmetric = security === 'symmetric-sign-and-encrypt';
  const features = wrapped(sp('Wss11'), [
    element(sp('MustSupportRefThumbprint')),
    ...(isSymmetric ? [element(sp('MustSupportRefEncryptedKey'))] : []),
    element(sp('RequireSignatureConfirmation')),
  ]);
  const body = element(sp('Body'));
  const addressing = element(sp('Header'), [['Namespace', WSA_NS]]);
  return [
    isSymmetric ? symmetricBinding(trust) : asymmetricBinding(trust),
    ...(isSymmetric ? [userNameToken(trust, 'SignedEncryptedSupportingTokens')] : []),
    features,
    element(sp('SignedParts'), [], [body, addressing]),
    element(sp('EncryptedParts'), [], [body]),
  ];
}

function asymmetricBinding(trust: TrustVersion): Markup {
  const sp = securityPolicyName(trust);
  return wrapped(sp('AsymmetricBinding'), [
    wrapped(sp('InitiatorToken'), [x509Token(trust)]),
    wrapped(sp('RecipientToken'), [ourToken(trust, 'AlwaysToInitiator')]),
    ...bindingProperties(trust),
    element(sp('ProtectTokens')),
    element(sp('OnlySignEntireHeadersAndBody')),
  ]);
}

// The client makes a secret and encrypts it to our certificate, which neither side sends.
function symmetricBinding(trust: TrustVersion): Markup {
  const sp = securityPolicyName(trust);
  return wrapped(sp('SymmetricBinding'), [
    wrapped(sp('ProtectionToken'), [ourToken(trust, 'Never')]),
    ...bindingProperties(trust),
    element(sp('OnlySignEntireHeadersAndBody')),
  ]);
}

function bindingProperties(trust: TrustVersion): readonly Markup[] {
  const sp = securityPolicyName(trust);
  return [
    wrapped(sp('AlgorithmSuite'), [element(AGREED_SUITE)]),
    wrapped(sp('Layout'), [element(sp('Lax'))]),
    element(sp('IncludeTimestamp')),
    element(sp('EncryptSignature')),
  ];
}

// Our certificates are two: clients encrypt to the one of the metadata, the other comes with an answer that it signs.
function ourToken(trust: TrustVersion, inclusion: 'AlwaysToInitiator' | 'Never'): Markup {
  const sp = securityPolicyName(trust);
  const included = `${SECURITY_POLICY[trust]}/IncludeToken/${inclusion}`;
  const policy = policyOf([
    element(sp('RequireThumbprintReference')),
    element(sp('WssX509V3Token10')),
  ]);
  return element(sp('X509Token'), [[sp('IncludeToken'), included]], [policy]);
}

function x509Token(trust: TrustVersion): Markup {
  const sp = securityPolicyName(trust);
  return token(trust, 'X509Token', [policyOf([element(sp('WssX509V3Token10'))])]);
}

// With a key of its own: a token that anybody could present signs nothing.
function issuedToken({ keyType: kind, trust }: PolicyTerms): Markup {
  const sp = securityPolicyName(trust);
  const names = TRUST_NAMES[trust];
  const keyType = element(trustName(names, 'KeyType'), [], [`${names.base}/${kind}`]);
  const template = element(sp('RequestSecurityTokenTemplate'), [], [keyType]);
  return token(trust, 'IssuedToken', [
    template,
    policyOf([element(sp('RequireInternalReference'))]),
  ]);
}

function token(trust: TrustVersion, local: string, children: readonly Markup[]): Markup {
  const sp = securityPolicyName(trust);
  const always = `${SECURITY_POLICY[trust]}/IncludeToken/AlwaysToRecipient`;
  return element(sp(local), [[sp('IncludeToken'), always]], children);
}

const policyOf = (assertions: readonly Markup[]): Markup => element(wsp('Policy'), [], assertions);

function wrapped(name: MarkupName, assertions: readonly Markup[]): Markup {
  return element(name, [], [policyOf(assertions)]);
}

function securityPolicyName(trust: TrustVersion): (local: string) => MarkupName {
  return (local) => ({ prefix: 'sp', uri: SECURITY_POLICY[trust], local });
}

function wsp(local: string): MarkupName {
  return { prefix: 'wsp', uri: POLICY_2004_NS, local };
}
