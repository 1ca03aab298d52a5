// Loads the configuration for a command and tells all that is wrong with it.

import type { Config } from '#src/config/config.ts';
import { loadConfig } from '#src/config/load.ts';
import { ConfigError, formatProblems } from '#src/config/problem.ts';
import type { ExitCode, Terminal } from './command.ts';

/** Runs `work` with the configuration; a wrong one is told in full and ends the command with 2. */
export async function withConfig(
  path: string,
  terminal: Terminal,
  work: (config: Config) => Promise<ExitCode>,
): Promise<ExitCode> {
  let config: Config;
  try {
    config = await loadConfig(path);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    terminal.error(formatProblems(cause.problems));
    return 2;
  }
  if (config.warnings.length > 0) terminal.error(formatProblems(config.warnings));
  return work(config);
}
