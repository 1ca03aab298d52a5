// Who may get what for whom. Default deny: the first row that fits decides, no row is a refusal.

import type { MappingRule } from './claim-mapping.ts';
import type { Expression, ExpressionContext } from './expression.ts';
import { ExchangeFailure } from './failure.ts';
import type { RelyingParty } from './relying-party.ts';
import type { Requestor } from './requestor.ts';
import type { ScopeMode } from './scope.ts';
import type { ValidatedToken } from './security-token.ts';
import type { TokenType } from './token-type.ts';

export interface PolicyRow {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Ids of requestors. */
  readonly requestors: readonly string[];
  readonly subject: PartySelector;
  /** Absent: the row says nothing about who acts; its `delegation` does. */
  readonly actor?: PartySelector;
  /** Ids of relying parties. */
  readonly targets: readonly string[];
  readonly when?: Expression;
  readonly grant: Grant;
}

export interface PartySelector {
  /** Ids of trusted issuers; `self` for our own tokens and requestors. */
  readonly issuers: readonly string[];
  readonly types?: readonly TokenType[];
  readonly ids?: readonly string[];
}

export interface Grant {
  /** Token types that may be asked for besides the relying party's own. */
  readonly types: readonly TokenType[];
  readonly scopes: readonly string[];
  readonly scopeMode: ScopeMode;
  /** The subject's token for the requestor, nobody else visible. */
  readonly impersonation: boolean;
  /** The actor stays visible. */
  readonly delegation: boolean;
  /** With no actor token, the requestor becomes the actor. */
  readonly requestorAsActor: boolean;
  readonly lifetimeSeconds: number;
  /** The subject token can be used once only. */
  readonly singleUse: boolean;
  /** The issued token must be bound to a key that the requestor proved. */
  readonly senderConstraint: boolean;
  readonly claims: readonly MappingRule[];
}

/** The question that a policy answers. */
export interface PolicyQuestion {
  readonly requestor: Requestor;
  readonly subject: ValidatedToken;
  readonly actor: ValidatedToken | undefined;
  readonly target: RelyingParty;
  readonly context: ExpressionContext;
}

/** One row and why it does not fit; no mismatch: it fits. */
export interface ConsideredRow {
  readonly row: PolicyRow;
  readonly mismatch?: string;
}

function selectorMismatch(selector: PartySelector, token: ValidatedToken): string | undefined {
  if (!selector.issuers.includes(token.trustedIssuer)) return `issuer ${token.trustedIssuer}`;
  if (selector.types && !selector.types.includes(token.type)) return `type ${token.type}`;
  if (selector.ids && !selector.ids.includes(token.subject.id)) return 'id';
  return undefined;
}

function actorMismatch(row: PolicyRow, actor: ValidatedToken | undefined): string | undefined {
  if (!row.actor) return undefined;
  if (!actor) return 'no actor';
  const mismatch = selectorMismatch(row.actor, actor);
  return mismatch && `actor ${mismatch}`;
}

function conditionMismatch(row: PolicyRow, context: ExpressionContext): string | undefined {
  if (!row.when) return undefined;
  const result = row.when.evaluate(context);
  // Fail closed: a deny row whose condition cannot be evaluated denies, an allow row does not allow.
  if ('error' in result)
    return row.effect === 'deny' ? undefined : `condition failed: ${result.error}`;
  return result.value === true ? undefined : 'condition does not hold';
}

function mismatchOf(row: PolicyRow, question: PolicyQuestion): string | undefined {
  if (!row.requestors.includes(question.requestor.id)) return 'requestor';
  if (!row.targets.includes(question.target.id)) return 'target';
  const subject = selectorMismatch(row.subject, question.subject);
  if (subject !== undefined) return `subject ${subject}`;
  return actorMismatch(row, question.actor) ?? conditionMismatch(row, question.context);
}

/** Every row held against the question, in order. */
export function considerRows(
  rows: readonly PolicyRow[],
  question: PolicyQuestion,
): readonly ConsideredRow[] {
  return rows.map((row) => {
    const mismatch = mismatchOf(row, question);
    return mismatch === undefined ? { row } : { row, mismatch };
  });
}

/** The row that decides. Both sides must want it: a row of the requestor and the consent of the target.
 * @throws {ExchangeFailure} `target-not-allowed` */
export function decidingRow(rows: readonly PolicyRow[], question: PolicyQuestion): PolicyRow {
  const { requestors } = question.target;
  if (requestors !== 'any' && !requestors.includes(question.requestor.id)) {
    throw new ExchangeFailure(
      'target-not-allowed',
      `${question.target.id} does not consent to this requestor`,
    );
  }
  const row = rows.find((candidate) => mismatchOf(candidate, question) === undefined);
  if (!row) throw new ExchangeFailure('target-not-allowed', 'no policy row fits');
  if (row.effect === 'deny')
    throw new ExchangeFailure('target-not-allowed', `policy row ${row.id} denies`);
  return row;
}
