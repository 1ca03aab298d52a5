// What an exchange costs at the store: two round trips, whatever it is made from.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exchange } from '#core/exchange.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { Store } from '#core/ports.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import { createTokenService } from '#core/token-service.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import {
  anActorToken,
  anExchangeRequest,
  anOwnToken,
  aPolicyRow,
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
import { eventually } from '#test/support/eventually.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { countTrips } from '#test/support/store/counting-store.ts';
import { aSetting, FIT, openUnderTest } from './redis/redis-under-test.ts';
import { aStoreDirectory } from './store-directory.ts';

/** The most that an exchange may cost. */
const CEILING = 2;

const STORES: Readonly<
  Record<string, () => Promise<{ store: Store; close: () => Promise<void> }>>
> = {
  async memory() {
    const store = new MemoryStore(fakeClock(NOW));
    return { store, close: () => store.close() };
  },
  async sqlite() {
    const directory = aStoreDirectory();
    return {
      store: directory.open({ clock: fakeClock(NOW) }).store,
      close: () => directory.dispose(),
    };
  },
  async redis() {
    const server = await startRedis(FIT);
    const { store } = await openUnderTest(aSetting([server.port]));
    await eventually('the store is open', async () => (await store.health()).datasetId !== '');
    return {
      store,
      async close() {
        await store.close();
        await server.dispose();
      },
    };
  },
};

/** The use cases over a counted store; `present` says what the next evidence is. */
function setUp(store: Store) {
  const counting = countTrips(store);
  const clock = fakeClock(NOW);
  const ledger = createLedger(counting.store, clock, ledgerSettings());
  const evidence: { subject: ValidatedToken; actor: ValidatedToken } = {
    subject: aValidatedToken(),
    actor: anActorToken(),
  };
  let ids = 0;
  const sts = createTokenService({
    ...LENIENT,
    validators: [
      {
        canHandle: () => true,
        validate: async ({ use }) => (use === 'actor' ? evidence.actor : evidence.subject),
      },
    ],
    issuers: [{ canIssue: () => true, issue: async (spec) => ({ spec, text: 'a token' }) }],
    rules: rules({ rows: [aPolicyRow({ grant: { singleUse: true } })] }),
    // The actor was made up: its record is not what is counted.
    ledger: asIfRecorded(ledger),
    store: counting.store,
    audit: fakeAuditLog(),
    clock,
    newId: () => `id-${(ids += 1)}`,
    marginSeconds: 60,
  });
  async function tripsOf(work: () => Promise<unknown>): Promise<number> {
    const before = counting.trips();
    await work();
    return counting.trips() - before;
  }
  const run = (withActor: boolean) =>
    exchange(anExchangeRequest(withActor ? { actor: aSecurityToken({ use: 'actor' }) } : {}), sts);
  return { evidence, ledger, tripsOf, run };
}

for (const [name, open] of Object.entries(STORES))
  describe(`Round trips: ${name}`, { skip: name === 'redis' && redisMissing() }, () => {
    test('the wrapper counts: one for what is asked at once, one more for what waits for an answer', async (t) => {
      const { store, close } = await open();
      t.after(close);
      const counting = countTrips(store);
      const key = { class: 'grant', parts: ['a'] } as const;

      await Promise.all([counting.store.get(key), counting.store.get(key)]);
      assert.equal(counting.trips(), 1);
      await counting.store.get(key);
      await counting.store.get(key);

      assert.equal(counting.trips(), 3);
    });

    test('an exchange of one-time evidence of others takes two', async (t) => {
      const { store, close } = await open();
      t.after(close);
      const { run, tripsOf } = setUp(store);

      assert.equal(await tripsOf(() => run(false)), CEILING);
    });

    test('an exchange of an assertion that is good once by itself takes two, and one to refuse it when it comes again', async (t) => {
      const { store, close } = await open();
      t.after(close);
      const { evidence, run, tripsOf } = setUp(store);
      evidence.subject = aValidatedToken({ use: 'assertion', onceUntil: NOW + 600 });

      assert.equal(await tripsOf(() => run(false)), CEILING);
      const again = () => assert.rejects(run(false), refusedAs('token-replayed'));
      assert.equal(await tripsOf(again), 1);
    });

    test('an exchange of our own tokens with a line of ancestors on both sides takes two', async (t) => {
      const { store, close } = await open();
      t.after(close);
      const { evidence, run, tripsOf } = setUp(store);
      for (let step = 0; step < 8; step += 1) {
        const trips = await tripsOf(async () => {
          const { spec } = await run(step % 2 === 1);
          evidence.subject = anOwnToken({ id: spec.tokenId });
        });

        assert.equal(trips, CEILING, `step ${step}`);
      }
    });

    test('to tell that an ancestor is revoked takes no more than two either', async (t) => {
      const { store, close } = await open();
      t.after(close);
      const { evidence, ledger, run, tripsOf } = setUp(store);
      const { spec } = await run(false);
      await ledger.revoke({ issuer: evidence.subject.issuer, id: 'subject-token-1' }, NOW + 3600);
      evidence.subject = anOwnToken({ id: spec.tokenId });

      assert.equal(
        await tripsOf(() => assert.rejects(run(false), refusedAs('token-revoked'))),
        CEILING,
      );
      assert.equal(
        await tripsOf(() => ledger.standing({ issuer: OWN_ISSUER, id: spec.tokenId })),
        CEILING,
      );
    });
  });
