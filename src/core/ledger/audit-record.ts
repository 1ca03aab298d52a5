// What the audit says of an exchange: who, for whom, what was asked, what was granted, and why not.
import type { Evidence } from '../decision/evidence.ts';
import { ExchangeFailure, excerpt } from '../failure.ts';
import type { AuditParty, AuditRecord, AuditRequestor } from '../ports.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import type { Requestor } from '../request/requestor.ts';
import type { ValidatedToken } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';

const eventOf = ({ operation, subject }: ExchangeRequest): AuditRecord['event'] =>
  operation === 'renew' || subject.type === 'refresh_token' ? 'token.renew' : 'token.exchange';

/** Who asked, as every record has it. */
export function auditRequestor({ id, kind, method, identity }: Requestor): AuditRequestor {
  return { id, kind, method, ...(identity && { issuer: identity.subject.issuer }) };
}

const MAX_SCOPES = 100;

/** One parameter names thousands of them. What is granted, or why not, is told besides; no scope has a space in it, so the last one is taken
 * for none. */
function toldScopes(scopes: readonly string[]): readonly string[] {
  const told = scopes.slice(0, MAX_SCOPES).map(excerpt);
  const untold = scopes.length - told.length;
  return untold === 0 ? told : [...told, `${untold} more`];
}

// Of names that were asked for no more than the beginning: one may be a token in the wrong field.
function base(request: ExchangeRequest): Omit<AuditRecord, 'outcome'> {
  return {
    event: eventOf(request),
    operation: request.operation,
    correlationId: request.correlationId,
    requestor: auditRequestor(request.requestor),
    targets: request.targets.map(({ value }) => excerpt(value)),
    ...(request.requestedType && { requestedType: request.requestedType }),
    ...(request.scopes && { requestedScopes: toldScopes(request.scopes) }),
    ...(request.sourceAddress !== undefined && { sourceAddress: request.sourceAddress }),
  };
}

function partyOf(token: ValidatedToken): AuditParty {
  return {
    issuer: token.subject.issuer,
    id: token.subject.id,
    tokenType: token.type,
    ...(token.id !== undefined && { token: { issuer: token.issuer, id: token.id } }),
    ...(token.originClient !== undefined && { clientId: token.originClient }),
  };
}

function granted({ request, subject }: Evidence, spec: TokenSpec): Omit<AuditRecord, 'outcome'> {
  return {
    ...base(request),
    subject: partyOf(subject),
    actors: spec.actors,
    grantedType: spec.type,
    targets: spec.relyingParties,
    grantedScopes: spec.scopes,
    policyRows: spec.policyRows,
    confirmation: spec.confirmation.method,
    token: { issuer: spec.issuer, id: spec.tokenId },
    parents: spec.parents,
    notOnOrAfter: spec.lifetime.notOnOrAfter,
  };
}

/** The decision, recorded before anything is signed: an intent without a mint record tells of a crash between the two. */
export function auditDecision(evidence: Evidence, spec: TokenSpec): AuditRecord {
  return { ...granted(evidence, spec), outcome: 'allowed' };
}

/** The completion, recorded before the token leaves. */
export function auditMint(evidence: Evidence, spec: TokenSpec): AuditRecord {
  return { ...granted(evidence, spec), outcome: 'minted' };
}

/** What was validated before a refusal. */
interface KnownEvidence {
  readonly subject: ValidatedToken | undefined;
  readonly actor: ValidatedToken | undefined;
}

/** A refusal, with whom it concerns as far as that is known. A bug is recorded without its text, which may hold anything. */
export function auditRefusal(
  request: ExchangeRequest,
  cause: unknown,
  { subject, actor }: KnownEvidence,
): AuditRecord {
  const refused = {
    ...base(request),
    ...(subject && { subject: partyOf(subject) }),
    ...(actor && { actors: [partyOf(actor)] }),
  };
  if (!(cause instanceof ExchangeFailure)) {
    return { ...refused, outcome: 'refused', reason: 'server-error' };
  }
  const event = cause.reason === 'token-replayed' ? 'replay.detected' : refused.event;
  return {
    ...refused,
    event,
    outcome: 'refused',
    reason: cause.reason,
    detail: cause.message,
  };
}
