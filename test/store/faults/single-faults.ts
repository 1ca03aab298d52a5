// What happens to one Redis server.
import { eventually } from '#test/support/eventually.ts';
import type { SingleArena } from './arenas.ts';
import type { Fault, Stage } from './fault.ts';

const KILLS = 5;
/** What the store needs to notice that a server is back, and to look at it. */
const RECOVERY_MILLISECONDS = 4000;

type SingleFault = Fault<SingleArena>;

/** Breaks the connection in a way, until every process has met it. */
const breaks =
  (fault: 'cut' | 'hang' | 'stall') =>
  async ({ arena: { proxy }, load }: Stage<SingleArena>): Promise<void> => {
    proxy.break(fault);
    await load.trouble();
    proxy.heal();
  };

async function killAgainAndAgain({ arena: { server }, load }: Stage<SingleArena>): Promise<void> {
  for (let time = 0; time < KILLS; time += 1) {
    await server.kill();
    await load.trouble();
    await server.start();
    await load.progress(50);
  }
}

async function freeze({ arena: { server }, load }: Stage<SingleArena>): Promise<void> {
  server.freeze();
  await load.trouble();
  server.resume();
}

async function pauseWrites({ arena: { server }, load }: Stage<SingleArena>): Promise<void> {
  await server.command('CLIENT', 'PAUSE', '2000', 'WRITE');
  await load.trouble();
}

async function slowDown({ arena: { proxy }, load }: Stage<SingleArena>): Promise<void> {
  proxy.shape({ latencyMilliseconds: 100, jitterMilliseconds: 100, sliceBytes: 1 });
  await load.progress(30);
  proxy.shape({ latencyMilliseconds: 2000 });
  await load.trouble();
  proxy.shape({});
}

const numberIn = (text: unknown, name: string): number =>
  Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(String(text))?.[1]);

/** No room for more: what is there stays, what comes is refused. */
async function fillUp({ arena: { server }, load }: Stage<SingleArena>): Promise<void> {
  const used = numberIn(await server.command('INFO', 'memory'), 'used_memory');
  await server.command('CONFIG', 'SET', 'maxmemory', String(used));
  await eventually('it is full', async () => {
    return numberIn(await server.command('INFO', 'stats'), 'total_error_replies') > 0;
  });
  await load.trouble();
  await server.command('CONFIG', 'SET', 'maxmemory', '0');
}

export const SINGLE_FAULTS: readonly SingleFault[] = [
  {
    id: 'single/kill',
    rows: [2],
    title: `kill -9 and start again, ${KILLS} times`,
    inject: killAgainAndAgain,
    mostOutageMilliseconds: RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/freeze',
    rows: [4, 12],
    title: 'SIGSTOP, then SIGCONT: commands that were sent are done late',
    inject: freeze,
    mostOutageMilliseconds: RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/hang',
    rows: [12],
    title: 'the connection swallows bytes both ways',
    inject: breaks('hang'),
    mostOutageMilliseconds: RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/stall',
    rows: [13],
    title: 'the connection holds bytes, which arrive after the deadline',
    inject: breaks('stall'),
    mostOutageMilliseconds: RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/cut',
    rows: [13],
    title: 'connections are reset',
    inject: breaks('cut'),
    mostOutageMilliseconds: RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/slow',
    rows: [11],
    title: '100 to 200 ms in pieces of one byte, then 2 s',
    inject: slowDown,
    mostOutageMilliseconds: 2 * RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/pause',
    rows: [11],
    title: 'CLIENT PAUSE 2000 WRITE',
    inject: pauseWrites,
    mostOutageMilliseconds: 2000 + RECOVERY_MILLISECONDS,
  },
  {
    id: 'single/full',
    rows: [8],
    title: 'maxmemory is reached under noeviction',
    inject: fillUp,
    mostOutageMilliseconds: RECOVERY_MILLISECONDS,
  },
];
