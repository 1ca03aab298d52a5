// What happens to a node of a cluster.
import { eventually } from '#test/support/redis/eventually.ts';
import type { ClusterArena } from './arenas.ts';
import type { Fault, Stage } from './fault.ts';

type ClusterStage = Stage<ClusterArena>;

/** Slots of other nodes serve; only a fault of all of them would last. */
const OUTAGE_MILLISECONDS = 8000;
const KEY = 'any';

async function untilAnotherMaster(
  { arena: { cluster } }: ClusterStage,
  old: object,
): Promise<void> {
  await eventually('another master', async () => (await cluster.masterOf(KEY)) !== old, 60_000);
}

async function kill(stage: ClusterStage): Promise<void> {
  const old = await stage.arena.cluster.masterOf(KEY);
  await old.kill();
  await untilAnotherMaster(stage, old);
  await stage.load.progress(50);
  await old.start();
}

async function freeze(stage: ClusterStage): Promise<void> {
  const old = await stage.arena.cluster.masterOf(KEY);
  old.freeze();
  await untilAnotherMaster(stage, old);
  await stage.load.progress(50);
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
  fault('kill', [15], 'kill -9 of a master', kill),
  fault(
    'freeze',
    [4, 15],
    'SIGSTOP of a master until its replica is elected, then SIGCONT',
    freeze,
  ),
  fault('failover', [16], 'CLUSTER FAILOVER to every replica in turn', failOver),
];
