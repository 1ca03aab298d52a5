// A worker that is brought up to date while a reload begins prepares two configurations. Of the second nobody knows yet whether all can take it:
// it must not come into force in the place of the first.
import assert from 'node:assert/strict';
import cluster, { type Worker } from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConfigFiles, loadConfigFiles } from '#src/config/load.ts';
import { type Channel, openChannel } from '#src/workers/channel.ts';
import { WORKER_STDIO } from '#src/workers/worker-output.ts';
import {
  aConfigDocument,
  type ConfigDocument,
  GATEWAY_BASIC,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { MAIN } from '#test/support/server/process.ts';
import { createPartner, type Partner, writeConfiguration } from '#test/support/server/server.ts';

interface Started {
  readonly channel: Channel;
  /** What a worker is told of a configuration. */
  start(change: (document: ConfigDocument) => void): object;
  /** For how long a token is good that is issued now. */
  lifetime(): Promise<unknown>;
}

const forSeconds =
  (lifetimeSeconds: number) =>
  ({ policy }: ConfigDocument): void => {
    for (const row of policy) Object.assign(row['allow'] as object, { lifetimeSeconds });
  };

function end(worker: Worker): Promise<void> {
  const gone = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
  worker.process.kill('SIGKILL');
  return gone;
}

async function lifetimeAt(url: string, partner: Partner): Promise<unknown> {
  const body = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token: await partner.sign(),
    subject_token_type: JWT_TYPE,
    resource: 'https://orders.example/',
  });
  const headers = { authorization: GATEWAY_BASIC };
  const answer = await fetch(`${url}/token`, { method: 'POST', headers, body });
  return ((await answer.json()) as Record<string, unknown>)['expires_in'];
}

/** A worker that this process has started, in the place of the one that starts workers. */
async function startWorker(t: TestContext): Promise<Started> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-worker-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const { jwks, partner } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  const document = { ...aConfigDocument(), workers: 2 };
  const path = await writeConfiguration(directory, document, jwks);
  const { files } = await loadConfigFiles(path);
  const startOf = (texts: ConfigFiles) => ({ slot: 1, path, files: texts });
  cluster.setupPrimary({ exec: MAIN, args: ['serve'], stdio: WORKER_STDIO });
  const worker = cluster.fork();
  t.after(() => end(worker));
  const ready = Promise.withResolvers<void>();
  let url = '';
  const channel = openChannel(
    {
      send: (message) => void worker.send(message),
      onMessage: (listener) => void worker.on('message', listener),
    },
    {
      configuration: async () => startOf(files),
      status: async () => ({ otherHeads: [] }),
      address: async (content) => void (url = String(content)),
      ready: async () => ready.resolve(),
    },
  );
  await ready.promise;
  return {
    channel,
    start(change) {
      const changed = structuredClone(document);
      change(changed);
      return startOf({ ...files, [path]: JSON.stringify(changed) });
    },
    lifetime: () => lifetimeAt(url, partner),
  };
}

test('Row 29: who says that a configuration is to be taken does not have the worker take the one that it prepared since', {
  timeout: 120_000,
}, async (t) => {
  const worker = await startWorker(t);
  const { channel } = worker;
  const first = await channel.ask('prepare', worker.start(forSeconds(100)));
  const next = await channel.ask('prepare', worker.start(forSeconds(200)));

  await assert.rejects(channel.ask('commit', first), /another one was prepared since/);
  const between = await worker.lifetime();
  await channel.ask('commit', next);

  assert.equal(between, 300);
  assert.equal(await worker.lifetime(), 200);
});
