import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import type { Standing } from '#core/ledger/ledger.ts';
import type { LedgerEntry } from '#core/ledger/ledger-entry.ts';
import { validateOrTellRenewal } from '#core/renewal/renewal-needed.ts';
import type { SecurityToken, TokenFacts } from '#core/token/security-token.ts';
import {
  anOwnToken,
  aSecurityToken,
  NOW,
  PARTNER_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const renewal = {
  family: 'first',
  count: 0,
  afterExpiry: true,
  notOnOrAfter: NOW + 1,
  subject: { trustedIssuer: 'partner', type: 'jwt', issuer: PARTNER_ISSUER, id: 'alice' },
} as const;
const entry: LedgerEntry = {
  parents: [],
  ancestors: [],
  clientId: 'gateway',
  actors: [],
  targets: ['orders'],
  policyRows: [],
  notOnOrAfter: NOW - 60,
  renewal,
};

interface Changes {
  readonly presented?: Partial<SecurityToken>;
  readonly facts?: Partial<TokenFacts>;
  readonly standing?: Partial<Standing>;
}

/** Presents a token of ours that has ended, and can be renewed unless the test says otherwise. */
function present({ presented, facts, standing }: Changes = {}) {
  const validator = {
    canHandle: () => true,
    async validate({ use }: SecurityToken) {
      if (use !== 'lifecycle') throw new ExchangeFailure('token-expired', 'it has ended');
      return anOwnToken({ use, ...facts });
    },
  };
  const ledger = { standing: async () => ({ isRevoked: false, entry, ...standing }) };
  const parts = { clock: fakeClock(), ledger, rules: rules(), validators: [validator] };
  return validateOrTellRenewal(aSecurityToken(presented), parts);
}

describe('WS-Trust 1.3 §11: a token of ours that has ended', () => {
  test('is told as one that needs renewal while it can be renewed', async () => {
    await assert.rejects(present(), refusedAs('renewal-needed'));
  });

  const others: Readonly<Record<string, Changes>> = {
    'was revoked': { standing: { isRevoked: true } },
    'has lost its grounds': { standing: { isGroundless: true } },
    'is not on record any more': { standing: { entry: undefined as never } },
    'is not renewable after its end': {
      standing: { entry: { ...entry, renewal: { ...renewal, afterExpiry: false } } },
    },
    'is past the end of its renewals': {
      standing: { entry: { ...entry, renewal: { ...renewal, notOnOrAfter: NOW } } },
    },
    'is of another issuer': { facts: { trustedIssuer: 'partner' } },
    'is a credential': { presented: { type: 'x509' } },
  };
  for (const [what, changes] of Object.entries(others))
    test(`is one that has ended where it ${what}`, async () => {
      await assert.rejects(present(changes), refusedAs('token-expired'));
    });

  test('is taken in its lifecycle', async () => {
    assert.equal((await present({ presented: { use: 'lifecycle' } })).use, 'lifecycle');
  });
});
