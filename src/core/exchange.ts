// The product: evidence in, one token out. Both fronts come here; no step can be left out.
import type { ExchangeRequest } from './request/exchange-request.ts';
import type { IssuedToken } from './token/token-spec.ts';
import type { TokenService } from './token-service.ts';

/** Exchanges evidence for a token: validate, decide, admit, issue, record. What is refused is recorded too.
 * @throws {ExchangeFailure} any reason */
export async function exchange(request: ExchangeRequest, sts: TokenService): Promise<IssuedToken> {
  return sts.answerFor(request, async () => {
    const evidence = await sts.validateEvidence(request);
    const decided = sts.decide(evidence); // throws ExchangeFailure
    const spec = await sts.admit(evidence, decided); // on record, evidence used up, nothing revoked: before anything is signed
    const token = await sts.issue(spec);
    await sts.record(evidence, token); // no record, no token
    return token;
  });
}
