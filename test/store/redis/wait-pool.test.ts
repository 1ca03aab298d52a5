// Connections for writes that wait: how many, for whom, and until when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MasterPools, WaitPool } from '#src/store/redis/drivers/redis-driver.ts';

const CALL = { isOver: false };

/** A pool of numbered connections, and how many were opened. */
function aPool(most: number) {
  const opened: number[] = [];
  const pool = new WaitPool(most, async () => opened.push(opened.length));
  return { opened, pool };
}

test('wait pool: a further connection is opened while all are busy, up to the most', async () => {
  const { opened, pool } = aPool(2);
  const held = Promise.withResolvers<void>();
  const members: number[] = [];
  const uses = [1, 2, 3, 4].map(() =>
    pool.use(CALL, async (member) => {
      members.push(member);
      await held.promise;
    }),
  );

  held.resolve();
  await Promise.all(uses);
  await pool.use(CALL, async () => undefined);

  assert.equal(opened.length, 2);
  assert.deepEqual(
    members.toSorted((one, other) => one - other),
    [1, 1, 2, 2],
  );
});

test('wait pool: what is over before there is a connection is not sent', async () => {
  const { pool } = aPool(1);
  const call = { isOver: false };
  let isSent = false;

  const use = pool.use(call, async () => {
    isSent = true;
  });
  call.isOver = true;

  await assert.rejects(use, /too late/);
  assert.equal(isSent, false);
});

test('wait pool: a connection that could not be opened makes room for another', async () => {
  let tries = 0;
  const pool = new WaitPool(1, async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return tries;
  });
  await assert.rejects(
    pool.use(CALL, async (member) => member),
    /away/,
  );

  assert.equal(await pool.use(CALL, async (member) => member), 2);
});

test('wait pools: those to a master that is none any more are closed and ended', async () => {
  const ended: string[] = [];
  const pools = new MasterPools(
    () => aPool(2).pool,
    (master) => ended.push(master),
  );
  const [kept, gone] = [pools.for('kept'), pools.for('gone')];

  pools.keep(['kept']);

  assert.deepEqual(ended, ['gone']);
  assert.equal(pools.for('kept'), kept);
  assert.notEqual(pools.for('gone'), gone);
});
