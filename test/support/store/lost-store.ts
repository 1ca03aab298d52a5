// A server whose embedded store was lost between two starts.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestServer } from '#test/support/server/server.ts';

/** Stops the server, removes its store and starts it again ten seconds later. */
export async function loseStore(server: TestServer): Promise<TestServer> {
  await server.stop();
  for (const suffix of ['', '-wal', '-shm']) {
    await rm(join(server.directory, `data/viaduct.db${suffix}`), { force: true });
  }
  server.clock.advance(10);
  return server.restart();
}
