// A redis-server of our own: a child on loopback with a directory and a port of its own. Its state stays in the directory,
// so that it can be killed and started again. All children end with this process.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { eventually } from '../eventually.ts';
import { type Reply, sendCommand } from './resp-client.ts';

// Valkey is started in its place by `npm run test:valkey`.
const COMMAND = process.env['REDIS_SERVER'] ?? 'redis-server';
const FAKETIME = 'faketime';

/** Lines of redis.conf. A list means the line stands that often. */
export type RedisSettings = Readonly<Record<string, string | readonly string[]>>;

export interface RedisServer {
  /** Where it listens on 127.0.0.1; the same after a restart. */
  readonly port: number;
  readonly directory: string;
  /** Starts it, again if it ran before, and returns when it answers. */
  start(): Promise<void>;
  /** SIGTERM: saves what its settings say, then ends. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay, nothing answers. */
  freeze(): void;
  /** SIGCONT. */
  resume(): void;
  /** One command over a connection of its own.
   * @throws {Error} an error reply */
  command(...words: readonly string[]): Promise<Reply>;
  /** Sets its clock by so much ahead of that of the machine. */
  setClockAhead(seconds: number): void;
  /** What it wrote to its log so far. */
  log(): string;
  /** Kills it and removes its directory. */
  dispose(): Promise<void>;
}

const children = new Set<ChildProcess>();
let isGuarded = false;

/** Why tests with Redis cannot run here, for the `skip` option of a test; false when they can.
 * @throws {Error} instead with CI=true: CI skips nothing */
export function redisMissing(): string | false {
  if (spawnSync(COMMAND, ['--version']).error === undefined) return false;
  if (process.env['CI'] === 'true') throw new Error(`CI needs ${COMMAND}`);
  return `${COMMAND} is not installed`;
}

/** A test that dies leaves no server behind. */
function endWithThisProcess(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
}

/** Why clocks of servers cannot be moved here, for the `skip` option of a test; false when they can.
 * @throws {Error} instead with CI=true: CI skips nothing */
export function faketimeMissing(): string | false {
  if (fakeTimeLibrary() !== undefined) return false;
  if (process.env['CI'] === 'true') throw new Error('CI needs faketime');
  return 'faketime is not installed';
}

/** The program names what it makes by its process id, and fails where another left something of that name. */
const FAKETIME_TRIES = 10;

function fakeTimeLibrary(): string | undefined {
  for (let tries = 0; tries < FAKETIME_TRIES; tries += 1) {
    const said = spawnSync(FAKETIME, ['-f', '+0s', 'printenv', 'LD_PRELOAD']);
    if (said.error !== undefined) return undefined;
    if (said.status === 0) return String(said.stdout).trim();
  }
  throw new Error(`${FAKETIME} does not say where its library is`);
}

const clockFileIn = (directory: string): string => join(directory, 'clock');

/** The environment in which the clock is what the file says. The program `faketime` itself would stand between us and its child. */
function movedClock(directory: string): NodeJS.ProcessEnv {
  const library = fakeTimeLibrary();
  // Without it the server would start by the clock of the machine, and tests would wait in vain.
  if (library === undefined) throw new Error(`${FAKETIME} is not installed`);
  return {
    ...process.env,
    // The allocator of the server would ask for the time while the library that answers is being loaded, and wait for ever:
    // the one of libc comes first.
    LD_PRELOAD: `libc_malloc_debug.so.0:${library}`,
    FAKETIME_TIMESTAMP_FILE: clockFileIn(directory),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

function spawnChild(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  endWithThisProcess();
  const child = spawn(COMMAND, words, { stdio: 'ignore', env });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function settingLines(settings: RedisSettings): string {
  const lines = Object.entries(settings).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((text) => `${name} ${text}`),
  );
  return `${lines.join('\n')}\n`;
}

const isRunning = (child: ChildProcess | undefined): child is ChildProcess =>
  child !== undefined && child.exitCode === null && child.signalCode === null;

async function end(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  // A frozen process takes no SIGTERM before it goes on.
  child.kill('SIGCONT');
  await ended;
}

export interface RedisServerOptions {
  readonly port?: number;
  readonly settings?: RedisSettings;
  /** Words behind the configuration file, such as `--sentinel`. */
  readonly words?: readonly string[];
  /** How far its clock is ahead of that of the machine. Absent: it is that of the machine, and cannot be moved. */
  readonly clockAheadSeconds?: number;
}

/** Also where an access list keeps those out who do not log in. */
async function isAnswering(server: Pick<RedisServer, 'command'>): Promise<boolean> {
  try {
    return (await server.command('PING')) === 'PONG';
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('NOAUTH')) return true;
    throw cause;
  }
}

/** A server that is not started yet. Nothing is saved unless the settings say so. */
export async function createRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await reservedPort());
  const directory = mkdtempSync(join(tmpdir(), 'viaduct-redis-'));
  const [configFile, logFile] = [join(directory, 'redis.conf'), join(directory, 'redis.log')];
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    'protected-mode': 'no',
    dir: directory,
    logfile: logFile,
    save: '""',
    ...options.settings,
  };
  // Written once: a Sentinel keeps its memory in this file.
  writeFileSync(configFile, settingLines(settings));
  let child: ChildProcess | undefined;
  const setClockAhead = (seconds: number): void =>
    writeFileSync(clockFileIn(directory), `${seconds < 0 ? '' : '+'}${seconds}s\n`);
  if (options.clockAheadSeconds !== undefined) setClockAhead(options.clockAheadSeconds);
  const log = (): string => readFileSync(logFile, 'utf8');
  const server: RedisServer = {
    port,
    directory,
    log,
    setClockAhead,
    async start() {
      if (isRunning(child)) throw new Error('it runs already');
      const started = spawnChild(
        [configFile, ...(options.words ?? [])],
        options.clockAheadSeconds === undefined ? process.env : movedClock(directory),
      );
      child = started;
      await eventually(`redis-server answers on port ${port}`, async () => {
        return !isRunning(started) || (await isAnswering(server));
      });
      if (!isRunning(started)) throw new Error(`redis-server ended: ${log().slice(-2000)}`);
    },
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    command: (...words) => sendCommand(port, words),
    async dispose() {
      await end(child, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return server;
}

/** A single server that runs. */
export async function startRedis(settings: RedisSettings = {}): Promise<RedisServer> {
  const server = await createRedisServer({ settings });
  await server.start();
  return server;
}
