// Options of commands: strict, so that a misspelt one is not silently without effect.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';

/** Declared options, as `node:util` has them. */
export type Options = NonNullable<ParseArgsConfig['options']>;

/** Parses the words of a command.
 * @throws {UsageError} on anything that is not declared */
export function parseOptions<const T extends Options>(
  words: readonly string[],
  options: T,
  positionals = false,
) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: positionals, strict: true });
  } catch (cause) {
    const [reason = ''] = cause instanceof Error ? cause.message.split('. ') : [];
    throw new UsageError(reason || 'the options cannot be read');
  }
}

/** Where the configuration is when no option says so. */
export const DEFAULT_CONFIG = 'viaduct.yaml';
