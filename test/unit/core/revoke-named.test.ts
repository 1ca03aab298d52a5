import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Instant } from '#core/instant.ts';
import type { Standing } from '#core/ledger/ledger.ts';
import type { LedgerEntry } from '#core/ledger/ledger-entry.ts';
import { revokeNamed } from '#core/revoke.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { aRequestor, fakeAuditLog, NOW, OWN_ISSUER, refusedAs } from '#test/support/core.ts';

const TOKEN = { issuer: OWN_ISSUER, id: 'id-1' };
const ENTRY: LedgerEntry = {
  type: 'saml2',
  parents: [],
  ancestors: [],
  clientId: 'gateway',
  actors: [],
  targets: ['orders'],
  policyRows: [],
  notOnOrAfter: NOW + 600,
};

function setUp(entry: LedgerEntry | undefined) {
  const revoked: Instant[] = [];
  const audit = fakeAuditLog();
  const lookUp = async (): Promise<Standing> => ({
    isRevoked: false,
    ...(entry && { entry }),
  });
  const ledger = {
    record: async () => {},
    lookUp,
    standing: lookUp,
    hasSaid: () => true,
    revoke: async (_: unknown, until: Instant) => void revoked.push(until),
  };
  const named = (namedType?: TokenType) =>
    revokeNamed(
      { correlationId: 'correlation-1', requestor: aRequestor(), token: TOKEN, namedType },
      { audit, ledger },
    );
  return { audit, named, revoked };
}

describe('WS-Trust 1.3 §6: a token that is named', () => {
  test('is dead for as long as it would have lived', async () => {
    const { audit, named, revoked } = setUp(ENTRY);

    await named();

    assert.deepEqual(revoked, [NOW + 600]);
    assert.deepEqual(
      audit.records.map(({ outcome }) => outcome),
      ['allowed', 'done'],
    );
  });

  test('and said to be of another type is left alone', async () => {
    const { audit, named, revoked } = setUp(ENTRY);

    await assert.rejects(named('saml1'), refusedAs('token-type-unsupported'));

    assert.deepEqual([revoked, audit.records], [[], []]);
    await named('saml2');
    assert.deepEqual(revoked, [NOW + 600]);
  });

  const { type: _, ...ofFirstForm } = ENTRY;
  for (const [what, entry] of [
    ['of another', { ...ENTRY, clientId: 'other' }],
    ['that there is not', undefined],
    ['that is a JWT', { ...ENTRY, type: 'jwt' }],
    ['that is a family of refresh tokens', { ...ENTRY, type: 'refresh_token' }],
    ['that is a security context', { ...ENTRY, type: 'sct' }],
    ['of which it is not on record what it is', ofFirstForm],
  ] as const)
    test(`${what} is left alone`, async () => {
      const { audit, named, revoked } = setUp(entry);

      await assert.rejects(named(), refusedAs('requestor-not-allowed'));

      assert.deepEqual([revoked, audit.records], [[], []]);
    });
});
