// Why a request is granted or refused: the same pure functions that decide, with everything they considered.
import type { MappedClaim } from '../claims/claim-mapping.ts';
import { ExchangeFailure, type FailureReason } from '../failure.ts';
import type { Instant } from '../instant.ts';
import {
  type ConsideredRow,
  considerRows,
  decisiveRow,
  hasConsented,
  type PolicyRules,
} from '../policy.ts';
import { type RelyingParty, resolveTargets } from '../request/relying-party.ts';
import { issuable, type TokenIssuer } from '../token/token-issuer.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { decide } from './decide.ts';
import { type Evidence, policyQuestion } from './evidence.ts';
import { mapClaimsFor } from './granted-targets.ts';

/** What was considered for one relying party. */
export interface ExplainedTarget {
  readonly relyingParty: string;
  /** Whether it consents to this requestor. */
  readonly hasConsented: boolean;
  readonly rows: readonly ConsideredRow[];
  /** The row that decided, if one fits. */
  readonly decidingRow?: string;
  readonly claims: readonly MappedClaim[];
}

interface Refusal {
  readonly reason: FailureReason;
  readonly detail: string;
}

export interface Explanation {
  readonly targets: readonly ExplainedTarget[];
  readonly outcome: { readonly granted: TokenSpec } | { readonly refused: Refusal };
}

function attempt<T>(step: () => T): { readonly value: T } | { readonly refused: Refusal } {
  try {
    return { value: step() };
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure)) throw cause;
    return { refused: { reason: cause.reason, detail: cause.message } };
  }
}

function explainTarget(
  evidence: Evidence,
  rules: PolicyRules,
  party: RelyingParty,
): ExplainedTarget {
  const rows = considerRows(rules.rows, policyQuestion(evidence, party, rules));
  const row = decisiveRow(rows);
  const mapped = attempt(() => (row ? mapClaimsFor(evidence, { party, row }, rules.issuer) : []));
  return {
    relyingParty: party.id,
    hasConsented: hasConsented(party, evidence.request.requestor),
    rows,
    ...(row && { decidingRow: row.id }),
    claims: 'value' in mapped ? mapped.value : [],
  };
}

interface Terms {
  readonly now: Instant;
  readonly tokenId: string;
  /** Not every form of token can say what policy grants. */
  readonly issuers: readonly TokenIssuer[];
}

/** Explains the decision over validated evidence. Nothing is signed, used up or recorded. */
export function explain(evidence: Evidence, rules: PolicyRules, terms: Terms): Explanation {
  const { targets, requestor } = evidence.request;
  const parties = attempt(() =>
    resolveTargets(rules.relyingParties, targets, requestor.defaultTarget),
  );
  const outcome = attempt(() => issuable(decide(evidence, rules, terms), terms.issuers));
  return {
    targets:
      'value' in parties ? parties.value.map((party) => explainTarget(evidence, rules, party)) : [],
    outcome: 'value' in outcome ? { granted: outcome.value } : outcome,
  };
}
