// What happens to a master that Sentinels watch.
import { eventually } from '#test/support/eventually.ts';
import type { ProxyFault } from '#test/support/redis/tcp-proxy.ts';
import type { SentinelArena } from './arenas.ts';
import type { Fault, Stage } from './fault.ts';

type SentinelStage = Stage<SentinelArena>;

/** What the store needs once there is a master with a replica: to hear of it, to look at it and to write again. */
const RECOVERY_MILLISECONDS = 4000;

async function untilAnotherMaster({ arena: { group } }: SentinelStage, old: object): Promise<void> {
  await eventually('another master', async () => (await group.master()) !== old);
}

/** The servers can serve when the master that the Sentinels name has a replica in step. */
async function untilAble({ able, arena: { group } }: SentinelStage): Promise<void> {
  await eventually('the master has a replica', async () => {
    const { server } = await group.master();
    const text = String(await server.command('INFO', 'replication'));
    return /role:master/.test(text) && /min_slaves_good_slaves:[1-9]/.test(text);
  });
  able();
}

async function kill(stage: SentinelStage): Promise<void> {
  const old = await stage.arena.group.master();
  await old.server.kill();
  await untilAnotherMaster(stage, old);
  await untilAble(stage);
  await stage.load.progress(50);
  await old.server.start();
}

/** The old master comes back and believes for a moment that it is master still. */
async function freeze(stage: SentinelStage): Promise<void> {
  const old = await stage.arena.group.master();
  old.server.freeze();
  await untilAnotherMaster(stage, old);
  await untilAble(stage);
  await stage.load.progress(50);
  old.server.resume();
}

/** We and the old master against the rest. */
const part =
  (fault: ProxyFault) =>
  async (stage: SentinelStage): Promise<void> => {
    const { group, network } = stage.arena;
    const old = await group.master();
    if (!old.place) throw new Error('the group has no network');
    network.part(fault, [old.place], { clients: 'side' });
    await untilAnotherMaster(stage, old);
    await stage.load.trouble();
    network.heal();
    await untilAble(stage);
  };

/** A replica that misses the last writes becomes master: what was acknowledged by the other two is lost. */
async function loseWrites(stage: SentinelStage): Promise<void> {
  const { group, network } = stage.arena;
  const old = await group.master();
  const [kept, stale] = group.members.filter((member) => member !== old);
  if (!kept || !stale?.place) throw new Error('the group has two replicas');
  await stale.server.command('REPLICAOF', '127.0.0.1', '1');
  await stage.load.progress(50);
  await Promise.all([old.server.kill(), kept.server.kill()]);
  await untilAnotherMaster(stage, old);
  network.heal();
  await Promise.all([old.server.start(), kept.server.start()]);
  // Nothing can be confirmed before the Sentinels have made one of them a replica.
  await untilAble(stage);
}

const fault = (
  name: string,
  rows: readonly number[],
  title: string,
  inject: (stage: SentinelStage) => Promise<void>,
): Fault<SentinelArena> => ({
  id: `sentinel/${name}`,
  rows,
  title,
  inject,
  mostOutageMilliseconds: RECOVERY_MILLISECONDS,
});

export const SENTINEL_FAULTS: readonly Fault<SentinelArena>[] = [
  fault('kill', [3], 'kill -9 of the master', kill),
  fault('freeze', [4], 'SIGSTOP of the master until another is elected, then SIGCONT', freeze),
  fault('cut', [5], 'the clients and the master are parted from the rest, visibly', part('cut')),
  fault('hang', [5, 6], 'the same, and nobody is told', part('hang')),
  fault('stale', [7], 'a replica without the last writes becomes master', loseWrites),
];
