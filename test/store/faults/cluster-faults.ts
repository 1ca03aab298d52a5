// What happens to a node of a cluster. The first master has two replicas: when it is lost its shard can go on, with the one that
// is left to confirm its writes. The second has one: its shard is closed until the node is back.
import { slotOf } from '#src/store/redis/drivers/hash-slot.ts';
import { canaryKey, EVERY_BUCKET } from '#src/store/redis/redis-key.ts';
import { eventually } from '#test/support/eventually.ts';
import type { RedisServer } from '#test/support/redis/redis-server.ts';
import { listOf } from '#test/support/redis/resp-client.ts';
import type { ClusterArena } from './arenas.ts';
import type { Fault, Stage } from './fault.ts';

type ClusterStage = Stage<ClusterArena>;

/** Slots of other nodes are served all the time, so no time passes without any success: on a machine that is busy, a little. */
const OUTAGE_MILLISECONDS = 3000;

const FIRST_SHARD: readonly [from: number, beyond: number] = [0, 5461];
function nodeAt({ arena: { cluster } }: ClusterStage, index: number): RedisServer {
  const node = cluster.nodes[index];
  if (!node) throw new Error('there is no such node');
  return node;
}

/** Returns when one of these nodes is a master. */
async function untilPromoted(replicas: readonly RedisServer[]): Promise<void> {
  await eventually('a replica is master', async () => {
    const roles = await Promise.all(replicas.map((node) => node.command('ROLE')));
    return roles.some((role) => Array.isArray(role) && role[0] === 'master');
  });
}

/** Returns when a mark of this shard was accepted since. */
async function untilServed(
  { arena, load }: ClusterStage,
  [from, beyond]: readonly [from: number, beyond: number],
): Promise<void> {
  const before = load.happenings.length;
  await eventually('the shard serves again', async () =>
    load.happenings.slice(before).some(({ id, kind, result }) => {
      const slot = kind === 'once' && result === 'ok' ? arena.slotFor(id) : -1;
      return from <= slot && slot < beyond;
    }),
  );
}

/** The shard serves again while the node is still away. */
async function kill(stage: ClusterStage): Promise<void> {
  const old = nodeAt(stage, 0);
  await old.kill();
  await untilPromoted([nodeAt(stage, 3), nodeAt(stage, 6)]);
  await untilServed(stage, FIRST_SHARD);
  await old.start();
}

/** Its only replica takes over, and has nobody to confirm a write: that shard is closed, and the others serve. */
async function killOfTwo(stage: ClusterStage): Promise<void> {
  const old = nodeAt(stage, 1);
  await old.kill();
  await untilPromoted([nodeAt(stage, 4)]);
  await stage.load.progress(300);
  await old.start();
}

async function freeze(stage: ClusterStage): Promise<void> {
  const old = nodeAt(stage, 0);
  old.freeze();
  await untilPromoted([nodeAt(stage, 3), nodeAt(stage, 6)]);
  await untilServed(stage, FIRST_SHARD);
  old.resume();
}

/** The replicas take over one after another, as in a rolling upgrade. */
async function failOver(stage: ClusterStage): Promise<void> {
  const { cluster } = stage.arena;
  const masters = new Set(await cluster.masters());
  for (const node of cluster.nodes.filter((each) => !masters.has(each))) {
    await node.command('CLUSTER', 'FAILOVER');
    await eventually('it is master', async () => (await cluster.masters()).includes(node));
    await stage.load.progress(30);
  }
}

/** Half of a master's slots go to another, one after another, as `redis-cli --cluster reshard` moves them. */
async function reshard(stage: ClusterStage): Promise<void> {
  const { cluster } = stage.arena;
  const [from, to] = [nodeAt(stage, 0), nodeAt(stage, 1)];
  const [fromId, toId] = [await nodeId(from), await nodeId(to)];
  const masters = await cluster.masters();
  const used = await slotsWithKeys(from);
  for (const slot of used.slice(0, Math.ceil(used.length / 2))) {
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    await moveKeys(from, to, slot);
    for (const node of [to, from, ...masters])
      await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    await stage.load.progress(20);
  }
}

const nodeId = async (node: RedisServer): Promise<string> =>
  String(await node.command('CLUSTER', 'MYID'));

async function moveKeys(from: RedisServer, to: RedisServer, slot: string): Promise<void> {
  for (;;) {
    const names = listOf(await from.command('CLUSTER', 'GETKEYSINSLOT', slot, '20'));
    if (names.length === 0) return;
    const move = ['MIGRATE', '127.0.0.1', String(to.port), '', '0', '2000', 'KEYS'];
    await from.command(...move, ...names.map(String));
  }
}

/** The slots of a node that our buckets are in: the others are empty. */
async function slotsWithKeys(node: RedisServer): Promise<readonly string[]> {
  const slots = EVERY_BUCKET.map((bucket) => slotOf(canaryKey('any', bucket)));
  const counts = await Promise.all(
    slots.map(async (slot) =>
      Number(await node.command('CLUSTER', 'COUNTKEYSINSLOT', String(slot))),
    ),
  );
  return slots.filter((_, index) => (counts[index] ?? 0) > 0).map(String);
}

/** The part of all calls that may be refused while slots move. */
const MOST_REFUSED = 0.01;

const fault = (
  name: string,
  rows: readonly number[],
  title: string,
  inject: (stage: ClusterStage) => Promise<void>,
): Fault<ClusterArena> => ({
  id: `cluster/${name}`,
  rows,
  title,
  inject,
  mostOutageMilliseconds: OUTAGE_MILLISECONDS,
});

export const CLUSTER_FAULTS: readonly Fault<ClusterArena>[] = [
  fault('kill', [15], 'kill -9 of a master with two replicas', kill),
  fault('orphan', [15], 'kill -9 of a master with one replica', killOfTwo),
  fault(
    'freeze',
    [4, 15],
    'SIGSTOP of a master until its replica is elected, then SIGCONT',
    freeze,
  ),
  {
    ...fault(
      'reshard',
      [16],
      'half the slots of a master move to another, one after another',
      reshard,
    ),
    mostRefused: MOST_REFUSED,
  },
  fault('failover', [16], 'CLUSTER FAILOVER to every replica in turn', failOver),
];
