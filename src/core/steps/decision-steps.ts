// The steps of a decision: decide, count, put on record, use up what is good once.

import { decide } from '../decision/decide.ts';
import type { Evidence } from '../decision/evidence.ts';
import { validateMarkFence } from '../decision/fence.ts';
import type { TokenCount } from '../decision/token-count.ts';
import { auditDecision } from '../ledger/audit-record.ts';
import { GROUNDLESS } from '../ledger/ledger.ts';
import { requireLoginCertificates } from '../ledger/login-certificates.ts';
import type { OneTimeMarks } from '../ledger/one-time-marks.ts';
import type { StatusLists } from '../ledger/status-list.ts';
import { placed } from '../ledger/status-place.ts';
import { requireUser, withUser } from '../ledger/user-standing.ts';
import type { AuditLog, Store } from '../ports.ts';
import { type RefreshFamily, requireFamilies } from '../refresh/refresh-family.ts';
import { decideRenewed } from '../renewal/decide-renewed.ts';
import { refuse } from '../renewal/renewable.ts';
import { countRenewal, requireRemembered } from '../renewal/renewal-limits.ts';
import type { ValidatedToken } from '../security-token.ts';
import { issuable, type TokenIssuer } from '../token-issuer.ts';
import type { TokenSpec } from '../token-spec.ts';
import type { EvidenceParts } from './evidence-steps.ts';

export interface DecisionSteps {
  /** Uses up the credentials of one message that are good once, when nothing else speaks against it. One of them is evidence
   * of the same request still, for one token. */
  useCredentials(identities: readonly ValidatedToken[]): Promise<void>;
  decide(evidence: Evidence): TokenSpec;
  /** Decides a renewal, and counts it. */
  decideRenewed(evidence: Evidence): Promise<TokenSpec>;
  /** Counted against the limits; then with its place in a status list, decision on record, one-time evidence used up, the token
   * in the ledger. Answers the decision with that place. */
  admit(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec>;
  /** Admits a renewal: as `admit`, and the refresh token is used up. */
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
  /** A new unguessable id, 128 bits or more. */
  readonly newId: () => string;
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
}

/** What is counted and used up. */
interface Books {
  readonly marks: OneTimeMarks;
  readonly countToken: TokenCount;
}

async function decideAndCount(
  evidence: Evidence,
  parts: DecisionParts,
  { countToken, marks }: Books,
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

/** Creates the steps over the given parts. */
export function createDecisionSteps(parts: DecisionParts, books: Books): DecisionSteps {
  const { audit, clock, ledger, rules } = parts;
  const { countToken, marks } = books;
  async function countAndRecord(evidence: Evidence, decided: TokenSpec): Promise<TokenSpec> {
    countToken(evidence, decided);
    const spec = placed(decided, parts);
    await audit.append(auditDecision(evidence, spec));
    return spec;
  }
  const keep = (spec: TokenSpec): Promise<unknown> =>
    Promise.all([ledger.record(spec), spec.status && parts.statusLists.register(spec.status)]);
  return {
    decide(evidence) {
      const spec = decide(evidence, rules, { now: clock.now(), tokenId: parts.newId() });
      return withUser(issuable(spec, parts.issuers), evidence.subject, parts);
    },
    decideRenewed: (evidence) => decideAndCount(evidence, parts, books),
    useCredentials: (identities) => marks.takeCredentials(identities),
    async admit(evidence, decided) {
      validateMarkFence(evidence, decided, parts.fence());
      const spec = await countAndRecord(evidence, decided);
      await Promise.all([
        marks.take(spec.once, evidence.request.requestor),
        keep(spec),
        spec.type === 'refresh_token' && requireFamilies(parts).begin(evidence.subject, spec),
      ]);
      return spec;
    },
    async advance(evidence, decided, family) {
      const spec = await countAndRecord(evidence, decided);
      const [successor] = await Promise.all([requireFamilies(parts).advance(family), keep(spec)]);
      return { spec, successor };
    },
  };
}
