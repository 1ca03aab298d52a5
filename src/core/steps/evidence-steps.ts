// The steps before a decision: what a message brings is validated, and held against what the store knows of it.

import { type Evidence, isIdentity } from '../decision/evidence.ts';
import { type Fence, validateFence } from '../decision/fence.ts';
import { validateIssuers } from '../decision/known-issuer.ts';
import { validateOwnCredential } from '../decision/own-credential.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Clock } from '../instant.ts';
import type { KnownSecret } from '../ledger/kept-token.ts';
import { GROUNDLESS, type Ledger } from '../ledger/ledger.ts';
import {
  type RevalidateCertificates,
  requireLoginCertificates,
  validateLoginCertificates,
} from '../ledger/login-certificates.ts';
import type { OneTimeMarks } from '../ledger/one-time-marks.ts';
import {
  findKeptSecret,
  type Revocable,
  validateEvidenceStanding,
  validateRevocable,
  validateStanding,
} from '../ledger/standing.ts';
import { requireUser, type UserStanding } from '../ledger/user-standing.ts';
import type { PolicyRules } from '../policy.ts';
import {
  type RefreshFamilies,
  type RefreshFamily,
  requireFamilies,
} from '../refresh/refresh-family.ts';
import { refuse } from '../renewal/renewable.ts';
import { requireRemembered } from '../renewal/renewal-limits.ts';
import { validateOrTellRenewal } from '../renewal/renewal-needed.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { type Requestor, requestorName } from '../request/requestor.ts';
import { SELF, type SecurityToken, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';
import type { TokenValidator } from '../token/token-validator.ts';

export interface EvidenceSteps {
  /** Validates one token by itself, whatever it is to be used for. */
  validate(token: SecurityToken): Promise<ValidatedToken>;
  /** Validates a token to be revoked, whether it is already or not. */
  validateRevocable(token: SecurityToken): Promise<Revocable>;
  /** Validates what a requestor authenticates with: as `validate`, and what was used up, or was asked for in the name of another, is
   * no credential. */
  validateCredential(token: SecurityToken): Promise<ValidatedToken>;
  /** Holds a token of others against what every exchange would refuse it for, whatever its target: actors that are not its issuer's
   * to name, and its use before this message.
   * @throws {ExchangeFailure} `issuer-untrusted`, `token-replayed`, `dependency-unavailable` */
  validateUsable(token: ValidatedToken, requestor: Requestor): Promise<void>;
  /** The secret that a token of ours is bound to, where it was kept.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  findSecret(token: ValidatedToken): Promise<KnownSecret | undefined>;
  /** Validates all evidence of a request. Whether its ancestors are revoked, `admit` tells. */
  validateEvidence(request: ExchangeRequest): Promise<Evidence>;
  /** The family of the refresh token that is the subject of a request. */
  findFamily(request: ExchangeRequest): Promise<RefreshFamily>;
}

export interface EvidenceParts {
  readonly validators: readonly TokenValidator[];
  readonly rules: PolicyRules;
  readonly ledger: Ledger;
  /** Absent: no refresh tokens. */
  readonly families?: RefreshFamilies;
  readonly clock: Clock;
  /** Whether a user of ours may still log in. */
  readonly userStanding: (id: string) => UserStanding;
  readonly revalidateCertificates: RevalidateCertificates;
  /** Where the memory of the store ends. */
  readonly fence: () => Fence;
}

/** What the steps of one request tell each other. */
interface Known {
  readonly marks: OneTimeMarks;
  /** The tokens that were validated, for the record of a refusal: who was refused is known once they are. */
  readonly validated: WeakMap<SecurityToken, ValidatedToken>;
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

/** What a family rests on has not ended: its user, the login, the trust in who vouched for it, and the memory of the store.
 * @throws {ExchangeFailure} `renewal-not-possible` */
function requireUnended(family: RefreshFamily, parts: EvidenceParts): void {
  const { isGroundless, origin, subject } = family;
  requireRemembered(subject.issuedAt, parts.fence());
  requireUser(origin, parts.rules.issuer, parts);
  if (isGroundless) refuse(GROUNDLESS);
}

/** Validates a token by what it says itself. */
function factsValidator(parts: EvidenceParts, validated: Known['validated']) {
  return async (token: SecurityToken, requestor?: Requestor): Promise<ValidatedToken> => {
    const valid = await validateOrTellRenewal(token, parts, requestor);
    validateNames(valid, parts.rules.issuer);
    validateFence(valid, parts.fence(), parts.clock.now());
    // Known before it is held against the ledger: the refusal of a revoked token names whom it was about.
    validated.set(token, valid);
    return valid;
  };
}

/** Validates all evidence of a request, in one round trip for what the store knows of it. */
function evidenceValidator(
  parts: EvidenceParts,
  marks: OneTimeMarks,
  validateFacts: ReturnType<typeof factsValidator>,
): EvidenceSteps['validateEvidence'] {
  const { ledger } = parts;
  return async (request) => {
    const { requestor } = request;
    const subject = await validateFacts(request.subject, requestor);
    const actor = request.actor && (await validateFacts(request.actor, requestor));
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

/** Creates the steps over the given parts. */
export function createEvidenceSteps(
  parts: EvidenceParts,
  { marks, validated }: Known,
): EvidenceSteps {
  const { clock, ledger, rules, userStanding } = parts;
  const validateFacts = factsValidator(parts, validated);
  return {
    async validate(token) {
      const held = await validateStanding(await validateFacts(token), ledger);
      return validateLoginCertificates(held, parts, { atHand: true });
    },
    validateRevocable: async (token) =>
      validateRevocable(await validateFacts({ ...token, use: 'lifecycle' }), ledger),
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
      const family = await requireFamilies(parts).find(subject.content, requestorName(requestor));
      validated.set(subject, family.subject);
      requireUnended(family, parts);
      await requireLoginCertificates(family.subject, parts);
      return family;
    },
  };
}
