import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decide.ts';
import { createLedger } from '#core/ledger.ts';
import type { TokenRef } from '#core/security-token.ts';
import type { TokenSpec } from '#core/token-spec.ts';
import { anEvidence, fakeStore, NOW, OWN_ISSUER, refusedAs, rules } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const MARGIN_SECONDS = 300;
const own = (id: string): TokenRef => ({ issuer: OWN_ISSUER, id });

/** A token made from these; it lasts ten minutes. */
function aSpec(tokenId: string, parents: readonly TokenRef[] = []): TokenSpec {
  return { ...decide(anEvidence(), rules(), { now: NOW, tokenId }), parents };
}

function setUp() {
  const clock = fakeClock(NOW);
  const store = fakeStore(clock);
  return {
    clock,
    store,
    ledger: createLedger(store, clock, {
      marginSeconds: MARGIN_SECONDS,
      ownIssuers: new Set([OWN_ISSUER]),
    }),
  };
}

describe('Ledger', () => {
  test('RFC 7009 §2: a token is alive until it is revoked', async () => {
    const { ledger } = setUp();
    await ledger.record(aSpec('a'));

    assert.equal((await ledger.standing(own('a'))).isRevoked, false);
    await ledger.revoke(own('a'), NOW + 600);
    assert.equal((await ledger.standing(own('a'))).isRevoked, true);
  });

  test('RFC 7009 §2.1: revoking a token kills what was made from it, over any number of steps and by either parent', async () => {
    const { ledger } = setUp();
    await ledger.record(aSpec('root'));
    await ledger.record(aSpec('actor'));
    await ledger.record(aSpec('child', [own('root')]));
    await ledger.record(aSpec('grandchild', [own('child'), own('actor')]));
    await ledger.record(aSpec('stranger'));

    await ledger.revoke(own('root'), NOW + 600);

    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
    assert.equal((await ledger.standing(own('grandchild'))).isRevoked, true);
    assert.equal((await ledger.standing(own('actor'))).isRevoked, false);
    assert.equal((await ledger.standing(own('stranger'))).isRevoked, false);
  });

  test('RFC 7009 §2.1: revoking the actor token kills what was made with it', async () => {
    const { ledger } = setUp();
    await ledger.record(aSpec('child', [own('subject'), own('actor')]));

    await ledger.revoke(own('actor'), NOW + 600);

    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
  });

  test('RFC 7009 §2.1: revoking a token leaves what it was made from', async () => {
    const { ledger } = setUp();
    await ledger.record(aSpec('root'));
    await ledger.record(aSpec('child', [own('root')]));

    await ledger.revoke(own('child'), NOW + 600);

    assert.equal((await ledger.standing(own('root'))).isRevoked, false);
  });

  test('RFC 7519 §4.1.7: an id names a token within its issuer only', async () => {
    const { ledger } = setUp();
    const foreign = { issuer: 'https://evil.example', id: 'a' };
    await ledger.record(aSpec('a'));

    await ledger.revoke(foreign, NOW + 600);

    assert.equal((await ledger.standing(own('a'))).isRevoked, false);
    assert.equal((await ledger.standing(foreign)).isRevoked, true);
  });

  test('Ledger: an id cannot be written so that it reads as another issuer or another list', async () => {
    const { ledger } = setUp();
    const injected = { issuer: `${OWN_ISSUER}","x`, id: '"],"ancestors":[],"a":["' };
    await ledger.record(aSpec('child', [injected]));

    await ledger.revoke(injected, NOW + 600);

    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
    assert.equal((await ledger.standing(own('x'))).isRevoked, false);
  });

  test('Ledger: the tombstone outlives the token by the margin, and so does the entry', async () => {
    const { clock, store, ledger } = setUp();
    await ledger.record(aSpec('child', [own('root')]));
    await ledger.revoke(own('root'), NOW + 600);

    assert.equal(store.lifetimeOf('set:ledger'), 600 + MARGIN_SECONDS);
    assert.equal(store.lifetimeOf('revoke:revoked'), 600 + MARGIN_SECONDS);
    clock.set(NOW + 600 + MARGIN_SECONDS - 1);
    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
  });

  test('Ledger: revoking what has ended already still holds for the margin', async () => {
    const { store, ledger } = setUp();

    await ledger.revoke(own('old'), NOW - 10);

    assert.equal(store.lifetimeOf('revoke:revoked'), MARGIN_SECONDS);
  });

  test('RFC 7009 §2: a parent revoked before its child is on record leaves no child behind', async () => {
    const { store, ledger } = setUp();
    await ledger.record(aSpec('root'));
    store.before('set:ledger', () => ledger.revoke(own('root'), NOW + 600));

    await assert.rejects(ledger.record(aSpec('child', [own('root')])), refusedAs('token-revoked'));
  });

  test('RFC 7009 §2: an ancestor revoked meanwhile counts as a parent does', async () => {
    const { store, ledger } = setUp();
    await ledger.record(aSpec('child', [own('root')]));
    store.before('set:ledger', () => ledger.revoke(own('root'), NOW + 600));

    await assert.rejects(
      ledger.record(aSpec('grandchild', [own('child')])),
      refusedAs('token-revoked'),
    );
  });

  test('Ledger: an ancestor that two lines share is kept once', async () => {
    const { store, ledger } = setUp();
    await ledger.record(aSpec('left', [own('root')]));
    await ledger.record(aSpec('right', [own('root')]));
    await ledger.record(aSpec('child', [own('left'), own('right'), own('left')]));

    const text = await store.get({ class: 'ledger', parts: [OWN_ISSUER, 'child'] });

    const { ancestors } = JSON.parse(text ?? '{}') as { ancestors: readonly TokenRef[] };
    assert.deepEqual(
      ancestors.map(({ id }) => id),
      ['left', 'right', 'root'],
    );
  });

  test('Ledger: a ring of exchanges ends at a ceiling', async () => {
    const { ledger } = setUp();
    for (let step = 1; step <= 64; step += 1)
      await ledger.record(aSpec(`t${step}`, [own(`t${step - 1}`)]));

    await assert.rejects(
      ledger.record(aSpec('t65', [own('t64')])),
      refusedAs('delegation-not-allowed'),
    );
  });

  for (const text of [
    '{',
    '{"v":2,"ancestors":[]}',
    '{"v":1}',
    '{"v":1,"ancestors":{}}',
    'null',
    '[]',
  ])
    test(`Ledger: an entry ${text} is never read as "made from nothing"`, async () => {
      const { store, ledger } = setUp();
      await store.set({ class: 'ledger', parts: [OWN_ISSUER, 'a'] }, text, 600);

      await assert.rejects(ledger.standing(own('a')), Error);
    });

  for (const call of ['get:ledger', 'isRevoked:revoked'])
    test(`Ledger: is closed when ${call} does not answer`, async () => {
      const { store, ledger } = setUp();
      store.breakOn(call);

      await assert.rejects(ledger.standing(own('a')), refusedAs('dependency-unavailable'));
      await assert.rejects(
        ledger.record(aSpec('b', [own('a')])),
        refusedAs('dependency-unavailable'),
      );
    });
});
