// Two servers on one store as processes of their own, for what must happen at the same moment. The time is that of the machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aConfigDocument } from '#test/support/server/document.ts';
import { createPartner, type Ending, writeConfiguration } from '#test/support/server/server.ts';
import { startServerProcess, stopServerProcess } from '#test/support/server/server-process.ts';
import { now } from '#test/support/server/world.ts';
import { configure, type Servers } from './world.ts';

/** Starts two server processes on a database file. */
export async function startProcesses(t: Ending): Promise<Servers> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-lifecycle-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  const certificates = await configure(document, directory);
  const { partner, jwks } = await createPartner({ now });
  await writeConfiguration(directory, document, jwks);
  const start = async (name: string): Promise<string> => {
    const server = await startServerProcess(directory, name, document);
    t.after(() => stopServerProcess(server));
    return server.url;
  };
  return {
    urls: [await start('first'), await start('second')],
    clock: { now },
    partner,
    certificates,
  };
}
