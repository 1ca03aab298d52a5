import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import { createLedger, type Ledger } from '#core/ledger/ledger.ts';
import { lineageOf } from '#core/ledger/lineage.ts';
import { validateEvidenceStanding } from '#core/ledger/standing.ts';
import { SELF, type TokenRef, type ValidatedToken } from '#core/token/security-token.ts';
import type { Renewal, TokenSpec } from '#core/token/token-spec.ts';
import {
  anEvidence,
  anExchangeRequest,
  anOwnToken,
  asIfRecorded,
  aValidatedToken,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { fakeStore } from '#test/support/store/fake-store.ts';

const MARGIN_SECONDS = 300;
const own = (id: string): TokenRef => ({ issuer: OWN_ISSUER, id });

/** A token of the partner, or of ours as the ledger knows it. */
async function presented(ledger: Ledger, token: TokenRef | undefined): Promise<ValidatedToken> {
  if (!token) return aValidatedToken({ id: undefined as never });
  return validateEvidenceStanding(
    anOwnToken({ ...token, trustedIssuer: token.issuer === OWN_ISSUER ? SELF : 'partner' }),
    asIfRecorded(ledger),
  );
}

/** A token made from these, a subject token and an actor token; it lasts ten minutes. */
async function made(
  ledger: Ledger,
  tokenId: string,
  [subject, actor]: readonly TokenRef[] = [],
): Promise<TokenSpec> {
  const spec = decide(anEvidence(), rules(), { now: NOW, tokenId });
  const evidence: Evidence = {
    request: anExchangeRequest(),
    subject: await presented(ledger, subject),
    actor: actor && (await presented(ledger, actor)),
  };
  const { root: _, ...rest } = spec;
  return { ...rest, ...lineageOf(evidence) };
}

const aRenewal = (family: string): Renewal => ({
  family,
  count: 0,
  afterExpiry: true,
  notOnOrAfter: NOW + 7200,
  subject: { trustedIssuer: 'partner', type: 'jwt', issuer: PARTNER_ISSUER, id: 'alice' },
});

const record = async (
  ledger: Ledger,
  tokenId: string,
  parents: readonly TokenRef[] = [],
): Promise<void> => ledger.record(await made(ledger, tokenId, parents));

function setUp({ longestDescentSeconds = 0 } = {}) {
  const clock = fakeClock(NOW);
  const store = fakeStore(clock);
  return {
    clock,
    store,
    ledger: createLedger(
      store,
      clock,
      ledgerSettings({ marginSeconds: MARGIN_SECONDS, longestDescentSeconds }),
    ),
  };
}

describe('Ledger', () => {
  test('RFC 7009 §2: a token is alive until it is revoked', async () => {
    const { ledger } = setUp();
    await record(ledger, 'a');

    assert.equal((await ledger.standing(own('a'))).isRevoked, false);
    await ledger.revoke(own('a'), NOW + 600);
    assert.equal((await ledger.standing(own('a'))).isRevoked, true);
  });

  test('RFC 7009 §2.1: revoking a token kills what was made from it, over any number of steps and by either parent', async () => {
    const { ledger } = setUp();
    await record(ledger, 'root');
    await record(ledger, 'actor');
    await record(ledger, 'child', [own('root')]);
    await record(ledger, 'grandchild', [own('child'), own('actor')]);
    await record(ledger, 'stranger');

    await ledger.revoke(own('root'), NOW + 600);

    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
    assert.equal((await ledger.standing(own('grandchild'))).isRevoked, true);
    assert.equal((await ledger.standing(own('actor'))).isRevoked, false);
    assert.equal((await ledger.standing(own('stranger'))).isRevoked, false);
  });

  test('RFC 7009 §2.1: revoking the actor token kills what was made with it', async () => {
    const { ledger } = setUp();
    await record(ledger, 'child', [own('subject'), own('actor')]);

    await ledger.revoke(own('actor'), NOW + 600);

    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
  });

  test('RFC 7009 §2.1: revoking a token leaves what it was made from', async () => {
    const { ledger } = setUp();
    await record(ledger, 'root');
    await record(ledger, 'child', [own('root')]);

    await ledger.revoke(own('child'), NOW + 600);

    assert.equal((await ledger.standing(own('root'))).isRevoked, false);
  });

  test('RFC 7519 §4.1.7: an id names a token within its issuer only', async () => {
    const { ledger } = setUp();
    const foreign = { issuer: 'https://evil.example', id: 'a' };
    await record(ledger, 'a');

    await ledger.revoke(foreign, NOW + 600);

    assert.equal((await ledger.standing(own('a'))).isRevoked, false);
    assert.equal((await ledger.standing(foreign)).isRevoked, true);
  });

  test('Ledger: an id cannot be written so that it reads as another issuer or another list', async () => {
    const { ledger } = setUp();
    const injected = { issuer: `${OWN_ISSUER}","x`, id: '"],"ancestors":[],"a":["' };
    await record(ledger, 'child', [injected]);

    await ledger.revoke(injected, NOW + 600);

    assert.equal((await ledger.standing(own('child'))).isRevoked, true);
    assert.equal((await ledger.standing(own('x'))).isRevoked, false);
  });

  test('Ledger: the tombstone outlives the token by the margin, and so does the entry', async () => {
    const { clock, store, ledger } = setUp();
    await record(ledger, 'child', [own('root')]);
    await ledger.revoke(own('root'), NOW + 600);

    assert.equal(store.lifetimeOf('setUnlessRevoked:ledger'), 600 + MARGIN_SECONDS);
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
    await record(ledger, 'root');
    const child = await made(ledger, 'child', [own('root')]);
    store.before('setUnlessRevoked:ledger', () => ledger.revoke(own('root'), NOW + 600));

    await assert.rejects(ledger.record(child), refusedAs('token-revoked'));
    assert.equal((await ledger.lookUp(own('child'))).entry, undefined);
  });

  test('RFC 7009 §2: an ancestor revoked meanwhile counts as a parent does', async () => {
    const { store, ledger } = setUp();
    await record(ledger, 'child', [own('root')]);
    store.before('setUnlessRevoked:ledger', () => ledger.revoke(own('root'), NOW + 600));

    await assert.rejects(record(ledger, 'grandchild', [own('child')]), refusedAs('token-revoked'));
  });

  test('Ledger: an ancestor that two lines share is kept once', async () => {
    const { store, ledger } = setUp();
    await record(ledger, 'left', [own('root')]);
    await record(ledger, 'right', [own('root')]);
    await record(ledger, 'child', [own('left'), own('right')]);

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
      await record(ledger, `t${step}`, [own(`t${step - 1}`)]);

    await assert.rejects(record(ledger, 't65', [own('t64')]), refusedAs('delegation-not-allowed'));
  });

  test('WS-Trust 1.3 §5: revoking any token of a chain of renewals kills the chain', async () => {
    const { ledger } = setUp();
    await ledger.record({ ...(await made(ledger, 'first')), renewal: aRenewal('first') });
    for (const id of ['second', 'third'])
      await ledger.record({
        ...(await made(ledger, id, [own('first')])),
        renewal: aRenewal('first'),
      });

    await ledger.revoke(own('third'), NOW + 600);

    for (const id of ['first', 'second', 'third'])
      assert.equal((await ledger.standing(own(id))).isRevoked, true, id);
  });

  test('Ledger: an entry that cannot be read is never "made from nothing"', async () => {
    const { store, ledger } = setUp();
    await store.set({ class: 'ledger', parts: [OWN_ISSUER, 'a'] }, '{"v":9}', 600);

    await assert.rejects(ledger.standing(own('a')), Error);
    await assert.rejects(ledger.lookUp(own('a')), Error);
  });

  test('Ledger: an entry of the release before still kills what was made', async () => {
    const { store, ledger } = setUp();
    const text = JSON.stringify({
      v: 1,
      ancestors: [own('root')],
      clientId: 'gateway',
      targets: ['orders'],
      notOnOrAfter: NOW + 600,
    });
    await store.set({ class: 'ledger', parts: [OWN_ISSUER, 'child'] }, text, 600);
    await record(ledger, 'grandchild', [own('child')]);

    await ledger.revoke(own('root'), NOW + 600);

    for (const id of ['child', 'grandchild'])
      assert.equal((await ledger.standing(own(id))).isRevoked, true, id);
  });

  test('Ledger: a line knows where it began, and by which tokens', async () => {
    const { ledger } = setUp();
    const foreign = { issuer: PARTNER_ISSUER, id: 'assertion' };
    await record(ledger, 'first', [foreign]);
    await record(ledger, 'actor');
    await record(ledger, 'second', [own('first'), own('actor')]);

    const { entry } = await ledger.standing(own('second'));

    assert.deepEqual(entry?.root, foreign);
    assert.deepEqual(entry?.parents, [own('first'), own('actor')]);
    assert.deepEqual(entry?.ancestors, [own('first'), own('actor'), foreign]);
    assert.equal((await ledger.standing(own('actor'))).entry?.root, undefined);
  });

  test('Ledger: a tombstone lives as long as the latest that can descend from the token', async () => {
    const { store, ledger } = setUp({ longestDescentSeconds: 36_000 });

    await ledger.revoke(own('root'), NOW + 600);

    assert.equal(store.lifetimeOf('revoke:revoked'), 36_000 + MARGIN_SECONDS);
  });

  test('WS-Trust 1.3 §6: the tombstone of a renewable token lives to the absolute end, whatever is configured by now', async () => {
    const { clock, ledger } = setUp();
    await ledger.record({ ...(await made(ledger, 'a')), renewal: aRenewal('a') });

    await ledger.revoke(own('a'), NOW + 600);

    clock.set(NOW + 7200);
    assert.equal((await ledger.standing(own('a'))).isRevoked, true);
  });

  test('Ledger: the entry of a token that can be renewed lives to the absolute end', async () => {
    const { store, ledger } = setUp();
    const renewal = aRenewal('a');

    await ledger.record({ ...(await made(ledger, 'a')), renewal });

    assert.equal(store.lifetimeOf('setUnlessRevoked:ledger'), 7200 + MARGIN_SECONDS);
    assert.deepEqual((await ledger.standing(own('a'))).entry?.renewal, renewal);
  });

  for (const call of ['get:ledger', 'isRevoked:revoked'])
    test(`Ledger: is closed when ${call} does not answer`, async () => {
      const { store, ledger } = setUp();
      store.breakOn(call);

      await assert.rejects(ledger.standing(own('a')), refusedAs('dependency-unavailable'));
      await assert.rejects(ledger.lookUp(own('a')), refusedAs('dependency-unavailable'));
    });

  test('Ledger: is closed when an entry may or may not be written', async () => {
    const { store, ledger } = setUp();
    const spec = await made(ledger, 'a');
    store.breakOn('setUnlessRevoked:ledger');

    await assert.rejects(ledger.record(spec), refusedAs('dependency-unavailable'));
  });
});
