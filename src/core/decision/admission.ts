// Who may use a front at all, whatever is asked: a condition over the requestor, beside the policy that decides about tokens.

import { ExchangeFailure } from '../failure.ts';
import type { Requestor } from '../request/requestor.ts';
import { requestorContext } from './evidence.ts';
import type { Expression } from './expression.ts';

/** Admits a requestor for whom the condition holds; one that cannot be evaluated admits nobody.
 * @throws {ExchangeFailure} `requestor-not-allowed` */
export function validateAdmission(when: Expression | undefined, requestor: Requestor): void {
  if (!when) return;
  const result = when.evaluate(requestorContext(requestor));
  if ('error' in result || result.value !== true)
    throw new ExchangeFailure('requestor-not-allowed', 'the front is not for this requestor');
}
