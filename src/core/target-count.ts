// Tokens are counted for the relying parties they are for, whoever asks: what one must bear is not for one of its callers to decide.
import type { Evidence } from './evidence.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { TokenSpec } from './token-spec.ts';

/** Counts a token for a relying party.
 * @throws {ExchangeFailure} `rate-limited` */
export type AdmitTarget = (relyingPartyId: string) => void;

/** Counts the token of a request once: when nothing else speaks against it, and before anything of the request is used up.
 * @throws {ExchangeFailure} `rate-limited` */
export type TargetCount = (
  evidence: Pick<Evidence, 'request'>,
  spec: Pick<TokenSpec, 'relyingParties'>,
) => void;

/** Creates the count; without limits nothing is counted. */
export function createTargetCount(admitTarget: AdmitTarget | undefined): TargetCount {
  // A renewal is counted before its own count goes up, and comes by a second time when it is admitted.
  const counted = new WeakSet<ExchangeRequest>();
  return ({ request }, { relyingParties }) => {
    if (!admitTarget || counted.has(request)) return;
    counted.add(request);
    for (const id of relyingParties) admitTarget(id);
  };
}
