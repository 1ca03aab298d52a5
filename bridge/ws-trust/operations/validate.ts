// The operation Validate (WS-Trust 1.3 §7).

import { ExchangeFailure } from '#core/failure.ts';
import type { Operation } from './operation.ts';

export const VALIDATE: Operation = {
  requireHonoured() {
    throw new ExchangeFailure('operation-unsupported', 'not done here: Validate');
  },
  async answer() {
    throw new Error('refused before');
  },
};
