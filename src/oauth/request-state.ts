// What travels with one request between our middleware around the library.
import { auditRequestor } from '#core/ledger/audit-record.ts';
import type { AuditRecord, AuditRequestor } from '#core/ports.ts';
import type { Requestor } from '#core/request/requestor.ts';

interface StatefulContext {
  readonly state: Record<string, unknown>;
}

interface Correlation {
  readonly correlationId: string;
  readonly sourceAddress?: string;
}

/** The correlation id and source address that the HTTP layer set. */
export function correlationOf(ctx: StatefulContext): Correlation {
  const { correlationId, sourceAddress } = ctx.state;
  if (typeof correlationId !== 'string')
    throw new Error('no correlation id: the HTTP layer is missing');
  return { correlationId, ...(typeof sourceAddress === 'string' && { sourceAddress }) };
}

/** From here on core writes the audit of this request, refusals included. */
export function markAudited(ctx: StatefulContext): void {
  ctx.state['audited'] = true;
}

/** Whether core wrote the audit of this request. */
export function isAudited(ctx: StatefulContext): boolean {
  return ctx.state['audited'] === true;
}

/** Keeps why the request is refused: the answer does not say all of it. */
export function markRefusal(ctx: StatefulContext, cause: unknown): void {
  ctx.state['refusal'] = cause;
}

/** Why the request is refused, where anybody has said. */
export function refusalCause({ state }: StatefulContext): unknown {
  return state['refusal'];
}

/** From here on it is known who asks: the library has authenticated the client. */
export function markRequestor(ctx: StatefulContext, requestor: Requestor): void {
  ctx.state['requestor'] = auditRequestor(requestor);
}

/** Who asks, for the audit of a refusal; empty where nobody has authenticated. */
export function requestorMember({ state }: StatefulContext): Pick<AuditRecord, 'requestor'> {
  return state['requestor'] === undefined
    ? {}
    : { requestor: state['requestor'] as AuditRequestor };
}
