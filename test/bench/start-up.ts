// How long a newcomer waits: from starting the process to the first token.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { GATEWAY_SECRET } from '#test/support/document.ts';
import { freePort } from '#test/support/free-port.ts';
import type { BenchSetting } from './bench-setting.ts';

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

/** Seconds from spawning `viaduct serve` to the first token: the middle of three starts. */
export async function measureStart(setting: BenchSetting): Promise<number> {
  const text = await readFile(setting.configPath, 'utf8');
  const times: number[] = [];
  for (let start = 0; start < 3; start++) {
    const port = await freePort();
    const path = join(setting.directory, `start-${start}.yaml`);
    await writeFile(path, text.replace('address: 127.0.0.1:0', `address: 127.0.0.1:${port}`));
    const from = performance.now();
    const main = new URL('../../src/main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, 'serve', '--config', path], { stdio: 'ignore' });
    while (!(await askForToken(port))) await new Promise((resolve) => setTimeout(resolve, 5));
    times.push((performance.now() - from) / 1000);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return times.sort((a, b) => a - b)[1] ?? 0;
}
