// Tokens are counted for whom they are about and for the relying parties they are for, whoever asks: what those must bear is not
// for one of their callers to decide.

import type { ExchangeRequest } from '../request/exchange-request.ts';
import type { TokenSpec } from '../token-spec.ts';
import type { Evidence } from './evidence.ts';

/** For whom a token is counted. */
interface CountedToken {
  /** As tokens of ours name it: one name for one subject, whatever the evidence. Absent: nobody but the client that asks. */
  readonly subjectName?: string;
  readonly relyingParties: readonly string[];
}

/** Counts a token, for all of them or for none.
 * @throws {ExchangeFailure} `rate-limited` */
export type AdmitToken = (token: CountedToken) => void;

/** Counts the token of a request once: when nothing else speaks against it, and before anything of the request is used up. Before
 * policy it would be too early: whoever can present a token, or forge one, could use up the rate of its subject.
 * @throws {ExchangeFailure} `rate-limited` */
export type TokenCount = (
  evidence: Pick<Evidence, 'request' | 'subject'>,
  spec: Pick<TokenSpec, 'relyingParties' | 'subjectName'>,
) => void;

/** Creates the count. */
export function createTokenCount(admitToken: AdmitToken): TokenCount {
  // A renewal is counted before its own count goes up, and comes by a second time when it is admitted.
  const counted = new WeakSet<ExchangeRequest>();
  return ({ request, subject }, { relyingParties, subjectName }) => {
    if (counted.has(request)) return;
    counted.add(request);
    const isItself = subject.type === 'requestor';
    admitToken({ relyingParties, ...(!isItself && { subjectName }) });
  };
}
