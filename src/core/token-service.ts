// What the use cases do, step by step. The composition root wires the parts.

import type { Evidence } from './decision/evidence.ts';
import { ExchangeFailure } from './failure.ts';
import type { Clock } from './instant.ts';
import { auditMint, auditRefusal } from './ledger/audit-record.ts';
import { createOneTimeMarks } from './ledger/one-time-marks.ts';
import type { PolicyRules } from './policy.ts';
import type { AuditLog, AuditRecord } from './ports.ts';
import type { ExchangeRequest } from './request/exchange-request.ts';
import {
  createDecisionSteps,
  type DecisionParts,
  type DecisionSteps,
} from './steps/decision-steps.ts';
import {
  createEvidenceSteps,
  type EvidenceParts,
  type EvidenceSteps,
} from './steps/evidence-steps.ts';
import type { SecurityToken, ValidatedToken } from './token/security-token.ts';
import { issuerFor } from './token/token-issuer.ts';
import type { IssuedToken, TokenSpec } from './token/token-spec.ts';

export interface TokenService extends EvidenceSteps, DecisionSteps {
  readonly rules: PolicyRules;
  readonly clock: Clock;
  /** Runs a use case; a refusal is on record before it leaves. */
  answerFor<T>(request: ExchangeRequest, work: () => Promise<T>): Promise<T>;
  issue(spec: TokenSpec): Promise<IssuedToken>;
  /** The completion on record. */
  record(evidence: Evidence, token: IssuedToken): Promise<void>;
}

export type TokenServiceParts = EvidenceParts & DecisionParts;

/** Puts a refusal on record. Where that fails too the answer is that we cannot answer: no answer without a record.
 * @throws {ExchangeFailure} `dependency-unavailable` */
async function recordRefusal(audit: AuditLog, record: AuditRecord, cause: unknown): Promise<void> {
  try {
    await audit.append(record);
  } catch (unrecorded) {
    throw new ExchangeFailure('dependency-unavailable', 'a refusal could not be recorded', {
      cause: new AggregateError([cause, unrecorded]),
    });
  }
}

/** Builds the steps over the given parts. */
export function createTokenService(parts: TokenServiceParts): TokenService {
  const { audit, clock, rules } = parts;
  const validated = new WeakMap<SecurityToken, ValidatedToken>();
  const marks = createOneTimeMarks(parts);
  return {
    async answerFor(request, work) {
      try {
        return await work();
      } catch (cause) {
        // The limiter has its first refusal on record: a flood must not fill the audit.
        if (cause instanceof ExchangeFailure && cause.reason === 'rate-limited') throw cause;
        const { actor, subject } = request;
        const known = { subject: validated.get(subject), actor: actor && validated.get(actor) };
        await recordRefusal(audit, auditRefusal(request, cause, known), cause);
        throw cause;
      } finally {
        // A value in a WeakMap outlives its key until the next full collection.
        validated.delete(request.subject);
        if (request.actor) validated.delete(request.actor);
      }
    },
    rules,
    clock,
    ...createEvidenceSteps(parts, { marks, validated }),
    ...createDecisionSteps(parts, marks),
    issue: (spec) => issuerFor(parts.issuers, spec).issue(spec),
    record: (evidence, token) => audit.append(auditMint(evidence, token.spec)),
  };
}
