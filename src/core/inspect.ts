// Is a token still good, and what does it say? Tokens of ours are open only to their own parties.
import { isIdentity, isPartyOf } from './decision/evidence.ts';
import { ExchangeFailure, type FailureReason } from './failure.ts';
import type { RelyingParty } from './request/relying-party.ts';
import type { Requestor } from './request/requestor.ts';
import { SELF, type SecurityToken, type ValidatedToken } from './token/security-token.ts';
import type { TokenService } from './token-service.ts';

export interface InspectRequest {
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
  readonly requestor: Requestor;
  readonly token: SecurityToken;
}

/** The same, where the type of the token is not known yet. */
export interface PresentedText extends Omit<InspectRequest, 'token'> {
  readonly text: string;
}

interface InspectParts {
  readonly relyingParties: readonly RelyingParty[];
  /** Whether tokens of trusted issuers are told of too, to whoever holds them. */
  readonly takesForeign?: boolean;
}

/** Reasons that make a token inactive. All others are about us or about the request, and stay refusals. */
const INACTIVE: ReadonlySet<FailureReason> = new Set([
  'token-type-unsupported',
  'token-malformed',
  'signature-invalid',
  'issuer-untrusted',
  'token-audience-mismatch',
  'token-replayed',
  'token-revoked',
  'token-expired',
  'renewal-needed',
  'token-not-yet-valid',
] as const);

/** Whether a refusal says no more than that a token is not active. */
export function isInactive(cause: unknown): cause is ExchangeFailure {
  return cause instanceof ExchangeFailure && INACTIVE.has(cause.reason);
}

/** Whether a refusal is the answer to a question about a token: it is not active. So is a token without the proof it needs, since nobody
 * is asked for a proof here. */
const isAnswer = (cause: unknown): boolean =>
  isInactive(cause) ||
  (cause instanceof ExchangeFailure && cause.reason === 'confirmation-missing');

/** The facts of an active token, for its client and its audience; undefined for everything else, with no hint why: RFC 7662 §2.2 keeps
 * the state of other parties' tokens from the caller.
 * @throws {ExchangeFailure} `dependency-unavailable`: unknown is never "active" */
export async function inspect(
  { requestor, token }: InspectRequest,
  sts: TokenService,
  { relyingParties, takesForeign = false }: InspectParts,
): Promise<ValidatedToken | undefined> {
  try {
    const found = await sts.validate(token);
    // Within the skew it is evidence still, of which nothing can be made; whoever goes by the answer would let its holder in for longer.
    if (sts.clock.now() >= found.lifetime.notOnOrAfter) return undefined;
    if (found.trustedIssuer === SELF) {
      const isTold = isIdentity(found, requestor) || isPartyOf(found, requestor, relyingParties);
      return isTold ? found : undefined;
    }
    if (!takesForeign) return undefined;
    // One of ours is meant for its audience, whatever it was evidence for; one of others is evidence here or nothing.
    await sts.validateUsable(found, requestor);
    return found;
  } catch (cause) {
    if (isAnswer(cause)) return undefined;
    throw cause;
  }
}
