// The next key of ours, for JWTs or assertions: made, and written into the configuration with the time it starts to sign.
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TokenForm } from '#core/token-type.ts';
import { systemClock } from '#src/app/foundation/observers.ts';
import type { Config } from '#src/config/config.ts';
import { appendKey } from '#src/config/document/append-key.ts';
import { isSamlAlgorithm, MAX_SAML_KEYS } from '#src/config/sections/keys/keys.ts';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { type Terminal, UsageError } from './command/command.ts';

const DAY_SECONDS = 86_400;

/** A new key is published this long before it signs. JWTs: twice what others may keep our key set for. Assertions: as long as our
 * federation metadata is good, and a day to tell the server. */
const PUBLISH_AHEAD_SECONDS = { jwt: 600, saml: 8 * DAY_SECONDS } as const;

const CERTIFICATE_SECONDS = 3 * 365 * DAY_SECONDS;

/** An instant as it stands in the configuration. */
export const writtenInstant = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000', '');

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

/** Makes the key and has it sign once others had the time to learn of it. The first one of an algorithm takes over from nobody, and whoever
 * wants it would wait in vain: it signs at once.
 * @throws {UsageError} for an algorithm that is none for this use */
export async function rotateKey(
  config: Config,
  { use, algorithm }: Wanted,
  terminal: Terminal,
): Promise<void> {
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
  await mkdir(join(folder, 'keys'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, key.file), pem, { flag: 'wx', mode: 0o600 });
  if (use === 'saml')
    await writeFile(join(folder, certificate.file), newCertificate(pem, config, now), {
      flag: 'wx',
    });
  await replaceFile(config.file, extended);
  terminal.out(
    isFirst
      ? `${key.file} signs once the running server is told with SIGHUP`
      : `${key.file} signs from ${from}; tell the running server with SIGHUP, so that it is published until then`,
  );
}
