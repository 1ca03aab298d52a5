// `viaduct serve`: starts the server, reloads on SIGHUP, drains on SIGTERM and SIGINT. With several workers this process starts
// them and serves nothing itself.
import cluster from 'node:cluster';
import { flushCompileCache } from 'node:module';
import { requireStartable } from '#src/app/checks/startable.ts';
import { systemClock } from '#src/app/foundation/observers.ts';
import type { Served } from '#src/app/primary.ts';
import { createApp } from '#src/app.ts';
import { type LoadedConfig, loadConfigFiles } from '#src/config/load.ts';
import { ConfigError, formatProblems } from '#src/config/problem.ts';
import type { Command, ExitCode, Terminal } from './command/command.ts';
import { exists } from './command/exists.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';
import { callOnStopSignals } from './command/stop-signals.ts';
import { loadTold } from './command/with-config.ts';
import { demoCurl } from './demo.ts';

async function serveAlone({ config }: LoadedConfig): Promise<Served> {
  const app = await createApp(config);
  return {
    ...(await app.listen()),
    async reload(next) {
      const prepared = await app.prepare(next.config);
      prepared.commit();
    },
    stop: () => app.stop(),
    failed: new Promise<never>(() => undefined),
  };
}

async function start(loaded: LoadedConfig): Promise<Served> {
  if (loaded.config.workers === 1) return serveAlone(loaded);
  // Here, or each worker would tell it and die of it.
  await requireStartable(loaded.config, systemClock.now());
  const { serveWithWorkers } = await import('#src/app/primary.ts');
  return serveWithWorkers(loaded);
}

/** Starts, or tells what is wrong with the configuration that shows no sooner. */
async function startTold(loaded: LoadedConfig, terminal: Terminal): Promise<Served | undefined> {
  try {
    return await start(loaded);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    terminal.error(formatProblems(cause.problems));
    return undefined;
  }
}

/** A second signal while draining means now. */
function stopOnSignals(served: Served, terminal: Terminal): Promise<void> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) process.exit(1);
      isStopping = true;
      terminal.out('draining');
      served.stop().then(resolve, reject);
    };
    callOnStopSignals(stop);
  });
}

const told = (cause: unknown): string => {
  if (cause instanceof ConfigError) return formatProblems(cause.problems);
  return cause instanceof Error ? cause.message : '';
};

/** A configuration with an error changes nothing: the old one goes on, and the error is told. What is asked for during the start is
 * done after it. */
function reloadOnHangUp(serving: Promise<Served>, path: string, terminal: Terminal): void {
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    const served = await serving;
    try {
      await served.reload(await loadConfigFiles(path));
      terminal.out('configuration reloaded');
    } catch (cause) {
      terminal.error(`configuration not reloaded: ${told(cause)}`);
    }
  };
  // One after the other: each is held against the one before it.
  process.on('SIGHUP', () => void (last = last.then(reload)));
}

const LINGER_MILLISECONDS = 1000;

/** What was said to who reads no more, or logged for them, waits for ever, and would keep the process. */
const endUnheard = (): void => void setTimeout(() => process.exit(), LINGER_MILLISECONDS).unref();

async function run(path: string, terminal: Terminal): Promise<ExitCode> {
  const serving = Promise.withResolvers<Served>();
  reloadOnHangUp(serving.promise, path, terminal);
  const loaded = await loadTold(path, terminal);
  if (!loaded) return 2;
  const served = await startTold(loaded, terminal);
  if (!served) return 2;
  serving.resolve(served);
  const { managementUrl, publicUrl } = served;
  const stopped = stopOnSignals(served, terminal);
  const { issuer } = loaded.config;
  terminal.out(`serving ${issuer} on ${publicUrl}, health and metrics on ${managementUrl}`);
  // Now, not at the end: one that is killed has compiled for the next one too.
  flushCompileCache();
  // A hint: what is missing of it must not end a server.
  const curl = await demoCurl(path, issuer).catch(() => undefined);
  if (curl !== undefined) terminal.out(`\nexchange a token of the demo partner:\n\n${curl}\n`);
  try {
    await Promise.race([stopped, served.failed]);
    return 0;
  } catch (cause) {
    terminal.error(told(cause));
    await served.stop();
    return 1;
  }
}

async function runWorker(terminal: Terminal): Promise<ExitCode> {
  const { serveAsWorker } = await import('#src/app/worker.ts');
  try {
    await serveAsWorker();
    return 0;
  } catch (cause) {
    terminal.error(`viaduct serve: ${told(cause)}`);
    return 1;
  } finally {
    // It would keep this process, and who started it waits for its end.
    process.channel?.unref();
  }
}

export const serveCommand: Command = async (words, terminal) => {
  if (cluster.isWorker) return runWorker(terminal).finally(endUnheard);
  const { values } = parseOptions(words, { config: { type: 'string' } });
  const path = values.config ?? DEFAULT_CONFIG;
  // Only for a newcomer who named no file: a missing file that was named is a mistake.
  if (values.config === undefined && !(await exists(path))) {
    const { writeFirstConfiguration } = await import('./init.ts');
    await writeFirstConfiguration('.', terminal);
  }
  return run(path, terminal).finally(endUnheard);
};
