// `viaduct keys list | rotate`: which keys sign now, and how the next one comes in without an outage.

import type { TokenForm } from '#core/token-type.ts';
import { systemClock } from '#src/app/foundation/observers.ts';
import type { Config } from '#src/config/config.ts';
import { DEFAULT_ALGORITHMS } from '#src/config/sections/relying-parties.ts';
import { createKeyRing } from '#src/keys/key-ring.ts';
import { type Command, type Terminal, UsageError } from './command/command.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';
import { loadTold } from './command/with-config.ts';
import { rotateKey, writtenInstant } from './rotate-key.ts';

async function list(config: Config, terminal: Terminal): Promise<void> {
  const ring = await createKeyRing(config.keys, { clock: systemClock, overlapSeconds: 0 });
  for (const { activeFrom, algorithm, kid, phase, use } of ring.list(systemClock.now())) {
    const from = phase === 'next' ? `  from ${writtenInstant(activeFrom)}` : '';
    terminal.out(`${phase.padEnd(6)}  ${use.padEnd(4)}  ${algorithm}  ${kid}${from}`);
  }
}

function keyUse(written = 'jwt'): TokenForm {
  if (written !== 'jwt' && written !== 'saml') throw new UsageError('--use is jwt or saml');
  return written;
}

export const keysCommand: Command = async (words, terminal) => {
  const { values, positionals } = parseOptions(
    words,
    {
      config: { type: 'string', default: DEFAULT_CONFIG },
      algorithm: { type: 'string' },
      use: { type: 'string' },
    },
    true,
  );
  const verb = positionals.join(' ');
  if (verb !== 'list' && verb !== 'rotate') throw new UsageError('say list or rotate');
  if (verb === 'list' && (values.algorithm ?? values.use) !== undefined)
    throw new UsageError('--use and --algorithm are for rotate');
  const use = keyUse(values.use);
  const algorithm = values.algorithm ?? DEFAULT_ALGORITHMS[use];
  const loaded = await loadTold(values.config, terminal);
  if (!loaded) return 2;
  if (verb === 'list') await list(loaded.config, terminal);
  else await rotateKey(loaded, { use, algorithm }, terminal);
  return 0;
};
