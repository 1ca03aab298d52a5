// Whose data the servers hold: parts that do not belong together are no store, whoever joined them. Over a driver that holds
// what it is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Deadline } from '#src/store/redis/deadline.ts';
import type { RedisDriver } from '#src/store/redis/drivers/redis-driver.ts';
import { RedisCommands } from '#src/store/redis/redis-commands.ts';
import { canaryKey } from '#src/store/redis/redis-key.ts';
import { Dataset } from '#src/store/redis/watch/dataset.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const TENANT = 'sts.example.org';
const keyOf = (bucket: number) => canaryKey(TENANT, bucket);

/** What a process that starts now learns of these values. */
function aDataset(
  values: Map<string, string>,
  isReadOnly = false,
  turnsFor: (key: string) => number = () => 0,
): Dataset {
  const driver: RedisDriver = {
    masters: () => ['only'],
    masterFor: () => 'only',
    async send(_, [command, key = '', value = '', condition]) {
      if (command === 'GET') return values.get(key) ?? null;
      if (command !== 'SET') throw new Error(`not asked: ${command}`);
      for (let turn = 0; turn < turnsFor(key); turn += 1) await nextTurn();
      if (condition !== 'NX' || !values.has(key)) values.set(key, value);
      return 'OK';
    },
    sendConfirmed: () => Promise.reject(new Error('not asked')),
    rediscover: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const commands = new RedisCommands({
    driver,
    deadline: new Deadline({ deadlineMilliseconds: 60_000, maxCalls: 100 }),
    minReplicas: 0,
    waitMilliseconds: 0,
    assertOpen: () => undefined,
    onError: () => undefined,
  });
  return new Dataset({ commands, tenant: TENANT, clock: fakeClock(), isReadOnly });
}

/** Servers that hold one dataset in these buckets. */
async function holding(...buckets: readonly number[]): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  assert.deepEqual(await aDataset(values).look(buckets), { isOurs: true, isNew: true });
  return values;
}

test('dataset: whoever comes later learns what is there, and a part that is new is of the same dataset', async () => {
  const values = await holding(0, 1);

  const later = aDataset(values);

  assert.deepEqual(await later.look([0, 1]), { isOurs: true, isNew: false });
  assert.deepEqual(await later.look([2]), { isOurs: true, isNew: true });
  assert.equal(values.get(keyOf(2))?.split(' ')[1], later.id);
});

test('dataset: where a part is new there is something that could have been forgotten', async () => {
  const values = await holding(0, 1);

  assert.deepEqual(await aDataset(values).look([0, 1, 2]), { isOurs: true, isNew: false });
});

test('dataset: processes that begin it at once make one', async () => {
  const values = new Map<string, string>();
  // Each writes in another order.
  const one = aDataset(values, false, (key) => 9 * [2, 1, 0].findIndex((at) => key === keyOf(at)));
  const other = aDataset(
    values,
    false,
    (key) => 9 * [0, 1, 2].findIndex((at) => key === keyOf(at)),
  );

  await Promise.all([one.look([0, 1, 2]), other.look([2, 1, 0])]);

  assert.equal(one.id, other.id);
  for (const bucket of [0, 1, 2])
    for (const dataset of [one, other])
      assert.equal(dataset.canaryOf(bucket), values.get(keyOf(bucket)));
});

test('dataset: no answer is not the answer that it is ours', async () => {
  const values = await holding(0, 1);
  const dataset = aDataset(values);
  await dataset.look([0, 1]);
  values.get = () => {
    throw new Error('away');
  };

  await assert.rejects(dataset.look([0, 1]), /no canary answers/);
});

for (const isReadOnly of [false, true])
  test(`dataset: refuses a part of another one, ${isReadOnly ? 'where it only reads' : 'and makes nothing of it'}`, async () => {
    const [values, other] = [await holding(0, 1, 2), await holding(0, 1, 2)];
    values.set(keyOf(1), other.get(keyOf(1)) ?? '');

    await assert.rejects(
      aDataset(values, isReadOnly).look([0, 1]),
      /parts of the data belong to different datasets/,
    );
    // It may be met only later.
    const started = aDataset(values, isReadOnly);
    assert.deepEqual(await started.look([0]), { isOurs: true, isNew: false });
    await assert.rejects(started.look([1]), /different datasets/);
  });

test('dataset: refuses what is of a form it does not know', async () => {
  const values = await holding(0);
  values.set(keyOf(0), `2 ${values.get(keyOf(0))?.slice(2)}`);

  await assert.rejects(aDataset(values).look([0]), /of a form we do not know/);
});
