// Programs of other stacks, run against a server of ours: each prints one line for each case (docs/interop.md).
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TlsServer } from '#test/support/server/tls-server.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

interface Finished {
  readonly code: ExecFileException['code'];
  readonly out: string;
  readonly error: string;
}

// Not to be awaited in one piece: the server under test is in this process.
function run(program: string, words: readonly string[]): Promise<Finished> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return new Promise((resolve) => {
    execFile(path, words, { timeout: 600_000 }, (failure, out, error) =>
      resolve({ code: failure === null ? 0 : failure.code, out, error }),
    );
  });
}

/** Whether a client was built; marks the test as skipped when not, unless CI demands it. Nothing is fetched here. */
export async function isBuilt(t: TestContext, build: string): Promise<boolean> {
  const { code, error } = await run(build, ['--offline']);
  if (code === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`CI needs this client: ${error.trim()}`);
  t.skip(error.trim());
  return false;
}

/** A folder for the files of a client, gone when the test ends. `write` gives the path of what it wrote. */
export async function aFolder(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'foreign-client-'));
  t.after(() => rm(folder, { recursive: true }));
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  return { folder, write };
}

/** Runs a client as the user `bob` and gives the end of each case, by its name. What it wanted itself is left out.
 * `words` stand before the options. */
export async function endsOf(
  program: string,
  server: TlsServer,
  options: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Promise<ReadonlyMap<string, string>> {
  const { files, origin } = server;
  const all = {
    url: `${origin}/ws-trust`,
    'tls-cert': files.tlsCertificate,
    'saml-cert': files.samlCertificate,
    user: 'bob',
    'password-file': files.password,
    'applies-to': BILLING,
    ...options,
  };
  const { error, out } = await run(program, [
    ...words,
    ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
  ]);
  const lines = [...out.matchAll(/^case (\S+) (.*?)(?: UNEXPECTED, wanted .*)?$/gm)];
  if (lines.length === 0) throw new Error(`${program} printed no case: ${error}`);
  return new Map(lines.map(([, name = '', end = '']) => [name, end]));
}
