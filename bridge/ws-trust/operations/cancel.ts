// The operation Cancel (WS-Trust 1.3 §6).

import { ExchangeFailure } from '#core/failure.ts';
import type { Operation } from './operation.ts';

export const CANCEL: Operation = {
  requireHonoured() {
    throw new ExchangeFailure('operation-unsupported', 'not done here: Cancel');
  },
  async answer() {
    throw new Error('refused before');
  },
};
