// `viaduct check`: all that start-up does, but listen. For operators before a restart, and for their pipelines.
import { createApp } from '#src/app.ts';
import type { Config } from '#src/config/config.ts';
import { loadConfig } from '#src/config/load.ts';
import { ConfigError } from '#src/config/problem.ts';
import type { Command, ExitCode, Terminal } from './command.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { withConfig } from './with-config.ts';

async function checkAsJson(path: string, terminal: Terminal): Promise<ExitCode> {
  try {
    const { warnings } = await loadConfig(path);
    terminal.out(JSON.stringify({ valid: true, problems: [], warnings }));
    return 0;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    terminal.out(JSON.stringify({ valid: false, problems: cause.problems, warnings: [] }));
    return 2;
  }
}

async function checkLive(config: Config): Promise<void> {
  const app = await createApp(config);
  try {
    await app.probe();
  } finally {
    await app.stop();
  }
}

export const checkCommand: Command = async (words, terminal) => {
  const { values } = parseOptions(words, {
    config: { type: 'string', default: DEFAULT_CONFIG },
    json: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
  });
  if (values.json) return checkAsJson(values.config, terminal);
  return withConfig(values.config, terminal, async (config) => {
    // The store and the audit are opened for real: another process may hold the audit, so this is for a stopped server.
    if (values.live) await checkLive(config);
    terminal.out(
      `${values.config} is valid: ${config.clients.length} clients, ${config.relyingParties.length} relying parties, ` +
        `${config.trustedIssuers.length} trusted issuers, ${config.policy.length} policy rows`,
    );
    return 0;
  });
};
