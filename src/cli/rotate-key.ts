// The next key of ours, for JWTs or assertions: made, and written into the configuration with the time it starts to sign.
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises';
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

interface Owner {
  readonly gid: number;
  readonly uid: number;
}

/** Who runs the command as root must not take the files from the user of the server, who could neither reload nor start any more. By the
 * handle: under its name another file may stand by now. */
async function giveTo({ gid, uid }: Owner, handle: FileHandle): Promise<void> {
  if (process.getuid?.() === 0) await handle.chown(uid, gid);
}

interface NewFile extends Owner {
  readonly mode: number;
}

async function writeNew(path: string, text: string, file: NewFile): Promise<void> {
  const handle = await open(path, 'wx', file.mode);
  try {
    await handle.writeFile(text);
    await giveTo(file, handle);
  } finally {
    await handle.close();
  }
}

async function makeFolder(path: string, owner: Owner): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode: 0o700 })) === undefined) return;
  const handle = await open(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await giveTo(owner, handle);
  } finally {
    await handle.close();
  }
}

/** In one step: a server that reloads meanwhile reads the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path);
  const { gid, mode, uid } = await stat(target);
  const beside = `${target}.${process.pid}.new`;
  await writeNew(beside, text, { gid, uid, mode: mode & 0o777 });
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
  const { gid, uid } = await stat(config.file);
  await makeFolder(join(folder, 'keys'), { gid, uid });
  await writeNew(join(folder, key.file), pem, { gid, uid, mode: 0o600 });
  if (use === 'saml') {
    const text = newCertificate(pem, config, now);
    await writeNew(join(folder, certificate.file), text, { gid, uid, mode: 0o644 });
  }
  await replaceFile(config.file, extended);
  terminal.out(
    isFirst
      ? `${key.file} signs once the running server is told with SIGHUP`
      : `${key.file} signs from ${from}; tell the running server with SIGHUP, so that it is published until then`,
  );
}
