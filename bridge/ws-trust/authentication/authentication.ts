// Who asks: the credentials of a message become a Requestor (ws-trust §4). Every one that is presented must be good; the policy of
// the endpoint says which are taken and which of several is the requestor.

import type { MarkParts } from '#bridge/ws-security/one-time-mark.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { SecurityHeader } from '#bridge/ws-security/security-header.ts';
import {
  type MessageSignature,
  verifySignature,
} from '#bridge/ws-security/signature/message-signature.ts';
import type { CertificateFinder } from '#bridge/ws-security/signature/named-signer.ts';
import { useSignature } from '#bridge/ws-security/signature/signature-replay.ts';
import type { TimestampRules } from '#bridge/ws-security/timestamp.ts';
import type { CertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import {
  type NonceRules,
  useNonce,
  validateCreated,
} from '#bridge/ws-security/tokens/nonce-replay.ts';
import type { UserNameToken } from '#bridge/ws-security/tokens/user-name-token.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { BEARER } from '#core/confirmation.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import { auditRequestor } from '#core/ledger/audit-record.ts';
import type { AuditLog } from '#core/ports.ts';
import { type Requestor, requestorName } from '#core/request/requestor.ts';
import { SELF, type SecurityToken } from '#core/security-token.ts';
import type { TokenType } from '#core/token-type.ts';
import type { CredentialKind, Endpoint, EndpointProfile } from '../endpoint/endpoint-profile.ts';
import { type Credential, type CredentialService, useCredentials } from './credential.ts';
import type { MessageToAuthenticate, ReceivedMessage } from './received-message.ts';
import type { SecretFinder } from './secret-holder.ts';
import { trustSigners } from './signer-trust.ts';
import { bearerCredential } from './token-credential.ts';
import { transportCredential } from './transport-credential.ts';

/** What authentication needs. */
export interface AuthenticationParts extends MarkParts {
  readonly sts: CredentialService;
  readonly rules: NonceRules;
  readonly timestampRules: TimestampRules;
  /** What the signature of a message may have us digest. */
  readonly maxCanonicalBytes: number;
  readonly findCertificate?: CertificateFinder | undefined;
  readonly findSecret?: SecretFinder | undefined;
  readonly certificates: CertificateMemory;
  readonly audit: AuditLog;
  /** Counts a request of an authenticated requestor, by the name that is its own among all issuers.
   * @throws {ExchangeFailure} `rate-limited` */
  readonly admitRequestor: (requestorName: string) => void;
}

/** A message and the time it is held against. */
interface TimedMessage extends MessageToAuthenticate {
  readonly now: Instant;
}

/** Who asks, and what the signatures of the message proved. */
export interface Authenticated {
  readonly requestor: Requestor;
  readonly signatures: readonly MessageSignature[];
  /** The tokens of the Security header that had a part in it. */
  readonly usedTokens: ReadonlySet<XmlElement>;
}

/** The credential's, and one that shows possession of another key. */
const MAX_SIGNATURES = 2;

/** The requestor of a message.
 * @throws {ExchangeFailure} `requestor-unauthenticated`, `dependency-unavailable`
 * @throws {SecurityFailure} any code */
export async function authenticate(
  message: TimedMessage,
  parts: AuthenticationParts,
): Promise<Authenticated> {
  const { received, security } = message;
  const { protection } = received;
  const signatures = await signaturesOf(message, parts);
  const credentials = await verifyCredentials(signatures, message, parts);
  const requestor = requestorOf(credentials, received);
  parts.admitRequestor(requestorName(requestor));
  // Last: whoever is not known, or comes too often, must neither use up what is good once nor fill the store.
  if (security?.userName)
    await useNonce(ofUser(security.userName, credentials), parts.rules, parts);
  for (const signature of protection ? [protection.signature] : signatures) {
    const inMessage = repeatableIn(message);
    await useSignature({ signature, timestamp: security?.timestamp, inMessage }, parts);
    if (signature.proof.usedSha1) await recordSha1(requestor, received, parts);
  }
  await useCredentials(credentials, parts.sts);
  const ofSignatures = protection?.tokens ?? signatures.flatMap(({ tokens }) => tokens);
  const ofCredentials = credentials.flatMap(({ token }) => (token ? [token] : []));
  return { requestor, signatures, usedTokens: new Set([...ofSignatures, ...ofCredentials]) };
}

// Under the one name that the user has with us: a digest is not over the name, so in another spelling it would be good again.
const ofUser = (userName: UserNameToken, credentials: readonly Credential[]): UserNameToken => {
  const user = credentials.find(({ kind }) => kind === 'username');
  return user ? { ...userName, name: user.identity.subject.id } : userName;
};

// What renews or ends something is asked for once.
function repeatableIn({ namesSecret, received }: TimedMessage): string | undefined {
  const isRepeatable = received.endpoint.takesRepeatedTimestamps && !namesSecret;
  return isRepeatable ? received.message.addressing?.messageId : undefined;
}

async function verifyCredentials(
  signatures: readonly MessageSignature[],
  message: TimedMessage,
  parts: AuthenticationParts,
): Promise<readonly Credential[]> {
  const credentials = signatures.flatMap(credentialOf);
  const { userName } = message.security ?? {};
  // After the signatures: a password costs more.
  if (userName) credentials.push(await verifyUser(userName, message, parts));
  if (credentials.length > 0) return credentials;
  const found =
    (await bearerOf(signatures, message, parts)) ??
    (await transportCredential(message.received, parts.sts));
  return found ? [found] : [];
}

// Beside another credential it would be unclear what the token is for.
async function bearerOf(
  signatures: readonly MessageSignature[],
  { received: { endpoint, message }, security, usedTokens }: TimedMessage,
  { sts }: AuthenticationParts,
): Promise<Credential | undefined> {
  if (!security) return undefined;
  const { document } = message.envelope;
  const used = new Set([...usedTokens, ...signatures.flatMap(({ tokens }) => tokens)]);
  return bearerCredential({ document, security, endpoint, usedTokens: used, sts });
}

// The exception is on record each time it is used: whoever still needs it can be told before it ends.
async function recordSha1(
  requestor: Requestor,
  { correlationId, endpoint, sourceAddress }: ReceivedMessage,
  { audit }: AuthenticationParts,
): Promise<void> {
  await audit.append({
    event: 'token.validate',
    outcome: 'allowed',
    operation: 'message-signature',
    correlationId,
    detail: `SHA-1 by the exception of ${endpoint.path}`,
    requestor: auditRequestor(requestor),
    ...(sourceAddress !== undefined && { sourceAddress }),
  });
}

// The signature of a message without TLS was verified before its Body was read, and more strictly. Made with the secret of that message
// alone it shows nobody's key.
async function signaturesOf(
  message: TimedMessage,
  parts: AuthenticationParts,
): Promise<readonly MessageSignature[]> {
  const { security } = message;
  const { protection } = message.received;
  if (protection) return protection.secret ? [] : [protection.signature];
  return security ? verifySignatures(message, security, parts) : [];
}

async function verifySignatures(
  message: TimedMessage,
  security: SecurityHeader,
  parts: AuthenticationParts,
): Promise<readonly MessageSignature[]> {
  const { namesKey, namesSecret, now, received, requestDocument, usedTokens } = message;
  const { endpoint } = received;
  const { envelope } = received.message;
  if (security.signatures.length > MAX_SIGNATURES)
    throw new SecurityFailure('invalid-security', 'more signatures than expected');
  const signed = {
    envelope,
    security,
    legacySha1: endpoint.legacySha1Until !== undefined && now < endpoint.legacySha1Until,
    maxCanonicalBytes: parts.maxCanonicalBytes,
    trust: trustSigners({
      document: envelope.document,
      requestDocument,
      sts: parts.sts,
      tokens: security.tokens.filter((token) => !usedTokens.has(token)),
      mayProvePossession: namesKey,
      mayProveSecret: namesSecret,
      takesContexts: endpoint.credentials.includes('security-context'),
      takesOwnSharedSecrets: endpoint.takesOwnBearerTokens,
      findSecret: parts.findSecret,
      certificates: parts.certificates,
    }),
    findCertificate: parts.findCertificate,
    certificates: parts.certificates,
    // KeyInfo may name the token that the request is about, which its Body holds.
    otherTokens: [...usedTokens],
  };
  const verified: MessageSignature[] = [];
  for (const element of security.signatures) {
    const signature = await verifySignature(element, signed);
    requireCoverage(signature, message);
    verified.push(signature);
  }
  return verified;
}

// ws-trust §4. Without a signed Timestamp a message could be sent again for ever.
function requireCoverage(
  { coversBody, coversTimestamp, identity }: MessageSignature,
  { needsSignedBody, received: { endpoint } }: TimedMessage,
): void {
  if (!coversTimestamp)
    throw new SecurityFailure('authentication-bad-elements', 'the Timestamp is not signed');
  const isNeeded = needsSignedBody || endpoint.signedParts !== 'timestamp';
  if (!coversBody && (isNeeded || isShownToOthers(identity, endpoint)))
    throw new SecurityFailure('authentication-bad-elements', 'the Body is not signed');
}

// Our assertions are shown to relying parties. One that gets a message which is signed with the key of such an assertion, over the Timestamp
// alone, could forward its header to us with a Body of its own.
const isShownToOthers = (
  identity: MessageSignature['identity'],
  { takesOwnBearerTokens }: Endpoint,
): boolean =>
  identity?.trustedIssuer === SELF &&
  KINDS[identity.type] === undefined &&
  takesOwnBearerTokens !== true;

const KINDS: Partial<Record<TokenType, CredentialKind>> = {
  x509: 'certificate',
  sct: 'security-context',
};

function credentialOf({ identity, confirmation }: MessageSignature): Credential[] {
  if (identity === undefined) return [];
  return [{ kind: KINDS[identity.type] ?? 'issued-token', identity, confirmation }];
}

async function verifyUser(
  userName: UserNameToken,
  { now, oneTimePassword, received: { endpoint, sourceAddress } }: TimedMessage,
  parts: AuthenticationParts,
): Promise<Credential> {
  // Not looked at where it is not taken: nobody shall try passwords at such an address.
  if (!endpoint.credentials.includes('username')) throw notTaken(endpoint, 'username');
  validateCreated(userName, now, parts.rules);
  const { name, password, digest } = userName;
  const evidence: SecurityToken = {
    type: 'username',
    use: 'subject',
    content: {
      name,
      ...(digest ? { digest } : { password }),
      ...(oneTimePassword !== undefined && { oneTimePassword }),
      ...(sourceAddress !== undefined && { sourceAddress }),
      ...(endpoint.messageSecurity && { isMessageEncrypted: true }),
    },
  };
  const identity = await parts.sts.validate(evidence);
  return { kind: 'username', identity, confirmation: BEARER };
}

/** How the audit and policy call it; the others are called by the type of their token. */
const METHODS: Partial<Record<CredentialKind, string>> = {
  basic: 'http_basic',
  'tls-certificate': 'tls_client_certificate',
};

/** The requestor that good credentials stand for.
 * @throws {ExchangeFailure} `requestor-unauthenticated` when there is none, or one that is not taken */
export function requestorOf(
  credentials: readonly Credential[],
  { endpoint, profile }: AskedAt,
): Requestor {
  const order = (kind: CredentialKind) => endpoint.credentials.indexOf(kind);
  const foreign = credentials.find(({ kind }) => order(kind) < 0);
  if (foreign !== undefined) throw notTaken(endpoint, foreign.kind);
  const [first] = credentials.toSorted((left, right) => order(left.kind) - order(right.kind));
  if (first === undefined) throw notTaken(endpoint);
  const { identity, confirmation, kind } = first;
  return {
    kind: 'principal',
    id: identity.subject.id,
    method: METHODS[kind] ?? identity.type,
    represents: [],
    confirmation,
    identity,
    ...(profile.defaultTarget !== undefined && { defaultTarget: profile.defaultTarget }),
  };
}

/** What of an address bears on who asks there. */
interface AskedAt {
  readonly endpoint: Pick<Endpoint, 'credentials'>;
  readonly profile: Pick<EndpointProfile, 'defaultTarget'>;
}

function notTaken({ credentials }: AskedAt['endpoint'], shown?: CredentialKind): ExchangeFailure {
  const what = shown === undefined ? 'no credential' : `${shown} is not taken`;
  const detail = `${what}: this address takes ${credentials.join(', ') || 'nobody'}`;
  return new ExchangeFailure('requestor-unauthenticated', detail);
}
