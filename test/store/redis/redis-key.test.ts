// Hash tags: what belongs together shares a slot of a cluster, so that one server has all of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { StoreKey } from '#core/ports.ts';
import { createRefreshFamilies } from '#core/refresh/refresh-family.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { slotOf } from '#src/store/redis/drivers/hash-slot.ts';
import { createPlaces } from '#src/store/redis/redis-key.ts';
import type { StoreVerb } from '#src/store/store-verb.ts';
import {
  anEvidence,
  aPolicyRow,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';

const placeOf = createPlaces('sts.example');

interface Used {
  readonly stateClass: StoreKey['class'];
  readonly slot: number;
}

/** What a family of refresh tokens used of its store, from its first token to its second. */
async function usedByFamily(family: string): Promise<readonly Used[]> {
  const clock = fakeClock(NOW);
  const used: Used[] = [];
  const store = new MemoryStore(clock);
  const told = new Proxy(store, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function') return verb;
      return (...words: readonly unknown[]): unknown => {
        const key = words[0] as StoreKey;
        used.push({ stateClass: key.class, slot: slotOf(placeOf(name as StoreVerb, key).key) });
        return Reflect.apply(verb, target, words);
      };
    },
  });
  const ledger = createLedger(store, clock, ledgerSettings());
  const families = createRefreshFamilies({
    issuer: OWN_ISSUER,
    store: told,
    ledger,
    clock,
    codec: {
      write: (name) => JSON.stringify(name),
      parse: (text) => JSON.parse(text) as { family: string; number: number },
    },
    marginSeconds: 60,
  });
  const grant = {
    types: ['refresh_token' as const],
    renewal: { lifetimeSeconds: 3600, maxCount: 3 },
  };
  const evidence = anEvidence({ request: { requestedType: 'refresh_token' } });
  const policy = rules({ rows: [aPolicyRow({ grant })] });
  const spec = decide(evidence, policy, { now: NOW, tokenId: family });
  await ledger.record(spec);
  await families.begin(evidence.subject, spec);
  await families.advance(await families.find(families.firstText(spec), 'gateway'));
  return used;
}

describe('Redis keys', () => {
  it('Cluster: all of a family of refresh tokens lies in one slot: its grant, its step, and the marks of what was used', async () => {
    const families = await Promise.all(['one', 'two', 'three', 'four'].map(usedByFamily));

    for (const used of families) {
      const classes = new Set(used.map(({ stateClass }) => stateClass));
      assert.deepEqual(classes, new Set(['rotation', 'grant', 'once']));
      assert.equal(new Set(used.map(({ slot }) => slot)).size, 1);
    }
    assert.ok(new Set(families.flatMap((used) => used.map(({ slot }) => slot))).size > 1);
  });

  it('what has no tag is spread over all buckets', () => {
    const buckets = Array.from({ length: 4000 }, (_, index) => {
      return placeOf('putOnce', { class: 'once', parts: ['issuer', String(index)] }).bucket;
    });

    assert.equal(new Set(buckets).size, 256);
  });
});

describe('Redis keys, as the servers see them', { skip: redisMissing() }, () => {
  let server: RedisServer;
  before(async () => {
    // The one that it would take by itself may be that of somebody's connection.
    const busPort = await reservedPort();
    server = await startRedis({ 'cluster-enabled': 'yes', 'cluster-port': String(busPort) });
  });
  after(() => server.dispose());

  it('the slot of a key, and that of the canary beside it, are what Redis says', async () => {
    for (const id of ['a', 'b', 'c']) {
      const { canary, key } = placeOf('get', { class: 'grant', parts: ['issuer', id] });

      for (const name of [key, canary])
        assert.equal(await server.command('CLUSTER', 'KEYSLOT', name), slotOf(key), name);
    }
  });
});
