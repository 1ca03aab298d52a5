// The steps of the use cases over the ports. The composition root wires them.

import { validateIssuers } from './decision/actor-issuer.ts';
import { decide, type PolicyRules } from './decision/decide.ts';
import { type Evidence, isIdentity } from './decision/evidence.ts';
import { type Fence, validateFence, validateMarkFence } from './decision/fence.ts';
import { validateOwnCredential } from './decision/own-credential.ts';
import { type AdmitToken, createTokenCount, type TokenCount } from './decision/token-count.ts';
import { ExchangeFailure } from './failure.ts';
import type { Clock } from './instant.ts';
import { auditDecision, auditMint, auditRefusal } from './ledger/audit-record.ts';
import type { KnownSecret } from './ledger/kept-token.ts';
import { GROUNDLESS, type Ledger } from './ledger/ledger.ts';
import {
  type RevalidateCertificates,
  requireLoginCertificates,
  validateLoginCertificates,
} from './ledger/login-certificates.ts';
import { createOneTimeMarks, type OneTimeMarks } from './ledger/one-time-marks.ts';
import { findKeptSecret, validateEvidenceStanding, validateStanding } from './ledger/standing.ts';
import type { StatusLists } from './ledger/status-list.ts';
import { placed } from './ledger/status-place.ts';
import type { AuditLog, AuditRecord, Store } from './ports.ts';
import type { RefreshFamilies, RefreshFamily } from './refresh/refresh-family.ts';
import { decideRenewed } from './renewal/decide-renewed.ts';
import { refuse } from './renewal/renewable.ts';
import {
  countRenewal,
  requireRemembered,
  requireUser,
  type UserStanding,
  withUser,
} from './renewal/renewal-limits.ts';
import { validateOrTellRenewal } from './renewal/renewal-needed.ts';
import type { ExchangeRequest } from './request/exchange-request.ts';
import { type Requestor, requestorName } from './request/requestor.ts';
import { SELF, type SecurityToken, type ValidatedToken } from './security-token.ts';
import { issuable, issuerFor, type TokenIssuer } from './token-issuer.ts';
import type { IssuedToken, TokenSpec } from './token-spec.ts';
import { isCredential } from './token-type.ts';
import type { TokenValidator } from './token-validator.ts';

export interface TokenService {
  /** Runs a use case; a refusal is on record before it leaves. */
  answerFor<T>(request: ExchangeRequest, work: () => Promise<T>): Promise<T>;
  /** Validates one token by itself, whatever it is to be used for. */
  validate(token: SecurityToken): Promise<ValidatedToken>;
  /** Validates what a requestor authenticates with: as `validate`, and what was used up, or was asked for in the name of another, is
   * no credential. */
  validateCredential(token: SecurityToken): Promise<ValidatedToken>;
  /** Holds a token of others against what every exchange would refuse it for, whatever its target: actors that are not its issuer's
   * to name, and its use before this message.
   * @throws {ExchangeFailure} `issuer-untrusted`, `token-replayed`, `dependency-unavailable` */
  validateUsable(token: ValidatedToken, requestor: Requestor): Promise<void>;
  /** Uses up the credentials of one message that are good once, when nothing else speaks against it. One of them is evidence
   * of the same request still, for one token. */
  useCredentials(identities: readonly ValidatedToken[]): Promise<void>;
  /** The secret that a token of ours is bound to, where it was kept.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  findSecret(token: ValidatedToken): Promise<KnownSecret | undefined>;
  /** Validates all evidence of a request. Whether its ancestors are revoked, `admit` tells. */
  validateEvidence(request: ExchangeRequest): Promise<Evidence>;
  /** The family of the refresh token that is the subject of a request. */
  findFamily(request: ExchangeRequest): Promise<RefreshFamily>;
  readonly rules: PolicyRules;
  decide(evidence: Evidence): TokenSpec;
  /** Decides a renewal, and counts it. */
  decideRenewed(evidence: Evidence): Promise<TokenSpec>;
  /** Counted against the limits; then with its place in a status list, decision on record, one-time evidence used up, the token
   * in the ledger. Answers the decision with that place. */
  admit(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec>;
  /** Admits a renewal: as `admit`, and the refresh token is used up. */
  advance(evidence: Evidence, decided: TokenSpec, family: RefreshFamily): Promise<Advanced>;
  issue(spec: TokenSpec): Promise<IssuedToken>;
  /** The completion on record. */
  record(evidence: Evidence, token: IssuedToken): Promise<void>;
}

interface Advanced {
  /** The decision with its place in a status list. */
  readonly spec: TokenSpec;
  /** The text of the next refresh token. */
  readonly successor: string;
}

export interface TokenServiceParts {
  readonly validators: readonly TokenValidator[];
  readonly issuers: readonly TokenIssuer[];
  readonly rules: PolicyRules;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly statusLists: StatusLists;
  /** Absent: no refresh tokens. */
  readonly families?: RefreshFamilies;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** A new unguessable id, 128 bits or more. */
  readonly newId: () => string;
  /** Whether a user of ours may still log in. */
  readonly userStanding: (id: string) => UserStanding;
  readonly revalidateCertificates: RevalidateCertificates;
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
  readonly admitToken: AdmitToken;
  /** Where the memory of the store ends. */
  readonly fence: () => Fence;
}

/** Holds the names in a validated token against ours: an issuer that spells itself like us could name our tokens, and have
 * them marked as used or revoked; a token of ours without an id could not be revoked.
 * @throws {ExchangeFailure} `issuer-untrusted`, `token-malformed` */
function validateNames(token: ValidatedToken, issuer: string): void {
  const isOwn = token.trustedIssuer === SELF;
  if (!isOwn && token.issuer === issuer)
    throw new ExchangeFailure('issuer-untrusted', 'a foreign token names us as its issuer');
  if (isOwn && token.id === undefined && !isCredential(token.type))
    throw new ExchangeFailure('token-malformed', 'a token of ours without an id');
}

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

async function decideAndCount(
  evidence: Evidence,
  parts: TokenServiceParts,
  { countToken, marks }: Bookkeeping,
): Promise<TokenSpec> {
  const { clock, ledger, newId, rules } = parts;
  const { id, issuer } = evidence.subject;
  const [standing] = await Promise.all([
    id === undefined ? undefined : ledger.lookUp({ issuer, id }),
    marks.validateUnused(evidence.subject, evidence.request.requestor),
  ]);
  const entry = standing?.entry;
  const secret = standing?.kept?.secret;
  const basis = { evidence, entry, secret, now: clock.now(), tokenId: newId() };
  const renewed = decideRenewed(basis, rules);
  requireRemembered(evidence.subject.issuedAt, parts.fence());
  if (entry?.renewal) requireUser(entry.renewal.subject, rules.issuer, parts);
  if (standing?.isGroundless) refuse(GROUNDLESS);
  if (entry) await requireLoginCertificates(entry, parts);
  countToken(evidence, issuable(renewed.spec, parts.issuers));
  await countRenewal(renewed, parts);
  return renewed.spec;
}

function familiesOf({ families }: TokenServiceParts): RefreshFamilies {
  if (!families)
    throw new ExchangeFailure('operation-unsupported', 'there are no refresh tokens here');
  return families;
}

/** What a family rests on has not ended: its user, the login, the trust in who vouched for it, and the memory of the store.
 * @throws {ExchangeFailure} `renewal-not-possible` */
function requireUnended(family: RefreshFamily, parts: TokenServiceParts): void {
  const { isGroundless, origin, subject } = family;
  requireRemembered(subject.issuedAt, parts.fence());
  requireUser(origin, parts.rules.issuer, parts);
  if (isGroundless) refuse(GROUNDLESS);
}

/** What the steps of one request tell each other. */
interface Bookkeeping {
  /** For the record of a refusal only: who was refused is known once the evidence is validated. */
  readonly validated: WeakMap<SecurityToken, ValidatedToken>;
  readonly marks: OneTimeMarks;
  readonly countToken: TokenCount;
}

/** Validates a token by what it says itself. */
function factsValidator(parts: TokenServiceParts, validated: Bookkeeping['validated']) {
  return async (token: SecurityToken): Promise<ValidatedToken> => {
    const valid = await validateOrTellRenewal(token, parts);
    validateNames(valid, parts.rules.issuer);
    validateFence(valid, parts.fence(), parts.clock.now());
    // Known before it is held against the ledger: the refusal of a revoked token names whom it was about.
    validated.set(token, valid);
    return valid;
  };
}

/** Validates all evidence of a request, in one round trip for what the store knows of it. */
function evidenceValidator(
  parts: TokenServiceParts,
  marks: OneTimeMarks,
  validateFacts: TokenService['validate'],
): TokenService['validateEvidence'] {
  const { ledger } = parts;
  return async (request) => {
    const { requestor } = request;
    const subject = await validateFacts(request.subject);
    const actor = request.actor && (await validateFacts(request.actor));
    const [heldSubject, heldActor] = await Promise.all([
      validateEvidenceStanding(subject, ledger),
      actor && validateEvidenceStanding(actor, ledger),
      marks.validateUnused(subject, requestor),
      actor && marks.validateUnused(actor, requestor),
    ]);
    // What the requestor came with was looked at then.
    for (const held of [heldSubject, heldActor])
      if (held && !isIdentity(held, requestor)) await validateLoginCertificates(held, parts);
    return { request, subject: heldSubject, actor: heldActor };
  };
}

/** The steps before a decision. */
function evidenceSteps(
  parts: TokenServiceParts,
  { marks, validated }: Bookkeeping,
): Pick<
  TokenService,
  | 'validate'
  | 'validateCredential'
  | 'validateUsable'
  | 'findSecret'
  | 'validateEvidence'
  | 'findFamily'
> {
  const { clock, ledger, rules, userStanding } = parts;
  const validateFacts = factsValidator(parts, validated);
  return {
    async validate(token) {
      const held = await validateStanding(await validateFacts(token), ledger);
      return validateLoginCertificates(held, parts, { atHand: true });
    },
    async validateCredential(token) {
      const valid = await validateFacts(token);
      const [identity] = await Promise.all([
        validateStanding(valid, ledger),
        marks.validateUnused(valid),
      ]);
      await validateLoginCertificates(identity, parts);
      return validateOwnCredential(identity, { ...rules, userStanding });
    },
    async validateUsable(token, requestor) {
      validateIssuers(token, rules.issuers, clock.now());
      await marks.validateUnused(token, requestor);
    },
    findSecret: (token) => findKeptSecret(token, ledger),
    validateEvidence: evidenceValidator(parts, marks, validateFacts),
    async findFamily({ requestor, subject }) {
      if (typeof subject.content !== 'string') throw new Error('a refresh token is a text');
      const family = await familiesOf(parts).find(subject.content, requestorName(requestor));
      validated.set(subject, family.subject);
      requireUnended(family, parts);
      await requireLoginCertificates(family.subject, parts);
      return family;
    },
  };
}

/** The steps between a decision and its token. */
function admissionSteps(
  parts: TokenServiceParts,
  { countToken, marks }: Bookkeeping,
): Pick<TokenService, 'useCredentials' | 'admit' | 'advance'> {
  const { audit, ledger } = parts;
  async function countAndRecord(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec> {
    countToken(evidence, decided);
    const spec = placed(decided, parts);
    await audit.append(auditDecision(evidence, spec));
    return spec;
  }
  const keep = (spec: TokenSpec): Promise<unknown> =>
    Promise.all([ledger.record(spec), spec.status && parts.statusLists.register(spec.status)]);
  return {
    useCredentials: (identities) => marks.takeCredentials(identities),
    async admit(evidence, decided) {
      validateMarkFence(evidence, decided, parts.fence());
      const spec = await countAndRecord(evidence, decided);
      await Promise.all([
        marks.take(spec.once, evidence.request.requestor),
        keep(spec),
        spec.type === 'refresh_token' && familiesOf(parts).begin(evidence.subject, spec),
      ]);
      return spec;
    },
    async advance(evidence, decided, family) {
      const spec = await countAndRecord(evidence, decided);
      const [successor] = await Promise.all([familiesOf(parts).advance(family), keep(spec)]);
      return { spec, successor };
    },
  };
}

/** Builds the steps over the given parts. */
export function createTokenService(parts: TokenServiceParts): TokenService {
  const { audit, clock, rules } = parts;
  const books: Bookkeeping = {
    validated: new WeakMap(),
    marks: createOneTimeMarks(parts),
    countToken: createTokenCount(parts.admitToken),
  };
  return {
    async answerFor(request, work) {
      try {
        return await work();
      } catch (cause) {
        // The limiter has its first refusal on record: a flood must not fill the audit.
        if (cause instanceof ExchangeFailure && cause.reason === 'rate-limited') throw cause;
        const { actor, subject } = request;
        const { validated } = books;
        const known = { subject: validated.get(subject), actor: actor && validated.get(actor) };
        await recordRefusal(audit, auditRefusal(request, cause, known), cause);
        throw cause;
      } finally {
        // A value in a WeakMap outlives its key until the next full collection.
        books.validated.delete(request.subject);
        if (request.actor) books.validated.delete(request.actor);
      }
    },
    rules,
    decide(evidence) {
      const spec = decide(evidence, rules, { now: clock.now(), tokenId: parts.newId() });
      return withUser(issuable(spec, parts.issuers), evidence.subject, parts);
    },
    decideRenewed: (evidence) => decideAndCount(evidence, parts, books),
    ...evidenceSteps(parts, books),
    ...admissionSteps(parts, books),
    issue: (spec) => issuerFor(parts.issuers, spec).issue(spec),
    record: (evidence, token) => audit.append(auditMint(evidence, token.spec)),
  };
}
