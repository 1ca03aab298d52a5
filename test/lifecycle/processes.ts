// Two servers on one store as processes of their own, for what must happen at the same moment. The time is that of the machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#test/support/eventually.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { createPartner, type Ending, writeConfiguration } from '#test/support/server/server.ts';
import { startServerProcess, stopServerProcess } from '#test/support/server/server-process.ts';
import { now } from '#test/support/server/world.ts';
import { configure, type Servers } from './world.ts';

/** Starts two server processes on one store: the section that each has of it. */
export async function startProcesses(
  t: Ending,
  stores: readonly [object, object],
): Promise<Servers> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-lifecycle-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  const certificates = await configure(document, directory);
  const { partner, jwks } = await createPartner({ now });
  await writeConfiguration(directory, document, jwks);
  const start = async (name: string, store: object): Promise<string> => {
    const server = await startServerProcess(directory, name, { ...document, store });
    t.after(() => stopServerProcess(server));
    const { managementUrl, url } = server;
    await eventually('it is ready', async () => (await fetch(`${managementUrl}/readyz`)).ok);
    return url;
  };
  return {
    urls: [await start('first', stores[0]), await start('second', stores[1])],
    clock: { now },
    partner,
    certificates,
  };
}
