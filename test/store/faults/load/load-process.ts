// A process of its own that drives lanes over a store: the judge and the proxies must not share its event loop. Started with
// the specification, the number of lanes and their pause; ends when its input ends.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openStore, type StoreSpec } from '#test/store/faults/store-spec.ts';
import type { Happening, Line } from './happenings.ts';
import { runLane } from './lanes.ts';

const FLUSH_MILLISECONDS = 50;

const [specification = '{}', lanes = '1', pause = '0'] = process.argv.slice(2);
const tell = (line: Line): void => void writeSync(1, `${JSON.stringify(line)}\n`);

let happenings: Happening[] = [];
function flush(): void {
  if (happenings.length > 0) tell({ happenings });
  happenings = [];
}

let isOver = false;
const loopDelay = monitorEventLoopDelay({ resolution: 5 });
const { store } = await openStore(JSON.parse(specification) as StoreSpec, (told) =>
  tell({ told, at: Date.now() }),
);
const flushing = setInterval(flush, FLUSH_MILLISECONDS);
void once(process.stdin, 'end').then(() => {
  isOver = true;
});
process.stdin.resume();
tell({ ready: true });
loopDelay.enable();
const aLane = () => ({
  store,
  tell: (happening: Happening) => void happenings.push(happening),
  pending: new Set<Promise<void>>(),
});
const options = { pauseMilliseconds: Number(pause), isOver: () => isOver };
await Promise.all(Array.from({ length: Number(lanes) }, () => runLane(aLane(), options)));
clearInterval(flushing);
flush();
tell({
  worstLoopDelayMilliseconds: loopDelay.max / 1e6,
  residentMegabytes: process.memoryUsage().rss / 2 ** 20,
});
await store.close();
