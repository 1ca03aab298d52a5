// What was validated for one request, the checks that bind it to the requestor, and how conditions see it.
import { type ClaimValue, claimValues } from './claim.ts';
import { isConfirmed } from './confirmation.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { ExpressionContext, ExpressionParty } from './expression.ts';
import { ExchangeFailure } from './failure.ts';
import { isAudience, type RelyingParty } from './relying-party.ts';
import { SELF, type ValidatedToken } from './security-token.ts';

export interface Evidence {
  readonly request: ExchangeRequest;
  readonly subject: ValidatedToken;
  readonly actor: ValidatedToken | undefined;
}

/** Confused-deputy guard: a token of ours is usable by the client it was issued to, or by a server it is addressed to.
 * @throws {ExchangeFailure} `token-audience-mismatch` */
export function validateOrigin(
  { request, subject }: Evidence,
  relyingParties: readonly RelyingParty[],
): void {
  if (subject.trustedIssuer !== SELF || subject.type === 'requestor') return;
  const { requestor } = request;
  const isAddressed =
    subject.audiences.includes(requestor.id) ||
    relyingParties.some(
      (party) => requestor.represents.includes(party.id) && isAudience(party, subject.audiences),
    );
  if (subject.originClient !== requestor.id && !isAddressed) {
    throw new ExchangeFailure(
      'token-audience-mismatch',
      'the subject token is not for this requestor',
    );
  }
}

/** A token bound to a key is good only in the hands of who proves that key: it never falls back to bearer.
 * @throws {ExchangeFailure} `confirmation-missing` */
export function validateConfirmation({ request, subject, actor }: Evidence): void {
  const proved = request.requestor.confirmation;
  const isUnproved = [subject, actor].some(
    (token) => token && !isConfirmed(token.confirmation, proved),
  );
  if (isUnproved)
    throw new ExchangeFailure(
      'confirmation-missing',
      'a bound token came without proof of its key',
    );
}

const partyContext = (token: ValidatedToken): ExpressionParty => ({
  issuer: token.subject.issuer,
  id: token.subject.id,
  trustedIssuer: token.trustedIssuer,
  scopes: token.scopes,
});

function claimsContext(subject: ValidatedToken): Record<string, ClaimValue> {
  const claims: Record<string, ClaimValue> = Object.create(null) as Record<string, ClaimValue>;
  for (const { name } of subject.claims) {
    const values = claimValues(subject.claims, name);
    claims[name] = values.length === 1 ? (values[0] ?? null) : values;
  }
  return claims;
}

/** What conditions and mapped values may read of this request. */
export function expressionContext(
  { request, subject, actor }: Evidence,
  target: RelyingParty,
): ExpressionContext {
  const { id, kind, method } = request.requestor;
  return {
    subject: partyContext(subject),
    actor: actor ? partyContext(actor) : null,
    requestor: { id, kind, method },
    target: { id: target.id },
    claims: claimsContext(subject),
  };
}
