// Who may get what for whom. Default deny: a deny row that fits decides wherever it stands, else the first allow row that
// fits, and no row is a refusal.

import type { MappingRule } from './claims/claim-mapping.ts';
import type { Actor } from './claims/subject.ts';
import type { Expression, ExpressionContext } from './decision/expression.ts';
import type { ForeignParty } from './decision/known-issuer.ts';
import type { ScopeMode } from './decision/scope.ts';
import type { ActorRules } from './delegation/actor-chain.ts';
import { ExchangeFailure } from './failure.ts';
import type { RelyingParty } from './request/relying-party.ts';
import { type Requestor, requestorName } from './request/requestor.ts';
import { SELF, type ValidatedToken } from './token/security-token.ts';
import type { TokenType } from './token/token-type.ts';

/** The policy in force and what a decision needs beside it. */
export interface PolicyRules extends ActorRules {
  readonly rows: readonly PolicyRow[];
  readonly relyingParties: readonly RelyingParty[];
  /** Whether there is a place for the secrets of tokens. */
  readonly keepsSecrets: boolean;
}

export interface PolicyRow {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Names of requestors, see `requestorName`. */
  readonly requestors: readonly string[];
  /** Principals that may ask besides, by who vouches for them. */
  readonly principals?: PartySelector;
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
  /** The longest chain of actors; absent: as long as any. */
  readonly maxActors?: number;
  /** With no actor token, the requestor becomes the actor. */
  readonly requestorAsActor: boolean;
  readonly lifetimeSeconds: number;
  /** The subject token can be used once only. */
  readonly singleUse: boolean;
  /** The issued token must be bound to a key that the requestor proved. */
  readonly senderConstraint: boolean;
  /** Absent: what it grants cannot be renewed. */
  readonly renewal?: RenewalGrant;
  readonly claims: readonly MappingRule[];
}

/** How long and how often a token can be renewed, counted from the first of its chain. */
interface RenewalGrant {
  readonly lifetimeSeconds: number;
  readonly maxCount: number;
  /** Whether a token that has ended can still be renewed, where its request asked for it. */
  readonly afterExpiry?: boolean;
}

/** What rows and conditions see of a party. */
export type PolicyParty = Pick<
  ValidatedToken,
  'trustedIssuer' | 'type' | 'writtenType' | 'issuer' | 'subject' | 'scopes'
>;

/** The question that a policy answers. */
export interface PolicyQuestion {
  readonly requestor: Requestor;
  readonly subject: ValidatedToken;
  readonly actor: PolicyParty | undefined;
  /** Whose parties tokens of ours are about; absent: one of us, or known by the word of their own issuer. */
  readonly foreign: Readonly<Record<'requestor' | 'subject' | 'actor', ForeignParty | undefined>>;
  readonly target: RelyingParty;
  readonly context: ExpressionContext;
}

/** One row and why it does not fit; no mismatch: it fits. */
export interface ConsideredRow {
  readonly row: PolicyRow;
  readonly mismatch?: string;
}

/** A token of ours may be about a subject of another issuer: its `alice` is not our `alice`. */
const isForeignSubject = ({ trustedIssuer, issuer, subject }: PolicyParty): boolean =>
  trustedIssuer === SELF && subject.issuer !== issuer;

/** Whether a token is of one of these types. Not by its declaration alone: whoever presents it would choose which rows fit. */
const isOfType = (
  types: readonly TokenType[],
  { type, writtenType = type }: Pick<ValidatedToken, 'type' | 'writtenType'>,
): boolean => types.includes(type) || types.includes(writtenType);

interface SelectedParty {
  readonly token: PolicyParty;
  readonly foreign: ForeignParty | undefined;
}

/** Whether a selector is for a party under the name that its own issuer gave it. */
const isOfForeign = ({ ids, issuers }: PartySelector, foreign: ForeignParty): boolean =>
  issuers.includes(foreign.trustedIssuer) && ids?.includes(foreign.id) !== false;

function selectorMismatch(
  selector: PartySelector,
  { foreign, token }: SelectedParty,
  effect: PolicyRow['effect'],
): string | undefined {
  // A row that denies the parties of an issuer also denies them where a token of ours is about them, whatever form their evidence had.
  const isDenied = effect === 'deny' && foreign !== undefined && isOfForeign(selector, foreign);
  return isDenied ? undefined : tokenMismatch(selector, token, effect);
}

function tokenMismatch(
  selector: PartySelector,
  token: PolicyParty,
  effect: PolicyRow['effect'],
): string | undefined {
  if (!selector.issuers.includes(token.trustedIssuer)) return `issuer ${token.trustedIssuer}`;
  if (selector.types && !isOfType(selector.types, token)) return `type ${token.type}`;
  if (!selector.ids) return undefined;
  if (effect === 'allow' && isForeignSubject(token)) return 'id of another issuer';
  return selector.ids.includes(token.subject.id) ? undefined : 'id';
}

function actorMismatch(row: PolicyRow, { actor, foreign }: PolicyQuestion): string | undefined {
  if (!row.actor) return undefined;
  if (!actor) return 'no actor';
  const mismatch = selectorMismatch(
    row.actor,
    { token: actor, foreign: foreign.actor },
    row.effect,
  );
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

function isRequestorOf(
  { effect, principals, requestors }: PolicyRow,
  { foreign: { requestor: foreign }, requestor }: PolicyQuestion,
): boolean {
  if (requestors.includes(requestorName(requestor))) return true;
  const { kind, identity } = requestor;
  if (kind !== 'principal' || !identity || !principals) return false;
  // Who comes with a token of ours about a party of another issuer is not one of us: a row for all of us is not for them, unless it names
  // them.
  const isNamed = principals.ids !== undefined || (foreign && isOfForeign(principals, foreign));
  if (effect === 'allow' && foreign && !isNamed) return false;
  return selectorMismatch(principals, { token: identity, foreign }, effect) === undefined;
}

function mismatchOf(row: PolicyRow, question: PolicyQuestion): string | undefined {
  if (!isRequestorOf(row, question)) return 'requestor';
  if (!row.targets.includes(question.target.id)) return 'target';
  const asked = { token: question.subject, foreign: question.foreign.subject };
  const subject = selectorMismatch(row.subject, asked, row.effect);
  if (subject !== undefined) return `subject ${subject}`;
  return actorMismatch(row, question) ?? conditionMismatch(row, question.context);
}

/** Refuses what a row denies, by an actor for whom there was no token.
 * @throws {ExchangeFailure} `target-not-allowed` */
export function validateUndenied(
  rows: readonly PolicyRow[],
  question: PolicyQuestion,
  denied: 'the actor' | 'an actor',
): void {
  const denial = rows.find(
    (row) => row.effect === 'deny' && mismatchOf(row, question) === undefined,
  );
  if (denial)
    throw new ExchangeFailure('target-not-allowed', `policy row ${denial.id} denies ${denied}`);
}

/** The rows about an actor of whom a token tells, without that actor: who vouched for it is not known any more, so it fits by its id
 * alone. */
export function rowsByActor(
  rows: readonly PolicyRow[],
  actors: readonly Actor[],
): readonly PolicyRow[] {
  return rows.flatMap(({ actor, ...row }) => {
    if (!actor) return [];
    return actors.some(({ id }) => actor.ids?.includes(id) ?? true) ? [row] : [];
  });
}

/** Whether some row lets tokens of ours of the type of this one be used once only, whoever they are about. */
export function isUsedOnce(
  rows: readonly PolicyRow[],
  token: Pick<ValidatedToken, 'type' | 'writtenType'>,
): boolean {
  return rows.some(
    ({ effect, grant, subject }) =>
      effect === 'allow' &&
      grant.singleUse &&
      subject.issuers.includes(SELF) &&
      (!subject.types || isOfType(subject.types, token)),
  );
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

/** The row that decides among those considered, if one fits. A deny row below a broad allow row would be dead text that its
 * author relies on: it wins wherever it stands. */
export function decisiveRow(considered: readonly ConsideredRow[]): PolicyRow | undefined {
  const fitting = considered.filter(({ mismatch }) => mismatch === undefined);
  return (fitting.find(({ row }) => row.effect === 'deny') ?? fitting[0])?.row;
}

/** Whether the target wants tokens in the hands of this requestor. */
export function hasConsented({ requestors }: RelyingParty, requestor: Requestor): boolean {
  return requestors === 'any' || requestors.includes(requestorName(requestor));
}

/** The row that grants. Both sides must want it: a row of the requestor and the consent of the target.
 * @throws {ExchangeFailure} `target-not-allowed` */
export function decidingRow(rows: readonly PolicyRow[], question: PolicyQuestion): PolicyRow {
  const { target, requestor } = question;
  if (!hasConsented(target, requestor)) {
    throw new ExchangeFailure(
      'target-not-allowed',
      `${target.id} does not consent to this requestor`,
    );
  }
  const row = decisiveRow(considerRows(rows, question));
  if (!row) throw new ExchangeFailure('target-not-allowed', 'no policy row fits');
  if (row.effect === 'deny')
    throw new ExchangeFailure('target-not-allowed', `policy row ${row.id} denies`);
  return row;
}
