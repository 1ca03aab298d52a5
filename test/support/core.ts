// Builders for the claim model: safe defaults, a test states only what matters. And the ports of core in memory.

import { hash } from 'node:crypto';
import type { Claim, ClaimValue } from '#core/claims/claim.ts';
import type { MappingRule } from '#core/claims/claim-mapping.ts';
import type { Subject } from '#core/claims/subject.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { Evaluation, Expression, ExpressionContext } from '#core/decision/expression.ts';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import type { Ledger, LedgerSettings, Standing } from '#core/ledger/ledger.ts';
import type { LedgerEntry } from '#core/ledger/ledger-entry.ts';
import type { Grant, PolicyRow, PolicyRules } from '#core/policy.ts';
import type { AdmitToken, AuditLog, AuditRecord } from '#core/ports.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Requestor } from '#core/request/requestor.ts';
import type { StatusLists } from '#core/status-list/status-list.ts';
import {
  acceptToken,
  type SecurityToken,
  type TokenFacts,
  type ValidatedToken,
} from '#core/token/security-token.ts';
import type { TokenServiceParts } from '#core/token-service.ts';

/** Our own issuer name in tests. */
export const OWN_ISSUER = 'https://sts.example.org';
export const PARTNER_ISSUER = 'https://idp.partner.example';
/** Where test clocks stand: 2027-01-15T08:00:00Z. */
export const NOW = 1_800_000_000;

export function aSubject(over: Partial<Subject> = {}): Subject {
  return { issuer: PARTNER_ISSUER, id: 'alice', ...over };
}

/** An access token of the partner about `alice`, good for an hour. */
export function aValidatedToken(over: Partial<TokenFacts> = {}): ValidatedToken {
  const issuer = over.issuer ?? PARTNER_ISSUER;
  return acceptToken({
    type: 'access_token',
    use: 'subject',
    issuer,
    trustedIssuer: 'partner',
    id: 'subject-token-1',
    subject: aSubject({ issuer }),
    claims: [],
    scopes: ['orders.read', 'orders.write'],
    issuedAt: NOW - 60,
    lifetime: { notBefore: NOW - 60, notOnOrAfter: NOW + 3600 },
    confirmation: { method: 'bearer' },
    audiences: [OWN_ISSUER],
    actors: [],
    ...over,
  });
}

/** A token that we issued to `gateway` about `alice`. */
export function anOwnToken(over: Partial<TokenFacts> = {}): ValidatedToken {
  return aValidatedToken({
    issuer: OWN_ISSUER,
    trustedIssuer: 'self',
    id: 'own-token-1',
    originClient: 'gateway',
    audiences: ['orders'],
    ...over,
  });
}

/** An actor token of ours about the service `broker`, issued to `gateway`. */
export function anActorToken(over: Partial<TokenFacts> = {}): ValidatedToken {
  return anOwnToken({
    use: 'actor',
    id: 'actor-token-1',
    subject: { issuer: OWN_ISSUER, id: 'broker' },
    ...over,
  });
}

/** The client `gateway`, a bearer of its tokens, without a registered ceiling of scopes. */
export function aRequestor(over: Partial<Requestor> = {}): Requestor {
  return {
    kind: 'client',
    id: 'gateway',
    method: 'client_secret_basic',
    represents: [],
    confirmation: { method: 'bearer' },
    ...over,
  };
}

/** The target `orders`. Its names follow its id. */
export function aRelyingParty(over: Partial<RelyingParty> = {}): RelyingParty {
  const id = over.id ?? 'orders';
  return {
    id,
    resources: [`https://${id}.example/`],
    audiences: [id],
    appliesTo: [`https://${id}.example/soap`],
    audience: id,
    requestors: 'any',
    token: {
      type: 'access_token',
      algorithms: { jwt: 'ES256', saml: 'RS256' },
      lifetimeSeconds: 600,
    },
    scopes: ['orders.read', 'orders.write'],
    claims: [],
    ...over,
  };
}

/** A grant of everything a test may need but scope mapping, one-time use and key binding. */
export function aGrant(over: Partial<Grant> = {}): Grant {
  return {
    types: [],
    scopes: ['orders.read', 'orders.write'],
    scopeMode: 'intersect-subject',
    impersonation: true,
    delegation: true,
    requestorAsActor: false,
    lifetimeSeconds: 600,
    singleUse: false,
    senderConstraint: false,
    claims: [],
    ...over,
  };
}

type RowChanges = Partial<Omit<PolicyRow, 'grant'>> & { readonly grant?: Partial<Grant> };

/** A row that lets `gateway` turn tokens of the partner, and ours, into tokens for `orders`. */
export function aPolicyRow({ grant, ...over }: RowChanges = {}): PolicyRow {
  return {
    id: 'partner-to-orders',
    effect: 'allow',
    requestors: ['gateway'],
    subject: { issuers: ['partner', 'self'] },
    targets: ['orders'],
    ...over,
    grant: aGrant(grant),
  };
}

export function aSecurityToken(over: Partial<SecurityToken> = {}): SecurityToken {
  return { type: 'access_token', use: 'subject', content: 'the text as received', ...over };
}

/** `gateway` asks for a token for `orders`. */
export function anExchangeRequest(over: Partial<ExchangeRequest> = {}): ExchangeRequest {
  return {
    operation: 'token-exchange',
    correlationId: 'correlation-1',
    requestor: aRequestor(),
    subject: aSecurityToken(),
    targets: [{ kind: 'audience', value: 'orders' }],
    ...over,
  };
}

interface EvidenceChanges {
  readonly request?: Partial<ExchangeRequest>;
  readonly requestor?: Partial<Requestor>;
  readonly subject?: Partial<TokenFacts>;
  readonly actor?: ValidatedToken;
}

export function anEvidence({ request, requestor, subject, actor }: EvidenceChanges = {}): Evidence {
  return {
    request: anExchangeRequest({ requestor: aRequestor(requestor), ...request }),
    subject: aValidatedToken(subject),
    actor,
  };
}

/** One row, one target, unless the test cares. */
export function rules(over: Partial<PolicyRules> = {}): PolicyRules {
  return {
    issuer: OWN_ISSUER,
    rows: [aPolicyRow()],
    relyingParties: [aRelyingParty()],
    maxDepth: 5,
    selfDelegation: false,
    issuers: [
      {
        id: 'partner',
        names: [PARTNER_ISSUER],
        actorIssuers: [],
        subjectPrefixes: ['partner:'],
      },
    ],
    keepsSecrets: false,
    ...over,
  };
}

export function aClaim(over: Partial<Claim> = {}): Claim {
  return {
    name: 'department',
    values: ['sales'],
    issuer: PARTNER_ISSUER,
    originalIssuer: PARTNER_ISSUER,
    ...over,
  };
}

/** A rule that passes `department` on under its own name. */
export function aMappingRule(over: Partial<MappingRule> = {}): MappingRule {
  return {
    claim: 'department',
    source: { from: 'department' },
    required: false,
    multiple: false,
    ...over,
  };
}

/** A compiled expression that is a plain function. */
export function anExpression(evaluate: (context: ExpressionContext) => Evaluation): Expression {
  return { source: 'a test expression', evaluate };
}

export const yields = (value: ClaimValue): Expression => anExpression(() => ({ value }));
export const fails: Expression = anExpression(() => ({ error: 'no such key' }));

/** A matcher for `assert.throws` and `assert.rejects`: a refusal of ours, for this reason. */
export function refusedAs(reason: FailureReason) {
  return (cause: unknown): boolean => {
    if (cause instanceof ExchangeFailure && cause.reason === reason) return true;
    throw cause;
  };
}

/** Status lists that count what was taken of them, for a relying party that wants places. */
export function countedPlaces() {
  let taken = 0;
  const statusLists: StatusLists = {
    allocate: () => ({ list: 'list', index: taken++ }),
    register: async () => {},
    read: async () => undefined,
  };
  const orders = aRelyingParty();
  const relyingParties = [{ ...orders, token: { ...orders.token, statusList: true } }];
  return { statusLists, relyingParties, taken: () => taken };
}

/** What stands in nobody's way: a store that remembers everything, no user of ours, no certificate that ends, no limit. */
export const LENIENT = {
  fence: () => ({ issuedBefore: 0, acceptanceSeconds: 0, longestLifetimeSeconds: 0 }),
  userStanding: () => 'unknown',
  revalidateCertificates: async () => undefined,
  admitToken: () => undefined,
  statusLists: countedPlaces().statusLists,
} as const satisfies Partial<TokenServiceParts>;

/** For a ledger in which no login and no trust has ended. */
export const ledgerSettings = (changes: Partial<LedgerSettings> = {}): LedgerSettings => ({
  marginSeconds: 60,
  ownIssuers: new Set([OWN_ISSUER]),
  longestDescentSeconds: 0,
  isGroundless: () => false,
  digest: (text) => hash('sha256', text),
  ...changes,
});

/** A limit that is reached. */
export const reachedLimit: AdmitToken = () => {
  throw new ExchangeFailure('rate-limited', 'too often for one subject');
};

export interface FakeAuditLog extends AuditLog {
  readonly records: readonly AuditRecord[];
  /** Lets records of this outcome fail. */
  breakOn(outcome: AuditRecord['outcome'], cause?: Error): void;
}

/** An audit log that keeps its records in memory. */
export function fakeAuditLog(): FakeAuditLog {
  const records: AuditRecord[] = [];
  const broken = new Map<AuditRecord['outcome'], Error>();
  return {
    records,
    breakOn(outcome, cause = new ExchangeFailure('dependency-unavailable', 'no sink accepts it')) {
      broken.set(outcome, cause);
    },
    async append(record) {
      const cause = broken.get(record.outcome);
      if (cause) throw cause;
      records.push(record);
    },
  };
}

/** A ledger that finds every token of ours on record, also one that a test made up. */
export function asIfRecorded(ledger: Ledger): Ledger {
  const entry: LedgerEntry = {
    parents: [],
    ancestors: [],
    clientId: '',
    actors: [],
    targets: [],
    policyRows: [],
    notOnOrAfter: NOW + 3600,
  };
  const known = (found: Standing): Standing => (found.entry ? found : { ...found, entry });
  return {
    ...ledger,
    lookUp: async (token) => known(await ledger.lookUp(token)),
    standing: async (token) => known(await ledger.standing(token)),
  };
}
