// Renewal by a refresh token: the evidence of the first exchange is decided anew, and one token is traded for the next.
import { ExchangeFailure } from './failure.ts';
import type { Instant } from './instant.ts';
import type { PolicyRules } from './policy.ts';
import type { RefreshFamily } from './refresh/refresh-family.ts';
import type { ExchangeRequest } from './request/exchange-request.ts';
import type { IssuedToken, TokenSpec } from './token/token-spec.ts';
import type { TokenService } from './token-service.ts';

interface Refreshed {
  readonly token: IssuedToken;
  /** The text of the next refresh token. */
  readonly successor: string;
}

/** The request as policy sees it: for the targets of the family unless it names some of them. */
function narrowed(request: ExchangeRequest, { targets }: RefreshFamily): ExchangeRequest {
  if (request.targets.length > 0) return request;
  return { ...request, targets: targets.map((value) => ({ kind: 'id', value })) };
}

/** RFC 6749 §6: nothing that was not granted at first, whatever policy would grant today.
 * @throws {ExchangeFailure} `scope-not-allowed`, `target-not-allowed` */
function withinFamily(spec: TokenSpec, family: RefreshFamily, asked: ExchangeRequest): TokenSpec {
  if (!spec.relyingParties.every((id) => family.targets.includes(id)))
    throw new ExchangeFailure('target-not-allowed', 'not a target of the refresh token');
  const isGranted = (scope: string): boolean => family.scopes.includes(scope);
  if (asked.scopes && !asked.scopes.every(isGranted))
    throw new ExchangeFailure('scope-not-allowed', 'not a scope of the refresh token');
  const { delegations } = family;
  return {
    ...spec,
    scopes: spec.scopes.filter(isGranted),
    // The step was taken when the family began. Without it the evidence's end of delegation would be lost.
    ...(delegations !== undefined && {
      delegations: Math.min(delegations, spec.delegations ?? delegations),
    }),
    // The evidence was used up, if it was one-time, when the family began.
    once: [],
  };
}

/** Whether the rows that decided still want refresh tokens, and this one in particular.
 * @throws {ExchangeFailure} `renewal-not-possible` */
function validateStillGranted(
  { actors, policyRows }: TokenSpec,
  family: RefreshFamily,
  { rows, now }: Pick<PolicyRules, 'rows'> & { readonly now: Instant },
): void {
  const isGranted = policyRows.every((id) => {
    const grant = rows.find((row) => row.id === id)?.grant;
    const { lifetimeSeconds = 0, maxCount = 0 } = grant?.renewal ?? {};
    return (
      grant?.types.includes('refresh_token') === true &&
      now < family.issuedAt + lifetimeSeconds &&
      family.number + (family.renewals ?? 0) <= maxCount
    );
  });
  // As when the family began: there is none where somebody acts.
  if (!isGranted || actors.length > 0)
    throw new ExchangeFailure('renewal-not-possible', 'policy grants no further renewal');
}

/** A target that the request did not name is no mistake of the request: the grant is worth nothing any more. */
function asRenewalFailure(cause: unknown, request: ExchangeRequest): unknown {
  const isTarget =
    cause instanceof ExchangeFailure &&
    (cause.reason === 'target-not-allowed' || cause.reason === 'target-unknown');
  if (!isTarget || request.targets.length > 0) return cause;
  return new ExchangeFailure('renewal-not-possible', cause.message, { cause });
}

function decideAnew(request: ExchangeRequest, family: RefreshFamily, sts: TokenService): TokenSpec {
  const evidence = {
    request: narrowed(request, family),
    subject: family.subject,
    actor: undefined,
  };
  try {
    const spec = withinFamily(sts.decide(evidence), family, request);
    validateStillGranted(spec, family, { rows: sts.rules.rows, now: spec.issuedAt });
    return spec;
  } catch (cause) {
    throw asRenewalFailure(cause, request);
  }
}

/** Refreshes: find the family, decide anew, use the token up, issue, record. The request's subject is the refresh token.
 * @throws {ExchangeFailure} any reason; `token-replayed` has revoked the family */
export async function refresh(request: ExchangeRequest, sts: TokenService): Promise<Refreshed> {
  return sts.answerFor(request, async () => {
    const family = await sts.findFamily(request);
    const decided = decideAnew(request, family, sts);
    const evidence = { request, subject: family.subject, actor: undefined };
    const { spec, successor } = await sts.advance(evidence, decided, family); // rotated and in the ledger, before anything is signed
    const token = await sts.issue(spec);
    await sts.record(evidence, token);
    return { token, successor };
  });
}

/** Whether the token would bring anything now, for all its targets or for one of them. Nothing is used up. */
export function isRefreshable(
  request: ExchangeRequest,
  family: RefreshFamily,
  sts: TokenService,
): boolean {
  const { targets } = family;
  const each = targets.map((value) => [{ kind: 'id', value } as const]);
  return [[], ...each].some((named) => {
    try {
      decideAnew({ ...request, targets: named }, family, sts);
      return true;
    } catch (cause) {
      if (cause instanceof ExchangeFailure) return false;
      throw cause;
    }
  });
}
