// `viaduct keys list | rotate`: which keys sign now and which one others encrypt to, and how the next one comes in without an outage.
import { systemClock } from '#src/app/foundation/observers.ts';
import type { Config } from '#src/config/config.ts';
import { DEFAULT_ALGORITHMS } from '#src/config/sections/relying-parties/relying-party-token.ts';
import { listDecryptionKeys } from '#src/keys/decryption-keys.ts';
import { createKeyRing } from '#src/keys/key-ring.ts';
import { type Command, type Terminal, UsageError } from './command/command.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';
import { loadTold } from './command/with-config.ts';
import { type NewKey, rotateKey, writtenInstant } from './rotate-key.ts';

interface Listed {
  readonly phase: string;
  readonly use: string;
  readonly algorithm: string;
  readonly kid: string;
  readonly activeFrom: number;
}

async function list(config: Config, terminal: Terminal): Promise<void> {
  const now = systemClock.now();
  const ring = await createKeyRing(config.keys, { clock: systemClock, overlapSeconds: 0 });
  const decryption = await listDecryptionKeys(config.decryptionKeys, now);
  const all: readonly Listed[] = [
    ...ring.list(now),
    ...decryption.map((key) => ({ ...key, use: 'encryption', algorithm: 'RSA' })),
  ];
  for (const { activeFrom, algorithm, kid, phase, use } of all) {
    const from = phase === 'next' ? `  from ${writtenInstant(activeFrom)}` : '';
    terminal.out(`${phase.padEnd(10)}  ${use.padEnd(10)}  ${algorithm}  ${kid}${from}`);
  }
}

function newKey(use = 'jwt', algorithm?: string): NewKey {
  if (use === 'jwt' || use === 'saml')
    return { use, algorithm: algorithm ?? DEFAULT_ALGORITHMS[use] };
  if (use !== 'encryption') throw new UsageError('--use is jwt, saml or encryption');
  if (algorithm !== undefined)
    throw new UsageError('--algorithm is for keys that sign: one of use encryption is RSA');
  return { use };
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
  const wanted = newKey(values.use, values.algorithm);
  const loaded = await loadTold(values.config, terminal);
  if (!loaded) return 2;
  if (verb === 'list') await list(loaded.config, terminal);
  else await rotateKey(loaded, wanted, terminal);
  return 0;
};
