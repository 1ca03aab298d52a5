// Who asks: the credentials of a message become a Requestor (ws-trust §4). Every one that is presented must be good; the policy of
// the endpoint says which are taken and which of several is the requestor.

import type { MarkParts } from '#bridge/ws-security/one-time-mark.ts';
import type { MessageSignature } from '#bridge/ws-security/signature/message-signature.ts';
import { useSignature } from '#bridge/ws-security/signature/signature-replay.ts';
import type { TimestampRules } from '#bridge/ws-security/timestamp.ts';
import {
  type NonceRules,
  useNonce,
  validateCreated,
} from '#bridge/ws-security/tokens/nonce-replay.ts';
import type { UserNameToken } from '#bridge/ws-security/tokens/user-name-token.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { auditRequestor } from '#core/ledger/audit-record.ts';
import type { AuditLog } from '#core/ports.ts';
import { type Requestor, requestorName } from '#core/request/requestor.ts';
import { BEARER } from '#core/token/confirmation.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import type { CredentialKind, Endpoint, EndpointProfile } from '../endpoint/endpoint-profile.ts';
import { type Credential, useCredentials } from './credential.ts';
import { credentialOf, type SignatureParts, signaturesOf } from './message-signatures.ts';
import type { ReceivedMessage, TimedMessage } from './received-message.ts';
import { bearerCredential } from './token-credential.ts';
import { transportCredential } from './transport-credential.ts';

/** What authentication needs. */
export interface AuthenticationParts extends MarkParts, SignatureParts {
  readonly rules: NonceRules;
  readonly timestampRules: TimestampRules;
  readonly audit: AuditLog;
  /** Counts a request of an authenticated requestor, by the name that is its own among all issuers.
   * @throws {ExchangeFailure} `rate-limited` */
  readonly admitRequestor: (requestorName: string) => void;
}

/** Who asks, and what the signatures of the message proved. */
export interface Authenticated {
  readonly requestor: Requestor;
  readonly signatures: readonly MessageSignature[];
  /** The tokens of the Security header that had a part in it. */
  readonly usedTokens: ReadonlySet<XmlElement>;
}

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
