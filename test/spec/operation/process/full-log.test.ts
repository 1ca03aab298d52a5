// The standard output takes nothing, because its disk is full or because nobody reads it: nothing can be said, and all else goes on.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { eventually } from '#test/support/eventually.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { childrenOf } from '#test/support/server/served.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const MAIN = fileURLToPath(new URL('../../../../src/main.ts', import.meta.url));

/** A pipe that is full. */
async function aFullPipe(directory: string): Promise<FileHandle> {
  const path = join(directory, 'unread');
  await promisify(execFile)('mkfifo', [path]);
  const pipe = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  const fill = async (): Promise<void> => {
    for (;;) await pipe.write('\n'.repeat(4096));
  };
  await assert.rejects(fill, { code: 'EAGAIN' });
  return pipe;
}

/** A server that says all it has to say into this output. */
async function serveInto(
  t: TestContext,
  openOutput: (directory: string) => Promise<FileHandle>,
  workers: number,
) {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-full-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const document = aConfigDocument();
  const [port, managementPort] = [await reservedPort(), await reservedPort()];
  const management = { address: `127.0.0.1:${managementPort}` };
  document['listeners'] = { public: { address: `127.0.0.1:${port}` }, management };
  document['log'] = { level: 'info' };
  document['workers'] = workers;
  const { jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  const path = await writeConfiguration(directory, document, jwks);
  const output = await openOutput(directory);
  t.after(() => output.close());
  const words = [MAIN, 'serve', '--config', 'viaduct.yaml'];
  const stdio = ['ignore', output.fd, output.fd] as const;
  const child = spawn(process.execPath, words, { cwd: directory, stdio: [...stdio] });
  t.after(() => child.kill('SIGKILL'));
  const get = async (path: string, at = port) =>
    (await fetch(`http://127.0.0.1:${at}${path}`)).status;
  await eventually('it has started', async () => (await get('/startupz', managementPort)) === 200);
  return {
    child,
    directory,
    get,
    setLogLevel: async (level: string) => {
      document['log'] = { level };
      await writeFile(path, stringify(document));
    },
  };
}

/** Its exit code. */
async function endOf(child: ChildProcess): Promise<unknown> {
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as unknown[];
  return code;
}

const OUTPUTS = [
  ['on a full disk', 1, () => open('/dev/full', 'w')],
  ['on a full disk', 2, () => open('/dev/full', 'w')],
  ['a pipe that nobody reads', 1, aFullPipe],
  ['a pipe that nobody reads', 2, aFullPipe],
] as const;

for (const [what, workers, openOutput] of OUTPUTS)
  test(`Log: a server with workers: ${workers} whose output is ${what} starts, answers, reloads and drains`, {
    timeout: 120_000,
  }, async (t) => {
    const { child, directory, get } = await serveInto(t, openOutput, workers);

    child.kill('SIGHUP');
    const answers = [await get('/jwks'), await get('/nothing'), await get('/jwks')];
    const code = await endOf(child);

    assert.deepEqual(answers, [200, 404, 200]);
    assert.equal(code, 0);
    const verified = await viaduct(['audit', 'verify'], directory);
    assert.equal(verified.code, 0, verified.error);
  });

test('Log: a server that replaced its workers while nobody read answers and drains', {
  timeout: 120_000,
}, async (t) => {
  const { child, get, setLogLevel } = await serveInto(t, aFullPipe, 2);
  const before = await childrenOf(child);
  await setLogLevel('warn');

  child.kill('SIGHUP');
  await eventually('all workers are new', async () => {
    const pids = await childrenOf(child);
    return pids.length === 2 && !pids.some((pid) => before.includes(pid));
  });
  child.kill('SIGHUP');
  const answer = await get('/jwks');
  const code = await endOf(child);

  assert.equal(answer, 200);
  assert.equal(code, 0);
});
