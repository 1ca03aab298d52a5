// `viaduct keys list | rotate`: which keys sign now, and how the next one comes in without an outage.
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '#src/app/observers.ts';
import { appendKey } from '#src/config/append-key.ts';
import type { Config } from '#src/config/config.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { createKeyRing } from '#src/keys/key-ring.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { withConfig } from './with-config.ts';

/** A new key is published this long before it signs: twice what others may keep our key set for. */
const PUBLISH_AHEAD_SECONDS = 600;

const writtenInstant = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000', '');

async function list(config: Config, terminal: Terminal): Promise<void> {
  const ring = await createKeyRing(config.keys, { clock: systemClock, overlapSeconds: 0 });
  for (const { activeFrom, algorithm, kid, phase, use } of ring.list(systemClock.now())) {
    const from = phase === 'next' ? `  from ${writtenInstant(activeFrom)}` : '';
    terminal.out(`${phase.padEnd(6)}  ${use.padEnd(4)}  ${algorithm}  ${kid}${from}`);
  }
}

/** In one step: a server that reloads meanwhile reads the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path);
  const { mode } = await stat(target);
  const beside = `${target}.${process.pid}.new`;
  await writeFile(beside, text, { flag: 'wx', mode: mode & 0o777 });
  await rename(beside, target);
}

async function newKey(algorithm: string): Promise<string> {
  try {
    return await generateKeyPem(algorithm);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'no key can be made');
  }
}

async function rotate(config: Config, algorithm: string, terminal: Terminal): Promise<void> {
  const now = systemClock.now();
  // The first one of an algorithm takes over from nobody, and whoever wants it would wait in vain.
  const isFirst = !config.keys.some((key) => key.use === 'jwt' && key.algorithm === algorithm);
  const from = writtenInstant(isFirst ? now : now + PUBLISH_AHEAD_SECONDS);
  const name = `keys/jwt-${algorithm.toLowerCase()}-${from.replace(/\D/g, '')}.pem`;
  const path = join(dirname(config.file), name);
  const text = await readFile(config.file, 'utf8');
  const entry = { use: 'jwt', algorithm, key: { file: name } } as const;
  const extended = appendKey(text, { ...entry, ...(!isFirst && { activeFrom: from }) });
  const pem = await newKey(algorithm);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, pem, { flag: 'wx', mode: 0o600 });
  await replaceFile(config.file, extended);
  terminal.out(
    isFirst
      ? `${name} signs once the running server is told with SIGHUP`
      : `${name} signs from ${from}; tell the running server with SIGHUP, so that it is published until then`,
  );
}

export const keysCommand: Command = async (words, terminal) => {
  const { values, positionals } = parseOptions(
    words,
    { config: { type: 'string', default: DEFAULT_CONFIG }, algorithm: { type: 'string' } },
    true,
  );
  const verb = positionals.join(' ');
  if (verb !== 'list' && verb !== 'rotate') throw new UsageError('say list or rotate');
  const { algorithm } = values;
  if (verb === 'list' && algorithm !== undefined) throw new UsageError('--algorithm is for rotate');
  return withConfig(values.config, terminal, async (config) => {
    if (verb === 'list') await list(config, terminal);
    else await rotate(config, algorithm ?? 'ES256', terminal);
    return 0;
  });
};
