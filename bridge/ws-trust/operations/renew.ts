// The operation Renew (WS-Trust 1.3 §5).

import { ExchangeFailure } from '#core/failure.ts';
import type { Operation } from './operation.ts';

export const RENEW: Operation = {
  requireHonoured() {
    throw new ExchangeFailure('operation-unsupported', 'not done here: Renew');
  },
  async answer() {
    throw new Error('refused before');
  },
};
