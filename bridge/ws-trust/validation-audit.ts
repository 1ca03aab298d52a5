// Every validation is on record, whatever its outcome.

import { auditRequestor } from '#core/ledger/audit-record.ts';
import type { AuditLog } from '#core/ports.ts';
import type { Requestor } from '#core/request/requestor.ts';
import type { ValidatedToken } from '#core/security-token.ts';
import { OPERATION_EVENTS } from './refusal-audit.ts';

/** Who asked, and where from. */
interface ValidationRequest {
  readonly requestor: Requestor;
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
}

/** Puts on record what a validation found: undefined for a token that is not valid, or not for this requestor to know of.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function recordValidation(
  found: ValidatedToken | undefined,
  { correlationId, requestor, sourceAddress }: ValidationRequest,
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
