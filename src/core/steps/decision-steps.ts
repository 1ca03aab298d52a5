// The steps of a decision: decide, count, put on record, use up what is good once.

import { decide } from '../decision/decide.ts';
import type { Evidence } from '../decision/evidence.ts';
import { validateMarkFence } from '../decision/fence.ts';
import { auditDecision } from '../ledger/audit-record.ts';
import { GROUNDLESS } from '../ledger/ledger.ts';
import { requireLoginCertificates } from '../ledger/login-certificates.ts';
import type { OneTimeMarks } from '../ledger/one-time-marks.ts';
import { requireUser, withUser } from '../ledger/user-standing.ts';
import type { AdmitToken, AuditLog, Store } from '../ports.ts';
import { type RefreshFamily, requireFamilies } from '../refresh/refresh-family.ts';
import { decideRenewed, type RenewedSpec } from '../renewal/decide-renewed.ts';
import { type RenewalBasis, refuse } from '../renewal/renewable.ts';
import { countRenewal, requireRemembered } from '../renewal/renewal-limits.ts';
import type { StatusLists } from '../status-list/status-list.ts';
import { placed } from '../status-list/status-place.ts';
import type { ValidatedToken } from '../token/security-token.ts';
import { issuable, type TokenIssuer } from '../token/token-issuer.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import type { EvidenceParts } from './evidence-steps.ts';

export interface DecisionSteps {
  /** Uses up the credentials of one message that are good once, when nothing else speaks against it. One of them is evidence
   * of the same request still, for one token. */
  useCredentials(identities: readonly ValidatedToken[]): Promise<void>;
  decide(evidence: Evidence): TokenSpec;
  /** Decides a renewal. */
  decideRenewed(evidence: Evidence, isRevoked: boolean): Promise<RenewedSpec>;
  /** Counted against the limits; then with its place in a status list, decision on record, one-time evidence used up, the token
   * in the ledger. Answers the decision with that place. */
  admit(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec>;
  /** Admits a renewal: as `admit`, and it is counted for its whole chain. */
  admitRenewed(evidence: Evidence, renewed: RenewedSpec): Promise<TokenSpec>;
  /** Admits a renewal by a refresh token: as `admit`, and that token is used up. */
  advance(evidence: Evidence, decided: TokenSpec, family: RefreshFamily): Promise<Advanced>;
}

interface Advanced {
  /** The decision with its place in a status list. */
  readonly spec: TokenSpec;
  /** The text of the next refresh token. */
  readonly successor: string;
}

export interface DecisionParts extends Omit<EvidenceParts, 'validators'> {
  readonly issuers: readonly TokenIssuer[];
  readonly store: Store;
  readonly statusLists: StatusLists;
  readonly audit: AuditLog;
  readonly admitToken: AdmitToken;
  /** A new unguessable id, 128 bits or more. */
  readonly newId: () => string;
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
}

/** Decides a renewal by what is on record of its token. */
async function decideOnRecord(
  { evidence, isRevoked }: Pick<RenewalBasis, 'evidence' | 'isRevoked'>,
  parts: DecisionParts,
  marks: OneTimeMarks,
): Promise<RenewedSpec> {
  const { clock, ledger, newId, rules } = parts;
  const { id, issuer } = evidence.subject;
  const standing = id === undefined ? undefined : await ledger.lookUp({ issuer, id });
  const entry = standing?.entry;
  const secret = standing?.kept?.secret;
  const basis = { evidence, entry, isRevoked, secret, now: clock.now(), tokenId: newId() };
  const renewed = decideRenewed(basis, rules);
  await marks.validateUnused(evidence.subject, evidence.request.requestor);
  requireRemembered(evidence.subject.issuedAt, parts.fence());
  if (entry?.renewal) requireUser(entry.renewal.subject, rules.issuer, parts);
  if (standing?.isGroundless) refuse(GROUNDLESS);
  if (entry) await requireLoginCertificates(entry, parts);
  issuable(renewed.spec, parts.issuers);
  return renewed;
}

/** Counts a token once nothing else speaks against it, and before anything of the request is used up. Counted before policy, whoever can
 * present or forge a token could use up the rate of its subject.
 * @throws {ExchangeFailure} `rate-limited` */
function countToken(
  { subject }: Evidence,
  { relyingParties, subjectName }: TokenSpec,
  { admitToken }: DecisionParts,
): void {
  const isItself = subject.type === 'requestor';
  admitToken({ relyingParties, ...(!isItself && { subjectName }) });
}

/** Creates the steps over the given parts. */
export function createDecisionSteps(parts: DecisionParts, marks: OneTimeMarks): DecisionSteps {
  const { audit, clock, ledger, rules } = parts;
  async function recordDecision(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec> {
    const spec = placed(decided, parts);
    await audit.append(auditDecision(evidence, spec));
    return spec;
  }
  const keep = (spec: TokenSpec): Promise<unknown> =>
    Promise.all([ledger.record(spec), spec.status && parts.statusLists.register(spec.status)]);
  async function admitCounted(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec> {
    const spec = await recordDecision(evidence, decided);
    await Promise.all([
      marks.take(spec.once, evidence.request.requestor),
      keep(spec),
      spec.type === 'refresh_token' && requireFamilies(parts).begin(evidence.subject, spec),
    ]);
    return spec;
  }
  return {
    decide(evidence) {
      const spec = decide(evidence, rules, { now: clock.now(), tokenId: parts.newId() });
      return withUser(issuable(spec, parts.issuers), evidence.subject, parts);
    },
    decideRenewed: (evidence, isRevoked) => decideOnRecord({ evidence, isRevoked }, parts, marks),
    useCredentials: (identities) => marks.takeCredentials(identities),
    async admit(evidence, decided) {
      validateMarkFence(evidence, decided, parts.fence());
      countToken(evidence, decided, parts);
      return admitCounted(evidence, decided);
    },
    async admitRenewed(evidence, renewed) {
      validateMarkFence(evidence, renewed.spec, parts.fence());
      countToken(evidence, renewed.spec, parts);
      await countRenewal(renewed, parts);
      return admitCounted(evidence, renewed.spec);
    },
    async advance(evidence, decided, family) {
      countToken(evidence, decided, parts);
      const spec = await recordDecision(evidence, decided);
      const [successor] = await Promise.all([requireFamilies(parts).advance(family), keep(spec)]);
      return { spec, successor };
    },
  };
}
