// What the front puts on record itself: refusals that happen before core is asked, and validations.

import { ExchangeFailure } from '#core/failure.ts';
import { auditRequestor } from '#core/ledger/audit-record.ts';
import type { AuditLog, AuditRecord } from '#core/ports.ts';
import type { Requestor } from '#core/request/requestor.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import type { Refusal } from './fault-map.ts';
import type { TrustOperation } from './names.ts';

/** What is known of a request. Never the name that was typed: people type passwords into its field. */
interface RecordedRequest {
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
  /** Absent where the request could not be read so far. */
  readonly operation?: TrustOperation | undefined;
  readonly requestor?: Requestor | undefined;
}

/** How the audit calls what each operation does. */
const OPERATION_EVENTS = {
  Issue: 'token.exchange',
  Renew: 'token.renew',
  Validate: 'token.validate',
  Cancel: 'token.revoke',
} as const satisfies Record<TrustOperation, AuditRecord['event']>;

/** Puts a refusal on record, unless it is: core has written it, or whoever limits the rate, who records the first one of each
 * requestor. A flood must not cost a durable write a request.
 * @throws {ExchangeFailure} `dependency-unavailable`: no answer without a record */
export async function recordOnce(
  audit: AuditLog,
  refused: RecordedRequest & { readonly isRecorded: boolean },
  refusal: Pick<Refusal, 'reason' | 'detail'>,
): Promise<void> {
  if (refused.isRecorded || refusal.reason === 'rate-limited') return;
  await recordRefusal(audit, refused, refusal);
}

/** A request that is refused, and how its front says so. */
interface Refusing<Said> {
  readonly refused: RecordedRequest & { readonly isRecorded: boolean };
  readonly refusalOf: (cause: unknown) => Said;
  readonly parts: {
    readonly audit: AuditLog;
    /** Hears of our own mistakes, for the log. */
    readonly onError: (cause: unknown, correlationId: string) => void;
  };
}

/** What comes of whatever was thrown, once it is on record. No answer without a record: where that fails too, the answer is that we cannot
 * answer. */
export async function refusalOnRecord<Said extends Pick<Refusal, 'reason' | 'detail'>>(
  cause: unknown,
  { parts, refusalOf, refused }: Refusing<Said>,
): Promise<Said> {
  const refusal = refusalOf(cause);
  if (refusal.reason === 'server-error') parts.onError(cause, refused.correlationId);
  try {
    await recordOnce(parts.audit, refused, refusal);
    return refusal;
  } catch (unrecorded) {
    return refusalOf(unrecorded);
  }
}

/** Runs a use case of core, which puts its own refusals on record: its request is made before, for what is refused there is not core's. */
export async function onRecord<T>(
  progress: { isRecorded: boolean },
  useCase: () => Promise<T>,
): Promise<T> {
  progress.isRecorded = true;
  const result = await useCase();
  progress.isRecorded = false;
  return result;
}

/** Puts a refusal on record.
 * @throws {ExchangeFailure} `dependency-unavailable`: no answer without a record */
export async function recordRefusal(
  audit: AuditLog,
  { correlationId, sourceAddress, operation, requestor }: RecordedRequest,
  { reason, detail }: Pick<Refusal, 'reason' | 'detail'>,
): Promise<void> {
  try {
    await audit.append({
      event:
        reason === 'token-replayed' ? 'replay.detected' : OPERATION_EVENTS[operation ?? 'Issue'],
      outcome: 'refused',
      ...(operation && { operation: operation.toLowerCase() }),
      correlationId,
      reason,
      ...(detail !== undefined && { detail }),
      ...(sourceAddress !== undefined && { sourceAddress }),
      ...(requestor && { requestor: auditRequestor(requestor) }),
    });
  } catch (cause) {
    throw new ExchangeFailure('dependency-unavailable', 'a refusal could not be recorded', {
      cause,
    });
  }
}

/** Puts on record what a validation found: undefined for a token that is not valid, or not for this requestor to know of.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function recordValidation(
  found: ValidatedToken | undefined,
  { correlationId, requestor, sourceAddress }: RecordedRequest & { readonly requestor: Requestor },
  audit: AuditLog,
): Promise<void> {
  await audit.append({
    event: OPERATION_EVENTS.Validate,
    outcome: 'done',
    operation: 'validate',
    detail: found ? 'valid' : 'invalid',
    correlationId,
    requestor: auditRequestor(requestor),
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(found?.id !== undefined && { token: { issuer: found.issuer, id: found.id } }),
  });
}
