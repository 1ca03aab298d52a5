// The product: evidence in, one token out. Both fronts come here; no step can be left out.
import type { ExchangeRequest } from './exchange-request.ts';
import type { TokenService } from './token-service.ts';
import type { IssuedToken } from './token-spec.ts';

/** Exchanges evidence for a token: validate, decide, admit, issue, record. What is refused is recorded too.
 * @throws {ExchangeFailure} any reason */
export async function exchange(request: ExchangeRequest, sts: TokenService): Promise<IssuedToken> {
  return sts.answerFor(request, async () => {
    const subject = await sts.validate(request.subject);
    const actor = request.actor && (await sts.validate(request.actor));
    const evidence = { request, subject, actor };
    const spec = sts.decide(evidence); // throws ExchangeFailure
    await sts.admit(evidence, spec); // decision on record, one-time evidence used up: before anything is signed
    const token = await sts.issue(spec);
    await sts.record(evidence, token); // ledger, then audit: no record, no token
    return token;
  });
}
