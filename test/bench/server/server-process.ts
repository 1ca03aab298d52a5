// A server in a process of its own, so that its CPU time is its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { StartOptions } from './start-options.ts';
import type { Usage } from './usage.ts';

export interface ServerProcess {
  readonly url: string;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
  /** Lets it end by itself, as on a signal: then it writes its compile cache. */
  leave(): Promise<void>;
}

async function receive<T>(child: ChildProcess, member: string): Promise<T> {
  const [message] = (await once(child, 'message')) as [Record<string, T>];
  const value = message[member];
  if (value === undefined) throw new Error(`the child did not say ${member}`);
  return value;
}

/** Starts `module` beside this file and hands it `setting`. */
export async function startProcess(
  module: string,
  setting: object | string,
  options: StartOptions = { execArgv: [], env: {} },
): Promise<ServerProcess> {
  const child = fork(new URL(module, import.meta.url), {
    execArgv: [...options.execArgv],
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(setting);
  const url = await receive<string>(child, 'url');
  return {
    url,
    async usage() {
      child.send('usage');
      return receive<Usage>(child, 'usage');
    },
    async leave() {
      child.disconnect();
      await once(child, 'exit');
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
