// `viaduct keys list | rotate`: which keys sign now, and how the next one comes in without an outage.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { appendKey } from '#src/config/append-key.ts';
import type { Config } from '#src/config/config.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { createKeyRing } from '#src/keys/key-ring.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { withConfig } from './with-config.ts';

/** A new key is published this long before it signs: twice what others may keep our key set for. */
const PUBLISH_AHEAD_SECONDS = 600;

const clock = { now: () => Math.floor(Date.now() / 1000) };

async function list(config: Config, terminal: Terminal): Promise<void> {
  const ring = await createKeyRing(config.keys, { clock, overlapSeconds: 0 });
  const now = clock.now();
  for (const { alg = '', kid = '' } of ring.publicJwks(now).keys) {
    const isActive = ring.jwtSigningKey(alg, now).kid === kid;
    terminal.out(`${isActive ? 'active' : 'next  '}  ${alg}  ${kid}`);
  }
}

async function rotate(config: Config, algorithm: string, terminal: Terminal): Promise<void> {
  const from = new Date((clock.now() + PUBLISH_AHEAD_SECONDS) * 1000)
    .toISOString()
    .replace('.000', '');
  const name = `keys/jwt-${algorithm.toLowerCase()}-${from.replace(/\D/g, '')}.pem`;
  const path = join(dirname(config.file), name);
  await writeFile(path, await generateKeyPem(algorithm), { flag: 'wx', mode: 0o600 });
  await chmod(path, 0o600);
  const text = await readFile(config.file, 'utf8');
  const entry = { use: 'jwt', algorithm, key: { file: name }, activeFrom: from } as const;
  await writeFile(config.file, appendKey(text, entry));
  terminal.out(
    `${name} signs from ${from}; tell the running server with SIGHUP, so that it is published until then`,
  );
}

export const keysCommand: Command = async (words, terminal) => {
  const { values, positionals } = parseOptions(
    words,
    {
      config: { type: 'string', default: DEFAULT_CONFIG },
      algorithm: { type: 'string', default: 'ES256' },
    },
    true,
  );
  const [verb, ...others] = positionals;
  if ((verb !== 'list' && verb !== 'rotate') || others.length > 0) {
    throw new UsageError('keys list | rotate [--algorithm ALGORITHM] [--config FILE]');
  }
  return withConfig(values.config, terminal, async (config) => {
    if (verb === 'list') await list(config, terminal);
    else await rotate(config, values.algorithm, terminal);
    return 0;
  });
};
