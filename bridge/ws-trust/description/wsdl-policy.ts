// The policies in our WSDL (WS-SecurityPolicy 1.2, and the submission of July 2005): what a message must come with. They are written,
// never interpreted.

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
import { TRUST_NAMES, type TrustVersion, trustName, wsp } from '../names.ts';
import { messageProtection } from './message-policy.ts';
import { nested, policyOf, sp, token, userNameToken, x509Token } from './policy-words.ts';

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

// With a key of its own: a token that anybody could present signs nothing.
function issuedToken({ keyType: kind, trust }: PolicyTerms): Markup {
  const names = TRUST_NAMES[trust];
  const keyType = element(trustName(names, 'KeyType'), [], [`${names.base}/${kind}`]);
  const template = sp(trust, 'RequestSecurityTokenTemplate', { children: [keyType] });
  const policy = policyOf([sp(trust, 'RequireInternalReference')]);
  return token(trust, 'IssuedToken', { children: [template, policy] });
}
