// The next key of ours, for JWTs or assertions: made, and written into the configuration with the time it starts to sign.
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TokenForm } from '#core/token-type.ts';
import { systemClock } from '#src/app/foundation/observers.ts';
import type { Config } from '#src/config/config.ts';
import { appendKey } from '#src/config/document/append-key.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import {
  isSamlAlgorithm,
  MAX_SAML_KEYS,
  type SigningKeyConfig,
} from '#src/config/sections/keys/keys.ts';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { type Terminal, UsageError } from './command/command.ts';
import { makeFolder, replaceWhole, takeAll, writeWhole } from './command/whole-file.ts';

const DAY_SECONDS = 86_400;

/** A new key is published this long before it signs. JWTs: twice what others may keep our key set for. Assertions: as long as our
 * federation metadata is good, and a day to tell the server. */
const PUBLISH_AHEAD_SECONDS = { jwt: 600, saml: 8 * DAY_SECONDS } as const;

const CERTIFICATE_SECONDS = 3 * 365 * DAY_SECONDS;

/** An instant as it stands in the configuration. */
export const writtenInstant = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000', '');

async function newKey(algorithm: string): Promise<string> {
  try {
    return await generateKeyPem(algorithm);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'no key can be made');
  }
}

/** Others know it by the certificate, not by the name in it; a host that a name cannot hold gets none. */
function newCertificate(keyPem: string, { issuer }: Config, notBefore: number): string {
  const { hostname } = new URL(issuer);
  const commonName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(hostname) ? hostname : 'viaduct saml';
  const lifetimeSeconds = CERTIFICATE_SECONDS;
  return issueSelfSignedCertificate({ keyPem, commonName, notBefore, lifetimeSeconds });
}

function requireSamlKey({ keys }: Config, algorithm: string): void {
  if (!isSamlAlgorithm(algorithm))
    throw new UsageError('assertions are signed with RS256 or ES256');
  if (keys.filter(({ use }) => use === 'saml').length >= MAX_SAML_KEYS)
    throw new UsageError(
      'there are eight keys of use saml already: remove those that sign no longer and whose assertions have ended',
    );
}

interface Wanted {
  readonly use: TokenForm;
  readonly algorithm: string;
}

/** The file of the key that the new one replaces, or of the one that is most like it; none where they come from the environment. */
function keyFileBefore({ config, files }: LoadedConfig, wanted: Wanted): string | undefined {
  const likeness = ({ algorithm, use }: SigningKeyConfig): number =>
    use === wanted.use ? 1 + Number(algorithm === wanted.algorithm) : 0;
  const [before] = config.keys
    .map((key) => ({
      file: Object.keys(files).find((file) => files[file] === key.pem),
      activeFrom: key.activeFrom ?? 0,
      likeness: likeness(key),
    }))
    .filter(({ file }) => file !== undefined)
    .sort((a, b) => b.likeness - a.likeness || b.activeFrom - a.activeFrom);
  return before?.file;
}

/** Who reads the key before, and enters its folder, has to read the new one. */
async function rightsOfNew(loaded: LoadedConfig, wanted: Wanted) {
  const before = keyFileBefore(loaded, wanted);
  if (before !== undefined) {
    const { gid, mode, uid } = await stat(before);
    return { ofKey: { gid, mode, uid }, ofFolder: await stat(dirname(before)) };
  }
  const { gid, uid } = await stat(loaded.config.file);
  return { ofKey: { gid, mode: 0o600, uid }, ofFolder: { gid, mode: 0o700, uid } };
}

/** Makes the key and has it sign once others had the time to learn of it. The first one of an algorithm takes over from nobody, and whoever
 * wants it would wait in vain: it signs at once.
 * @throws {UsageError} for an algorithm that is none for this use */
export async function rotateKey(
  loaded: LoadedConfig,
  { use, algorithm }: Wanted,
  terminal: Terminal,
): Promise<void> {
  const { config } = loaded;
  if (use === 'saml') requireSamlKey(config, algorithm);
  const now = systemClock.now();
  const isFirst = !config.keys.some((key) => key.use === use && key.algorithm === algorithm);
  const from = writtenInstant(isFirst ? now : now + PUBLISH_AHEAD_SECONDS[use]);
  const name = `keys/${use}-${algorithm.toLowerCase()}-${from.replace(/\D/g, '')}`;
  const [key, certificate] = [{ file: `${name}.pem` }, { file: `${name}.crt` }];
  const extended = appendKey(await readFile(config.file, 'utf8'), {
    use,
    algorithm,
    key,
    ...(use === 'saml' && { certificate }),
    ...(!isFirst && { activeFrom: from }),
  });
  const pem = await newKey(algorithm);
  const folder = dirname(config.file);
  const { ofKey, ofFolder } = await rightsOfNew(loaded, { use, algorithm });
  const certified = (): string => newCertificate(pem, config, now);
  await takeAll([
    () => makeFolder(join(folder, 'keys'), ofFolder),
    () => writeWhole(join(folder, key.file), pem, ofKey),
    ...(use === 'saml'
      ? [() => writeWhole(join(folder, certificate.file), certified(), { ...ofKey, mode: 0o644 })]
      : []),
    () => replaceWhole(config.file, extended),
  ]);
  terminal.out(
    isFirst
      ? `${key.file} signs once the running server is told with SIGHUP`
      : `${key.file} signs from ${from}; tell the running server with SIGHUP, so that it is published until then`,
  );
}
