// Two servers on one store in this process: their clock is the test's.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { createApp } from '#src/app.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { eventually } from '#test/support/eventually.ts';
import type { FakeClock } from '#test/support/fake-clock.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { type Ending, startServer } from '#test/support/server/server.ts';
import { configure, type Servers } from './world.ts';

/** Two servers whose time is the test's. */
export interface TimedServers extends Servers {
  readonly clock: FakeClock;
  /** Before each sequence. */
  begin(): void;
}

async function startSecond(t: Ending, directory: string, clock: FakeClock) {
  const text = await readFile(join(directory, 'viaduct.yaml'), 'utf8');
  const document = parse(text) as ConfigDocument;
  document['audit'] = { ...(document['audit'] as object), file: 'data/audit-2.jsonl' };
  const path = join(directory, 'viaduct-2.yaml');
  await writeFile(path, stringify(document));
  const app = await createApp((await loadConfigFiles(path)).config, { clock });
  t.after(() => app.stop());
  const { managementUrl, publicUrl: url } = await app.listen();
  return { managementUrl, url };
}

const setToNow = (clock: FakeClock): void => clock.set(Math.floor(Date.now() / 1000));

/** Starts two servers on the store that the section names. `time`: whether it stands still, or is that of the machine whenever
 * `begin` is called. */
export async function startServers(
  t: Ending,
  store: object,
  time: 'still' | 'now',
): Promise<TimedServers> {
  let certificates: Servers['certificates'] | undefined;
  const first = await startServer(t, async (document, directory, clock) => {
    if (time === 'now') setToNow(clock);
    certificates = await configure(document, directory);
    document['store'] = store;
  });
  if (!certificates) throw new Error('not configured');
  const { clock, directory, partner } = first;
  const both = [first, await startSecond(t, directory, clock)] as const;
  for (const { managementUrl } of both)
    await eventually('it is ready', async () => (await fetch(`${managementUrl}/readyz`)).ok);
  return {
    urls: [both[0].url, both[1].url],
    clock,
    partner,
    certificates,
    begin() {
      if (time === 'now') setToNow(clock);
    },
  };
}
