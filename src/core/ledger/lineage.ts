// What a token is made from: parents, the whole line above them, where that line began, and on whose word it rests.
import type { Evidence } from '../decision/evidence.ts';
import { ExchangeFailure } from '../failure.ts';
import { SELF, type TokenRef, tokenName, type ValidatedToken } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { loginOf } from './ledger-entry.ts';

/** Tokens that one token may descend from: whoever exchanges its own tokens in a ring must not make records that grow without end. */
const ANCESTOR_CEILING = 64;

function refsOf(token: ValidatedToken | undefined): readonly TokenRef[] {
  return token?.id === undefined ? [] : [{ issuer: token.issuer, id: token.id }];
}

const vouchersOf = (token: ValidatedToken | undefined): readonly string[] => {
  if (!token) return [];
  return token.trustedIssuer === SELF ? (token.vouchers ?? []) : [token.trustedIssuer];
};

/** The lineage of a token made from this evidence.
 * @throws {ExchangeFailure} `delegation-not-allowed` when the line is too long */
export function lineageOf({
  request,
  subject,
  actor,
}: Evidence): Pick<
  TokenSpec,
  'parents' | 'ancestors' | 'root' | 'vouchers' | 'loginMark' | 'loginCertificates'
> {
  const parents = [...refsOf(subject), ...refsOf(actor)];
  const line = [...parents, ...(subject.ancestors ?? []), ...(actor?.ancestors ?? [])];
  const ancestors = [...new Map(line.map((token) => [tokenName(token), token])).values()];
  if (ancestors.length > ANCESTOR_CEILING)
    throw new ExchangeFailure('delegation-not-allowed', 'the line of tokens is too long');
  const root = subject.root ?? refsOf(subject)[0];
  // Who asks counts, seen in the token or not: it was issued on that credential.
  const vouchers = [...new Set([subject, actor, request.requestor.identity].flatMap(vouchersOf))];
  return {
    parents,
    ancestors,
    ...(root && { root }),
    ...(vouchers.length > 0 && { vouchers }),
    // Of the subject alone: whoever acts for it logs in again to go on.
    ...loginOf(subject),
  };
}
