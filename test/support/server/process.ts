// The command line as a user runs it: a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  text(): string;
  /** Resolves when the output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  exit(): Promise<number | null>;
}

function collect(child: ChildProcess): { out(): string; error(): string } {
  let out = '';
  let error = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (error += chunk.toString()));
  return { out: () => out, error: () => error };
}

/** Runs a command to its end, with `input` as its standard input. */
export async function viaduct(
  words: readonly string[],
  cwd: string,
  input: string | Buffer = '',
): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, ...words], { cwd });
  // A command that reads nothing may have ended before.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: output.out(), error: output.error() };
}

/** Starts a command that goes on, such as `serve`. `environment` is added to that of this process. */
export function startViaduct(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Running {
  return startScript([MAIN, ...words], cwd, environment);
}

/** The same for a script of another place. */
export function startScript(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Running {
  return startProgram(process.execPath, words, cwd, environment);
}

/** The same for another program. */
export function startProgram(
  program: string,
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Running {
  const env = { ...process.env, ...environment };
  const child = spawn(program, words, { cwd, env });
  const output = collect(child);
  const text = (): string => output.out() + output.error();
  return {
    child,
    text,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text());
          if (match) resolve(match);
        };
        child.stdout?.on('data', look);
        child.stderr?.on('data', look);
        child.once('close', () => reject(new Error(`ended without saying ${pattern}: ${text()}`)));
        look();
      }),
    async exit() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      return child.exitCode;
    },
  };
}
