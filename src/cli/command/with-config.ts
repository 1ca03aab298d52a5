// Loads the configuration for a command and tells all that is wrong with it.

import type { Config } from '#src/config/config.ts';
import { type LoadedConfig, loadConfigFiles } from '#src/config/load.ts';
import { ConfigError, formatProblems } from '#src/config/problem.ts';
import type { ExitCode, Terminal } from './command.ts';

/** The configuration, its warnings told; undefined where it is wrong, which is told in full. */
export async function loadTold(
  path: string,
  terminal: Terminal,
): Promise<LoadedConfig | undefined> {
  try {
    const loaded = await loadConfigFiles(path);
    const { warnings } = loaded.config;
    if (warnings.length > 0) terminal.error(formatProblems(warnings));
    return loaded;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    terminal.error(formatProblems(cause.problems));
    return undefined;
  }
}

/** Runs `work` with the configuration; a wrong one ends the command with 2. */
export async function withConfig(
  path: string,
  terminal: Terminal,
  work: (config: Config) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await loadTold(path, terminal);
  return loaded ? work(loaded.config) : 2;
}
