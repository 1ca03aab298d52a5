// The same token for longer. A token that is cancelled, or whose grounds are gone, is not renewed.
import type { ExchangeRequest } from './request/exchange-request.ts';
import type { IssuedToken } from './token/token-spec.ts';
import type { TokenService } from './token-service.ts';

/** Renews the token that is the subject token of the request: validate, decide anew, admit, issue, record.
 * @throws {ExchangeFailure} any reason */
export async function renewToken(
  request: ExchangeRequest,
  sts: TokenService,
): Promise<IssuedToken> {
  return sts.answerFor(request, async () => {
    const { token: subject, isRevoked } = await sts.validateRevocable(request.subject);
    const evidence = { request, subject, actor: undefined };
    const renewed = await sts.decideRenewed(evidence, isRevoked); // throws ExchangeFailure
    const spec = await sts.admitRenewed(evidence, renewed);
    const token = await sts.issue(spec);
    await sts.record(evidence, token);
    return token;
  });
}
