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
  const args = [...words];
  try {
    const { tokens, ...parsed } = parseArgs({
      args,
      options,
      allowPositionals: positionals,
      strict: true,
      tokens: true,
    });
    requireOnce(tokens, options);
    return parsed;
  } catch (cause) {
    const [reason = ''] = cause instanceof Error ? cause.message.split('. ') : [];
    throw new UsageError(reason || 'the options cannot be read');
  }
}

/** Of one that is repeated only the last would count, and what was said before be without effect. */
function requireOnce(
  tokens: readonly { readonly kind: string; readonly name?: string }[],
  options: Options,
): void {
  const given = new Set<string>();
  for (const { kind, name = '' } of tokens) {
    if (kind !== 'option' || options[name]?.multiple) continue;
    if (given.has(name)) throw new UsageError(`Option '--${name}' is repeated`);
    given.add(name);
  }
}

/** Where the configuration is when no option says so. */
export const DEFAULT_CONFIG = 'viaduct.yaml';
