// Refusals that happen before core is asked (client authentication, malformed requests) are on record as well.

import type { Context } from 'koa';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import type { AuditLog, AuditRecord } from '#core/ports.ts';
import { answerFailure } from './oauth-error.ts';
import { ROUTES } from './provider.ts';
import {
  correlationOf,
  isAudited,
  markRefusal,
  refusalCause,
  requestorMember,
} from './request-state.ts';

function failureOf(cause: unknown): ExchangeFailure | undefined {
  if (cause instanceof ExchangeFailure) return cause;
  const inner = cause instanceof Error ? cause.cause : undefined;
  return inner instanceof ExchangeFailure ? inner : undefined;
}

function reasonOf(status: number, cause: unknown): FailureReason | 'server-error' {
  const failure = failureOf(cause);
  if (failure) return failure.reason;
  if (status === 401) return 'requestor-unauthenticated';
  // The library looks the grant up before ours is asked.
  if (cause instanceof errors.UnsupportedGrantType) return 'operation-unsupported';
  return status < 500 ? 'request-malformed' : 'server-error';
}

/** What the HTTP layer will answer to an error: whatever says no status is a bug. */
const statusOf = (cause: unknown): number =>
  cause instanceof Error && 'status' in cause && typeof cause.status === 'number'
    ? cause.status
    : 500;

function detailOf(cause: unknown): string | undefined {
  const { error_detail, error_description } = (cause ?? {}) as Readonly<Record<string, unknown>>;
  // What the HTTP layer says of a body that it does not read has no text but its message; the library's message is the error again.
  const ofHttp = statusOf(cause) < 500 ? (cause as Error).message : undefined;
  const texts = [error_detail, failureOf(cause)?.message, error_description, ofHttp];
  return texts.find((text) => typeof text === 'string');
}

/** Whom a client claims to be, where there is such a client: a name that was made up may be a secret in the wrong field. */
function claimedClient(ctx: Context): string | undefined {
  const { oidc } = ctx as Context & Partial<Pick<KoaContextWithOIDC, 'oidc'>>;
  return oidc?.entities.Client?.clientId;
}

/** What was wrong, and with which client where none has authenticated. */
function refusalDetail(ctx: Context, reason: AuditRecord['reason']): string | undefined {
  const detail = detailOf(refusalCause(ctx));
  if (reason !== 'requestor-unauthenticated' || detail === undefined) return detail;
  const client = claimedClient(ctx);
  return client === undefined ? detail : `client ${client}: ${detail}`;
}

function refusalRecord(ctx: Context, reason: AuditRecord['reason'] & string): AuditRecord {
  const detail = refusalDetail(ctx, reason);
  return {
    event: ctx.path.endsWith(ROUTES.revocation)
      ? 'token.revoke'
      : ctx.path.endsWith(ROUTES.introspection)
        ? 'token.validate'
        : 'token.exchange',
    outcome: 'refused',
    reason,
    ...(detail !== undefined && { detail }),
    ...requestorMember(ctx),
    ...correlationOf(ctx),
  };
}

/** Outermost middleware of the front: no refusal leaves without a record, and 503 says when to come back. */
export function createRefusalAudit(audit: AuditLog, paths: ReadonlySet<string>) {
  const record = async (ctx: Context, status: number): Promise<void> => {
    const reason = reasonOf(status, refusalCause(ctx));
    ctx.state['reason'] = reason;
    // The limiter records the first one of each: a flood must not cost a durable write for each of its requests.
    if (reason === 'rate-limited') return;
    if (!isAudited(ctx)) await audit.append(refusalRecord(ctx, reason));
  };
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    if (!paths.has(ctx.path)) {
      await next();
      return;
    }
    try {
      await next();
    } catch (cause) {
      // A body that could not be read: the HTTP layer answers it, the record is ours.
      markRefusal(ctx, cause);
      await record(ctx, statusOf(cause));
      throw cause;
    }
    if (ctx.status < 400) return;
    try {
      await record(ctx, ctx.status);
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure)) throw cause;
      answerFailure(ctx, cause);
    }
    const { retryAfterSeconds } = failureOf(refusalCause(ctx)) ?? {};
    if (ctx.status === 503 || ctx.status === 429)
      ctx.set('Retry-After', String(retryAfterSeconds ?? 1));
  };
}
