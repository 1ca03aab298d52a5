// `viaduct serve`: starts the server, reloads on SIGHUP, drains on SIGTERM and SIGINT.
import { type App, createApp } from '#src/app.ts';
import type { Config } from '#src/config/config.ts';
import { loadConfig } from '#src/config/load.ts';
import type { Command, Terminal } from './command.ts';
import { exists } from './exists.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { withConfig } from './with-config.ts';

/** A second signal while draining means now. */
function stopOnSignals(app: App, terminal: Terminal): Promise<void> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) process.exit(1);
      isStopping = true;
      terminal.out('draining');
      app.stop().then(resolve, reject);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

/** A configuration with an error changes nothing: the old one goes on, and the error is told. */
function reloadOnHangUp(app: App, path: string, terminal: Terminal): void {
  process.on('SIGHUP', () => {
    loadConfig(path)
      .then((config) => app.reload(config))
      .then(() => terminal.out('configuration reloaded'))
      .catch((cause: unknown) => {
        terminal.error(
          `configuration not reloaded: ${cause instanceof Error ? cause.message : ''}`,
        );
      });
  });
}

async function run(config: Config, path: string, terminal: Terminal): Promise<0> {
  const app = await createApp(config);
  const { managementUrl, publicUrl } = await app.listen();
  const stopped = stopOnSignals(app, terminal);
  reloadOnHangUp(app, path, terminal);
  terminal.out(`serving ${config.issuer} on ${publicUrl}, health and metrics on ${managementUrl}`);
  const { demoCurl } = await import('./demo.ts');
  const curl = await demoCurl(path, config.issuer);
  if (curl !== undefined) terminal.out(`\nexchange a token of the demo partner:\n\n${curl}\n`);
  await stopped;
  return 0;
}

export const serveCommand: Command = async (words, terminal) => {
  const { values } = parseOptions(words, { config: { type: 'string' } });
  const path = values.config ?? DEFAULT_CONFIG;
  // Only for a newcomer who named no file: a missing file that was named is a mistake.
  if (values.config === undefined && !(await exists(path))) {
    const { writeFirstConfiguration } = await import('./init.ts');
    await writeFirstConfiguration('.', terminal);
  }
  return withConfig(path, terminal, (config) => run(config, path, terminal));
};
