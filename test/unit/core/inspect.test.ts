import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KnownIssuer } from '#core/decision/known-issuer.ts';
import { ExchangeFailure, FAILURE_REASONS, type FailureReason } from '#core/failure.ts';
import { inspect } from '#core/inspect.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { Requestor } from '#core/request/requestor.ts';
import { revoke } from '#core/revoke.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import { createTokenService } from '#core/token-service.ts';
import {
  anOwnToken,
  aRelyingParty,
  aRequestor,
  aSecurityToken,
  asIfRecorded,
  aValidatedToken,
  fakeAuditLog,
  LENIENT,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { fakeStore } from '#test/support/store/fake-store.ts';

const OWN = { issuer: OWN_ISSUER, id: 'own-token-1' };
const INACTIVE: readonly FailureReason[] = [
  'token-type-unsupported',
  'token-malformed',
  'signature-invalid',
  'issuer-untrusted',
  'token-audience-mismatch',
  'token-replayed',
  'token-revoked',
  'token-expired',
  'renewal-needed',
  'token-not-yet-valid',
  'confirmation-missing',
];

const aKeyConfirmation = (jwkThumbprint: string): Confirmation => ({
  method: 'public-key',
  jwkThumbprint,
});

const issuer = (id: string): KnownIssuer => ({
  id,
  names: [`https://${id}.example`],
  actorIssuers: [],
  subjectPrefixes: [],
});

function setUp(found: ValidatedToken | Error = anOwnToken(), revokers: readonly string[] = []) {
  const clock = fakeClock(NOW);
  const store = fakeStore(clock);
  const audit = fakeAuditLog();
  const ledger = asIfRecorded(createLedger(store, clock, ledgerSettings({ marginSeconds: 300 })));
  const validate = async () => {
    if (found instanceof Error) throw found;
    return found;
  };
  const sts = createTokenService({
    ...LENIENT,
    validators: [{ canHandle: () => true, validate }],
    issuers: [],
    rules: rules({ issuers: [issuer('partner'), issuer('other')] }),
    ledger,
    store,
    audit,
    clock,
    newId: () => 'id',
    marginSeconds: 300,
  });
  const request = (requestor: Partial<Requestor>) => ({
    correlationId: 'correlation-1',
    requestor: aRequestor(requestor),
    token: aSecurityToken(),
  });
  const relyingParties = [aRelyingParty(), aRelyingParty({ id: 'billing', revokers })];
  return {
    store,
    audit,
    ledger,
    sts,
    inspect: (requestor: Partial<Requestor> = {}, takesForeign = false) =>
      inspect(request(requestor), sts, { relyingParties, takesForeign }),
    revoke: (requestor: Partial<Requestor> = {}) =>
      revoke(request(requestor), sts, { ledger, audit, relyingParties }),
  };
}

describe('inspect', () => {
  test('RFC 7662 §2.2: tells its client and its audience about a token of ours', async () => {
    const { inspect: ask } = setUp();

    assert.equal((await ask())?.id, 'own-token-1');
    assert.equal((await ask({ id: 'server', represents: ['orders'] }))?.id, 'own-token-1');
    assert.equal((await ask({ id: 'orders' }))?.id, 'own-token-1');
  });

  test('RFC 7662 §2.2: tells nobody else', async () => {
    const { inspect: ask } = setUp();

    assert.equal(await ask({ id: 'other' }), undefined);
    assert.equal(await ask({ id: 'server', represents: ['billing'] }), undefined);
    assert.equal(await ask({ kind: 'principal', id: 'gateway' }), undefined);
  });

  test('RFC 7662 §2.2: a foreign token is not active here', async () => {
    const { inspect: ask } = setUp(aValidatedToken({ originClient: 'gateway' }));

    assert.equal(await ask(), undefined);
  });

  describe('WS-Trust 1.3 §7: where tokens of trusted issuers are told of,', () => {
    const once = aValidatedToken({ onceUntil: NOW + 300 });

    test('one that has ended is not active', async () => {
      const lifetime = { notBefore: NOW - 300, notOnOrAfter: NOW };
      const { inspect: ask } = setUp(aValidatedToken({ lifetime }));

      assert.equal(await ask({}, true), undefined);
    });

    test('one that was used up is not active, but for the message that it came with', async () => {
      const { inspect: ask, sts } = setUp(once);
      assert.equal(await ask({}, true), once);

      await sts.useCredentials([once]);

      assert.equal(await ask({}, true), undefined);
      assert.equal(await ask({ kind: 'principal', identity: once }, true), once);
    });

    test('unknown is not active', async () => {
      const { inspect: ask, store } = setUp(once);
      store.breakOn('isMarked:once');

      await assert.rejects(ask({}, true), refusedAs('dependency-unavailable'));
    });

    for (const [actor, isActive] of [
      ['https://partner.example', true],
      ['https://nobody.example', true],
      ['https://other.example', false],
    ] as const)
      test(`one that names an actor of ${actor} is ${isActive ? '' : 'not '}active`, async () => {
        const actors = [{ issuer: actor, id: 'broker' }];
        const { inspect: ask } = setUp(aValidatedToken({ actors }));

        assert.equal((await ask({}, true)) !== undefined, isActive);
      });
  });

  test('RFC 7662 §2.2: a token of ours that was used up as evidence is active still where it was issued for', async () => {
    const own = anOwnToken({ onceUntil: NOW + 300 });
    const { inspect: ask, sts } = setUp(own);

    await sts.useCredentials([own]);

    assert.equal((await ask())?.id, own.id);
  });

  test('RFC 7662 §2.2: a revoked token is not active', async () => {
    const { inspect: ask, ledger } = setUp();
    await ledger.revoke(OWN, NOW + 600);

    assert.equal(await ask(), undefined);
  });

  for (const reason of FAILURE_REASONS) {
    const isInactive = INACTIVE.includes(reason);
    test(`RFC 7662 §2.2: ${reason} ${isInactive ? 'is inactive' : 'stays a refusal'}`, async () => {
      const { inspect: ask } = setUp(new ExchangeFailure(reason, 'detail'));

      if (isInactive) assert.equal(await ask(), undefined);
      else await assert.rejects(ask(), refusedAs(reason));
    });
  }

  test('RFC 7662 §2.2: a bug is not an answer', async () => {
    const { inspect: ask } = setUp(new Error('bug'));

    await assert.rejects(ask(), /bug/);
  });

  test('RFC 7662 §4: is closed while nobody knows whether it is revoked', async () => {
    const { inspect: ask, store } = setUp();
    store.breakOn('isRevoked:revoked');

    await assert.rejects(ask(), refusedAs('dependency-unavailable'));
  });
});

describe('revoke', () => {
  test('RFC 7009 §2.1: the client it was issued to revokes a token, and both steps are on record', async () => {
    const { revoke: kill, ledger, audit } = setUp();

    await kill();

    assert.equal((await ledger.standing(OWN)).isRevoked, true);
    assert.deepEqual(
      audit.records.map(({ event, outcome, token }) => [event, outcome, token]),
      [
        ['token.revoke', 'allowed', OWN],
        ['token.revoke', 'done', OWN],
      ],
    );
  });

  test('Audit: the record of a revocation tells who vouches for the one who asked', async () => {
    const confirmation = aKeyConfirmation('key-1');
    const { revoke: kill, audit } = setUp(anOwnToken({ confirmation }));

    await kill({ kind: 'principal', id: 'alice', confirmation, identity: aValidatedToken() });

    assert.deepEqual(
      audit.records.map(({ requestor }) => requestor?.issuer),
      [aValidatedToken().subject.issuer, aValidatedToken().subject.issuer],
    );
  });

  for (const [who, requestor] of [
    ['another client', { id: 'other' }],
    ['its audience', { id: 'server', represents: ['orders'] }],
    ['a user called like its client', { kind: 'principal', id: 'gateway' }],
  ] as const)
    test(`RFC 7009 §2.1: refuses ${who}`, async () => {
      const { revoke: kill, ledger } = setUp();

      await assert.rejects(kill(requestor), refusedAs('requestor-not-allowed'));

      assert.equal((await ledger.standing(OWN)).isRevoked, false);
    });

  test('RFC 7009 §2.2: a token that was revoked needs nothing', async () => {
    const { revoke: kill, audit, ledger } = setUp();
    await ledger.revoke(OWN, NOW + 600);

    await kill();

    assert.deepEqual(audit.records, []);
  });

  test('RFC 7009 §2.1: who may not revoke a token is not told that it was revoked', async () => {
    const { revoke: kill, ledger } = setUp();
    await ledger.revoke(OWN, NOW + 600);

    await assert.rejects(kill({ id: 'other' }), refusedAs('requestor-not-allowed'));
  });

  for (const [what, found, reason] of [
    ['a forged token', new ExchangeFailure('signature-invalid', 'detail'), 'signature-invalid'],
    ['a foreign token', aValidatedToken({ originClient: 'gateway' }), 'issuer-untrusted'],
    [
      'a credential, which is no token',
      aValidatedToken({ ...anOwnToken({ type: 'username' }), id: undefined as never }),
      'issuer-untrusted',
    ],
  ] as const)
    test(`WS-Trust 1.3 §6: refuses ${what}`, async () => {
      const { revoke: kill, store } = setUp(found);

      await assert.rejects(kill(), refusedAs(reason));

      assert.equal(store.calls.includes('revoke:revoked'), false);
    });

  test('WS-Trust 1.3 §6: whoever proves the key of a bound token revokes it, no other key does', async () => {
    const confirmation = aKeyConfirmation('key-1');
    const bound = anOwnToken({ confirmation });
    const { revoke: kill, ledger } = setUp(bound);

    await assert.rejects(
      kill({ id: 'other', confirmation: aKeyConfirmation('key-2') }),
      refusedAs('requestor-not-allowed'),
    );
    await kill({ id: 'other', confirmation });

    assert.equal((await ledger.standing(OWN)).isRevoked, true);
  });

  test('WS-Trust 1.3 §6: whom the target names revokes its tokens, and no others', async () => {
    const named = setUp(anOwnToken({ audiences: ['billing'] }), ['security-team']);
    const elsewhere = setUp(anOwnToken(), ['security-team']);

    await named.revoke({ id: 'security-team' });

    assert.equal((await named.ledger.standing(OWN)).isRevoked, true);
    await assert.rejects(
      elsewhere.revoke({ id: 'security-team' }),
      refusedAs('requestor-not-allowed'),
    );
  });

  test('Audit: nothing is revoked without a record of who did it', async () => {
    const { revoke: kill, ledger, audit } = setUp();
    audit.breakOn('allowed');

    await assert.rejects(kill(), refusedAs('dependency-unavailable'));

    assert.equal((await ledger.standing(OWN)).isRevoked, false);
  });

  test('RFC 7009 §2.2.1: says so when it could not be done', async () => {
    const { revoke: kill, store, audit } = setUp();
    store.breakOn('revoke:revoked');

    await assert.rejects(kill(), refusedAs('dependency-unavailable'));

    assert.deepEqual(
      audit.records.map(({ outcome }) => outcome),
      ['allowed'],
    );
  });
});
