// Who asks: the credential in the Security header becomes a Requestor (ws-trust §4). User names over TLS for now; signatures
// and header tokens find their place here.

import type { Envelope } from '#bridge/soap/envelope.ts';
import {
  type NonceParts,
  type NonceRules,
  useNonce,
  validateCreated,
} from '#bridge/ws-security/nonce-replay.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { SecurityHeader } from '#bridge/ws-security/security-header.ts';
import type { UserNameToken } from '#bridge/ws-security/user-name-token.ts';
import { BEARER } from '#core/confirmation.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Requestor } from '#core/requestor.ts';
import type { SecurityToken } from '#core/security-token.ts';
import type { TokenService } from '#core/token-service.ts';
import type { Endpoint, EndpointProfile } from './endpoint-profile.ts';

/** Verifies the signatures of a message against the policy of its endpoint. It must throw when one is not acceptable. */
export type SignatureVerifier = (message: {
  readonly envelope: Envelope;
  readonly security: SecurityHeader;
  readonly endpoint: Endpoint;
}) => Promise<void>;

/** What authentication needs. */
export interface AuthenticationParts extends NonceParts {
  readonly sts: Pick<TokenService, 'validate'>;
  readonly rules: NonceRules;
  readonly verifySignatures?: SignatureVerifier | undefined;
  /** Counts a request of an authenticated requestor.
   * @throws {ExchangeFailure} `rate-limited` */
  readonly admitRequestor?: ((requestorId: string) => void) | undefined;
}

/** A message to authenticate. */
export interface AuthenticationInput {
  readonly envelope: Envelope;
  readonly security: SecurityHeader | undefined;
  readonly endpoint: Endpoint;
  readonly profile: EndpointProfile;
  readonly sourceAddress?: string | undefined;
  readonly now: number;
}

/** The requestor of a message.
 * @throws {ExchangeFailure} `requestor-unauthenticated`, `dependency-unavailable`
 * @throws {SecurityFailure} `invalid-security`, `message-expired` */
export async function authenticate(
  input: AuthenticationInput,
  parts: AuthenticationParts,
): Promise<Requestor> {
  const { endpoint, envelope, security } = input;
  if (security === undefined)
    throw new ExchangeFailure('requestor-unauthenticated', 'no Security header');
  if (security.signatures.length > 0) {
    // Not looked at, a signature would be taken for verified by whoever reads the log.
    if (!parts.verifySignatures)
      throw new SecurityFailure('invalid-security', 'no signature is expected here');
    await parts.verifySignatures({ envelope, security, endpoint });
  }
  const { userName } = security;
  if (userName === undefined || !endpoint.credentials.includes('username'))
    throw new ExchangeFailure('requestor-unauthenticated', 'no credential for this endpoint');
  return authenticateUser(userName, input, parts);
}

async function authenticateUser(
  userName: UserNameToken,
  { now, profile, sourceAddress }: AuthenticationInput,
  parts: AuthenticationParts,
): Promise<Requestor> {
  validateCreated(userName, now, parts.rules);
  const { name, password } = userName;
  const evidence: SecurityToken = {
    type: 'username',
    use: 'subject',
    content: { name, password, ...(sourceAddress !== undefined && { sourceAddress }) },
  };
  const identity = await parts.sts.validate(evidence);
  parts.admitRequestor?.(identity.subject.id);
  await useNonce(userName, parts.rules, parts);
  return {
    kind: 'principal',
    id: identity.subject.id,
    method: 'username',
    represents: [],
    confirmation: BEARER,
    identity,
    ...(profile.defaultTarget !== undefined && { defaultTarget: profile.defaultTarget }),
  };
}
