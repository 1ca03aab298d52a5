// A connection that is on its way to a worker when that one dies: row 26 of the failure table, with real processes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { serve, workerPids } from '#test/support/server/served.ts';

/** Long after anything that is answered at all was answered. */
const FORSAKEN_MILLISECONDS = 20_000;

type Outcome = 'answered' | 'broken' | 'forsaken';

/** Asks for the keys over a connection of its own. */
function askAnew(url: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = get(`${url}/jwks`, { agent: new Agent(), timeout: FORSAKEN_MILLISECONDS });
    request.on('response', (response) => {
      response.resume().on('end', () => resolve('answered'));
      response.on('error', () => resolve('broken'));
    });
    request.on('error', () => resolve('broken'));
    request.on('timeout', () => {
      resolve('forsaken');
      request.destroy();
    });
  });
}

test('Row 26: a connection on its way to a worker that dies is closed at once: its client can try again', async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
  });
  const outcomes: Outcome[] = [];
  const count = (outcome: Outcome): number => outcomes.filter((each) => each === outcome).length;
  let isDone = false;
  const lane = async (): Promise<void> => {
    while (!isDone) outcomes.push(await askAnew(served.url));
  };

  const lanes = Array.from({ length: 8 }, lane);
  for (const answers of [50, 100]) {
    await eventually('both serve', async () => /^sts_workers 2$/m.test(await served.metrics()));
    await eventually('load', async () => count('answered') >= answers);
    const [victim = 0] = await workerPids(served);
    process.kill(victim, 'SIGKILL');
    await eventually('it is gone', async () => !(await workerPids(served)).includes(victim));
  }
  isDone = true;
  await Promise.all(lanes);
  served.server.child.kill('SIGTERM');
  await once(served.server.child, 'close');

  assert.equal(count('forsaken'), 0);
  // What the dying ones had in hand: the other one had no error.
  assert.ok(count('broken') <= 2 * lanes.length, `${count('broken')} broken`);
});
