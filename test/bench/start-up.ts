// How long a newcomer waits: from starting the process to the first token.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { GATEWAY_SECRET } from '#test/support/server/document.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import type { BenchSetting } from './bench-setting.ts';

type Environment = Readonly<Record<string, string>>;

export interface StartTimes {
  readonly first: number;
  readonly later: number;
}

function askForToken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const body = 'grant_type=client_credentials';
    const auth = `gateway:${GATEWAY_SECRET}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = request(
      { port, host: '127.0.0.1', path: '/token', method: 'POST', auth, headers },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode === 200));
      },
    );
    sent.on('error', () => resolve(false));
    sent.end(body);
  });
}

/** Seconds from spawning `viaduct serve` to the first token. */
async function timeStart({ configPath, directory }: BenchSetting, environment: Environment) {
  const text = await readFile(configPath, 'utf8');
  const port = await reservedPort();
  const path = join(directory, `start-${port}.yaml`);
  await writeFile(path, text.replace('address: 127.0.0.1:0', `address: 127.0.0.1:${port}`));
  const from = performance.now();
  const main = new URL('../../src/main.ts', import.meta.url).pathname;
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [main, 'serve', '--config', path], {
    stdio: 'ignore',
    env,
  });
  while (!(await askForToken(port))) await new Promise((resolve) => setTimeout(resolve, 5));
  const seconds = (performance.now() - from) / 1000;
  child.kill('SIGTERM');
  await once(child, 'exit');
  return seconds;
}

/** The middle of some starts. */
async function middleOf(starts: number, time: () => Promise<number>): Promise<number> {
  const seconds: number[] = [];
  for (let start = 0; start < starts; start++) seconds.push(await time());
  return seconds.sort((a, b) => a - b)[Math.floor(starts / 2)] ?? Number.NaN;
}

/** Seconds from spawning `viaduct serve` to the first token: of a first start ever, and of those after it, which find compiled code. */
export async function measureStarts(setting: BenchSetting): Promise<StartTimes> {
  const first = await middleOf(3, () => timeStart(setting, { NODE_DISABLE_COMPILE_CACHE: '1' }));
  await timeStart(setting, {});
  return { first, later: await middleOf(5, () => timeStart(setting, {})) };
}
