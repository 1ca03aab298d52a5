// The processes of the container, without a container: the one start of its build, and the server as process 1.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { initialised } from '#test/support/server/first-configuration.ts';
import { MAIN, type Running, startProgram } from '#test/support/server/process.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How the build starts the server once. */
async function firstStart(): Promise<string> {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const [, command = ''] = /&& (timeout .*) > \/dev\/null'/.exec(dockerfile) ?? [];
  return command;
}

test('Dockerfile: its one start ends with 0 when its time is over, and has compiled what a start needs', async (t) => {
  const directory = await initialised(t);
  const command = (await firstStart()).replace('/tmp/first', directory);
  const cache = join(directory, 'compile-cache');
  const server = startProgram('sh', ['-c', `exec ${command}`], ROOT, {
    NODE_COMPILE_CACHE: cache,
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  });
  t.after(() => server.child.kill('SIGKILL'));
  await server.says(/^serving /m);

  // As if the time were over: it hands on what it is sent as it sends what it was told to.
  server.child.kill('SIGTERM');

  assert.equal(await server.exit(), 0, server.text());
  const [ofThisNode = ''] = await readdir(cache);
  assert.ok((await readdir(join(cache, ofThisNode))).length > 100);
});

const UNSHARE = 'unshare';
const AS_PROCESS_1 = [
  // Who is not root may do this only as root of a namespace of users.
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--kill-child',
];

/** Why no process can be the first one of its own here, for the `skip` option of a test; false when one can. */
function namespacesMissing(): string | false {
  const { status } = spawnSync(UNSHARE, [...AS_PROCESS_1, 'true']);
  if (status === 0) return false;
  if (process.env['CI'] === 'true') throw new Error('CI needs unshare, and namespaces');
  return 'no process can have a namespace of its own';
}

async function childOf(pid: number | undefined): Promise<number> {
  return Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

/** A store that takes connections and never says a word: a start waits for it. */
async function silentStore(t: TestContext): Promise<{ server: Server; address: string }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { server, address: `127.0.0.1:${address.port}` };
}

const startAsProcess1 = (directory: string): Running =>
  startProgram(UNSHARE, [...AS_PROCESS_1, process.execPath, MAIN, 'serve'], directory);

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)
  test(`serve: as process 1 it is ended by ${signal} also before it serves`, {
    skip: namespacesMissing(),
  }, async (t) => {
    const store = await silentStore(t);
    const directory = await initialised(t, ['--redis', store.address]);
    const unshare = startAsProcess1(directory);
    t.after(() => unshare.child.kill('SIGKILL'));
    await once(store.server, 'connection');

    process.kill(await childOf(unshare.child.pid), signal);

    const end = await unshare.says(/^serving /m).then(
      () => 'serves',
      () => unshare.exit(),
    );
    assert.equal(end, code);
  });

test('serve: as process 1 it drains on SIGTERM once it serves', {
  skip: namespacesMissing(),
}, async (t) => {
  const unshare = startAsProcess1(await initialised(t));
  t.after(() => unshare.child.kill('SIGKILL'));
  await unshare.says(/^serving /m);

  process.kill(await childOf(unshare.child.pid), 'SIGTERM');

  assert.equal(await unshare.exit(), 0);
  assert.match(unshare.text(), /^draining$/m);
});
