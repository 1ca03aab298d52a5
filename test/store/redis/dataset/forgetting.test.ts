// Servers that forget: what this process wrote is written again, and what nobody can answer for is refused.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { Store } from '#core/ports.ts';
import { createRefreshFamilies } from '#core/refresh/refresh-family.ts';
import type { RefreshTokenName } from '#core/refresh/refresh-token.ts';
import { createPlaces, type Place } from '#src/store/redis/redis-key.ts';
import type { RedisStore } from '#src/store/redis/redis-store.ts';
import { aKey, isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  FIT,
  noAlarms,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import {
  anEvidence,
  aPolicyRow,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { eventually } from '#test/support/eventually.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { listOf } from '#test/support/redis/resp-client.ts';

/** All that is no canary is gone, as after a failover that lost the last writes. */
const FORGET = `
for _, key in ipairs(redis.call('KEYS', 'sts:*')) do
  if not string.find(key, ':dataset:', 1, true) then redis.call('DEL', key) end
end`;

/** What keys there are that have no end, and are no canaries. */
const ENDLESS = `
local endless = {}
for _, key in ipairs(redis.call('KEYS', 'sts:*')) do
  if redis.call('PTTL', key) < 0 and not string.find(key, ':dataset:', 1, true) then
    table.insert(endless, key)
  end
end
return endless`;

/** The canaries, as MSET takes them. */
const CANARIES = `
local all = {}
for _, key in ipairs(redis.call('KEYS', 'sts:*:dataset:*')) do
  table.insert(all, key)
  table.insert(all, redis.call('GET', key))
end
return all`;

const placeOf = createPlaces('sts.example');

async function comeBack(server: RedisServer, store: RedisStore): Promise<void> {
  await server.kill();
  await server.start();
  await eventually('the store is open', async () => (await store.health()).datasetId !== '');
}

async function aServer(t: TestContext, settings = {}): Promise<RedisServer> {
  const server = await startRedis({ ...FIT, appendfsync: 'always', ...settings });
  t.after(() => server.dispose());
  return server;
}

/** A family of refresh tokens in a store, and how one of them is traded for the next. */
async function aFamily(store: Store) {
  const clock = fakeClock(NOW);
  const ledger = createLedger(store, clock, ledgerSettings());
  const families = createRefreshFamilies({
    issuer: OWN_ISSUER,
    store,
    ledger,
    clock,
    codec: {
      write: (name) => JSON.stringify(name),
      parse: (text) => JSON.parse(text) as RefreshTokenName,
    },
    marginSeconds: 60,
  });
  const grant = {
    types: ['refresh_token' as const],
    renewal: { lifetimeSeconds: 3600, maxCount: 9 },
  };
  const evidence = anEvidence({ request: { requestedType: 'refresh_token' } });
  const policy = rules({ rows: [aPolicyRow({ grant })] });
  const spec = decide(evidence, policy, { now: NOW, tokenId: 'family' });
  await ledger.record(spec);
  await families.begin(evidence.subject, spec);
  return {
    clock,
    first: families.firstText(spec),
    advance: async (text: string) => families.advance(await families.find(text, 'gateway')),
  };
}

describe('Redis that forgets', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS)
    it(`${driver}: a master that is new is given the own writes of the last minutes again`, async (t) => {
      const server = await aServer(t);
      const seen = noAlarms();
      const { store } = await openUnderTest(aSetting([server.port], { driver }), seen);
      t.after(() => store.close());
      const [mark, family] = [aKey('once'), aKey('rotation')];
      const [tombstone, entry, grant] = [aKey('revoked'), aKey('ledger'), aKey('grant')];
      await store.putOnce(mark, 'mine', LONG);
      await store.rotate(family, { from: '', to: 'one' }, LONG);
      await store.rotate(family, { from: 'one', to: 'two' }, LONG);
      await store.revoke([tombstone], LONG);
      await store.set(entry, 'entry', LONG);
      await store.set(grant, 'grant', LONG);
      const record = aKey('ledger');
      await store.setUnlessRevoked({ key: record, value: 'record', lifetimeSeconds: LONG }, []);

      await server.command('EVAL', FORGET, '0');
      await comeBack(server, store);

      assert.equal(seen.roleChanges, 1);
      assert.equal(seen.fences.at(-1), false);
      assert.deepEqual(await store.putOnce(mark, 'late', LONG), { stored: false, attempt: 'mine' });
      assert.equal(await store.rotate(family, { from: '', to: 'other' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: 'two', to: 'three' }, LONG), 'rotated');
      assert.equal(await store.isRevoked([tombstone]), true);
      assert.equal(await store.get(entry), 'entry');
      assert.equal(await store.get(grant), 'grant');
      assert.equal(await store.get(record), 'record');
    });

  it('what is written again ends when it would have, and what was over is not', async (t) => {
    const server = await aServer(t);
    const settings = aSetting([server.port], { ringSeconds: LONG });
    const { store } = await openUnderTest(settings);
    t.after(() => store.close());
    const [mark, over, tally, family] = [
      aKey('once'),
      aKey('once'),
      aKey('tally'),
      aKey('rotation'),
    ];
    await store.putOnce(mark, 'mine', LONG);
    await store.putOnce(over, 'mine', LONG / 3);
    await store.increment(tally, 1, LONG);
    await store.rotate(family, { from: '', to: 'one' }, LONG);
    await store.rotate(family, { from: 'one', to: 'two' }, LONG / 2 + 100);

    await server.command('EVAL', FORGET, '0');
    const past = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => past() + (LONG / 2) * 1000);
    await comeBack(server, store);

    assert.equal(await store.isMarked(over), false);
    const lifeOf = async (place: Place) => Number(await server.command('PTTL', place.key)) / 1000;
    for (const life of [
      await lifeOf(placeOf('putOnce', mark)),
      await lifeOf(placeOf('increment', tally)),
      // As long as its longest generation.
      await lifeOf(placeOf('rotate', family)),
    ])
      assert.ok(life > 100 && life <= LONG / 2, String(life));
    assert.deepEqual(await server.command('EVAL', ENDLESS, '0'), []);
  });

  it('what another process did later stands when the own writes come again', async (t) => {
    const server = await aServer(t);
    const settings = aSetting([server.port]);
    const [{ store }, { store: other }] = await Promise.all([
      openUnderTest(settings),
      openUnderTest(settings),
    ]);
    t.after(() => Promise.all([store.close(), other.close()]));
    const [tally, family, value] = [aKey('tally'), aKey('rotation'), aKey('grant')];
    await store.increment(tally, 1, LONG);
    await store.rotate(family, { from: '', to: 'one' }, LONG);
    await store.set(value, 'old', LONG);
    await other.increment(tally, 1, LONG);
    await other.rotate(family, { from: 'one', to: 'two' }, LONG);
    await other.set(value, 'new', LONG);
    await other.close();

    await comeBack(server, store);

    assert.equal(await store.increment(tally, 0, LONG), 2);
    assert.equal(await store.rotate(family, { from: 'two', to: 'three' }, LONG), 'rotated');
    assert.equal(await store.get(value), 'new');
  });

  it('what stood when it was asked for again is written again too: its first answer may have been lost', async (t) => {
    const server = await aServer(t);
    const settings = aSetting([server.port]);
    const [{ store }, { store: other }] = await Promise.all([
      openUnderTest(settings),
      openUnderTest(settings),
    ]);
    t.after(() => Promise.all([store.close(), other.close()]));
    const [mark, family] = [aKey('once'), aKey('rotation')];
    await other.putOnce(mark, 'mine', LONG);
    await other.rotate(family, { from: '', to: 'one' }, LONG);
    await other.rotate(family, { from: 'one', to: 'two' }, LONG);
    await other.close();
    await store.putOnce(mark, 'mine', LONG);
    assert.equal(await store.rotate(family, { from: 'one', to: 'two' }, LONG), 'repeated');

    await server.command('EVAL', FORGET, '0');
    await comeBack(server, store);

    assert.deepEqual(await store.putOnce(mark, 'late', LONG), { stored: false, attempt: 'mine' });
    assert.equal(await store.rotate(family, { from: 'two', to: 'three' }, LONG), 'rotated');
  });

  it('RFC 9700 §4.14.2: a used refresh token stays used, and its family is there to be ended', async (t) => {
    const server = await aServer(t);
    const { store } = await openUnderTest(aSetting([server.port]));
    t.after(() => store.close());
    const { advance, clock, first } = await aFamily(store);
    const second = await advance(first);

    await server.command('EVAL', FORGET, '0');
    await comeBack(server, store);

    const third = await advance(second);
    clock.advance(LONG);
    await assert.rejects(advance(first), refusedAs('token-replayed'));
    await assert.rejects(advance(third), refusedAs('token-revoked'));
  });

  it('the data of another installation is refused by the first operation, and nothing is written to it', async (t) => {
    const server = await aServer(t);
    const seen = noAlarms();
    const { store } = await openUnderTest(aSetting([server.port]), seen);
    t.after(() => store.close());
    await server.command('FLUSHALL');
    const other = await openUnderTest(aSetting([server.port]));
    t.after(() => other.store.close());
    const key = aKey('once');

    await assert.rejects(store.putOnce(key, 'mine', LONG), isUnavailable);

    assert.deepEqual(await other.store.putOnce(key, 'theirs', LONG), { stored: true });
    assert.match(seen.alarms.join(), /^STORE_DATASET: /);
  });

  for (const [name, ask] of Object.entries({
    isMarked: (store: Store) => store.isMarked(aKey('once')),
    isRevoked: (store: Store) => store.isRevoked([aKey('revoked')]),
    get: (store: Store) => store.get(aKey('grant')),
  }))
    it(`an emptied server has no answer to ${name}, and what it knows later has none either`, async (t) => {
      const server = await aServer(t);
      const seen = noAlarms();
      const { store } = await openUnderTest(aSetting([server.port]), seen);
      t.after(() => store.close());
      const canaries = await server.command('EVAL', CANARIES, '0');
      await server.command('FLUSHALL');

      await assert.rejects(ask(store), isUnavailable);

      assert.match(seen.alarms.join(), /^STORE_DATASET: /);
      await server.command('MSET', ...listOf(canaries).map(String));
      await assert.rejects(ask(store), isUnavailable);
      await assert.rejects(store.health(), isUnavailable);
    });

  it('a policy that evicts closes a running store, and evicted keys move its beginning', async (t) => {
    const server = await aServer(t, { save: '""' });
    const seen = noAlarms();
    const opened = await openUnderTest(aSetting([server.port]), seen);
    t.after(() => opened.store.close());
    const began = opened.begunAt() ?? 0;
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru');
    for (let index = 0; index < 200; index += 1)
      await opened.store.putOnce(aKey('once'), 'a', LONG);

    // It looks again when its connections break, and each minute.
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually('the policy is seen', async () =>
      seen.alarms.some((alarm) => alarm.startsWith('STORE_EVICTION_POLICY: ')),
    );
    await assert.rejects(opened.store.putOnce(aKey('once'), 'a', LONG), isUnavailable);
    await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
    await eventually('keys are evicted', async () => {
      await server.command('SET', 'filler', 'x'.repeat(100), 'PX', '60000').catch(() => undefined);
      return /evicted_keys:[1-9]/.test(String(await server.command('INFO', 'stats')));
    });
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');

    await eventually('the eviction is seen', async () =>
      seen.alarms.some((alarm) => alarm.startsWith('STORE_EVICTED: ')),
    );
    assert.ok((opened.begunAt() ?? 0) > began);
  });
});
