// The next key of ours: made, and written into the configuration with the time it starts to sign, or is published to be encrypted to.
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '#src/app/foundation/observers.ts';
import type { Config } from '#src/config/config.ts';
import { appendKey } from '#src/config/document/append-key.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import {
  isSamlAlgorithm,
  type KeyUse,
  MAX_DECRYPTION_KEYS,
  MAX_SAML_KEYS,
} from '#src/config/sections/keys/keys.ts';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { type Terminal, UsageError } from './command/command.ts';
import { makeFolder, replaceWhole, takeAll, writeWhole } from './command/whole-file.ts';

export interface NewKey {
  readonly use: KeyUse;
  /** Of one that signs. */
  readonly algorithm?: string;
}

const DAY_SECONDS = 86_400;

/** A new key is there this long before it is used. JWTs: twice what others may keep our key set for. Assertions: as long as our
 * federation metadata is good, and a day to tell the server. To be encrypted to: until all hosts were told of it and decrypt. */
const AHEAD_SECONDS = { jwt: 600, saml: 8 * DAY_SECONDS, encryption: 600 } as const;

const CERTIFICATE_SECONDS = 3 * 365 * DAY_SECONDS;

/** An instant as it stands in the configuration. */
export const writtenInstant = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000', '');

async function newKey({ algorithm }: NewKey): Promise<string> {
  try {
    // What decrypts is RSA.
    return await generateKeyPem(algorithm ?? 'RS256');
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'no key can be made');
  }
}

/** Others know it by the certificate, not by the name in it; a host that a name cannot hold gets none. */
function newCertificate(keyPem: string, use: KeyUse, { issuer }: Config): string {
  const { hostname } = new URL(issuer);
  const isName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(hostname);
  return issueSelfSignedCertificate({
    keyPem,
    commonName: isName ? hostname : `viaduct ${use}`,
    isToEncryptTo: use === 'encryption',
    notBefore: systemClock.now(),
    lifetimeSeconds: CERTIFICATE_SECONDS,
  });
}

/** Whether one more of its use can be there. */
function requireRoom({ algorithm = '', use }: NewKey, { decryptionKeys, keys }: Config): void {
  if (use === 'encryption' && decryptionKeys.length >= MAX_DECRYPTION_KEYS)
    throw new UsageError(
      'there are four keys of use encryption already: remove those that nobody encrypts to any more',
    );
  if (use !== 'saml') return;
  if (!isSamlAlgorithm(algorithm))
    throw new UsageError('assertions are signed with RS256 or ES256');
  if (keys.filter(({ use }) => use === 'saml').length >= MAX_SAML_KEYS)
    throw new UsageError(
      'there are eight keys of use saml already: remove those that sign no longer and whose assertions have ended',
    );
}

interface KnownKey extends NewKey {
  readonly pem: string;
  readonly activeFrom?: number;
}

const keysOf = ({ decryptionKeys, keys }: Config): readonly KnownKey[] => [
  ...keys,
  ...decryptionKeys.map((key) => ({ ...key, use: 'encryption' as const })),
];

/** The file of the key that the new one replaces, or of the one that is most like it; none where they come from the environment. */
function keyFileBefore({ config, files }: LoadedConfig, wanted: NewKey): string | undefined {
  const likeness = ({ algorithm, use }: KnownKey): number =>
    use === wanted.use ? 1 + Number(algorithm === wanted.algorithm) : 0;
  const [before] = keysOf(config)
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
async function rightsOfNew(loaded: LoadedConfig, wanted: NewKey) {
  const before = keyFileBefore(loaded, wanted);
  if (before !== undefined) {
    const { gid, mode, uid } = await stat(before);
    return { ofKey: { gid, mode, uid }, ofFolder: await stat(dirname(before)) };
  }
  const { gid, uid } = await stat(loaded.config.file);
  return { ofKey: { gid, mode: 0o600, uid }, ofFolder: { gid, mode: 0o700, uid } };
}

function tellNew({ use }: NewKey, file: string, from: string | undefined): string {
  if (use === 'encryption')
    return from === undefined
      ? `${file} decrypts and is published once the running server is told with SIGHUP`
      : `${file} is published from ${from}; until then tell every running server with SIGHUP, so that it decrypts`;
  return from === undefined
    ? `${file} signs once the running server is told with SIGHUP`
    : `${file} signs from ${from}; tell the running server with SIGHUP, so that it is published until then`;
}

/** Makes the key and has it sign, or be published, once others had the time to learn of it. The first one of an algorithm takes over
 * from nobody, and whoever wants it would wait in vain: it begins at once.
 * @throws {UsageError} for an algorithm that is none for this use */
export async function rotateKey(
  loaded: LoadedConfig,
  wanted: NewKey,
  terminal: Terminal,
): Promise<void> {
  const { config } = loaded;
  const { algorithm, use } = wanted;
  requireRoom(wanted, config);
  const now = systemClock.now();
  const isFirst = !keysOf(config).some((key) => key.use === use && key.algorithm === algorithm);
  const from = writtenInstant(isFirst ? now : now + AHEAD_SECONDS[use]);
  const kind = algorithm === undefined ? use : `${use}-${algorithm.toLowerCase()}`;
  const name = `keys/${kind}-${from.replace(/\D/g, '')}`;
  const [key, certificate] = [{ file: `${name}.pem` }, { file: `${name}.crt` }];
  const isCertified = use !== 'jwt';
  const before = await readFile(config.file, 'utf8');
  const text = appendKey(before, {
    ...wanted,
    key,
    ...(isCertified && { certificate }),
    ...(!isFirst && { activeFrom: from }),
  });
  const pem = await newKey(wanted);
  const folder = dirname(config.file);
  const { ofKey, ofFolder } = await rightsOfNew(loaded, wanted);
  const certified = (): string => newCertificate(pem, use, config);
  await takeAll([
    () => makeFolder(join(folder, 'keys'), ofFolder),
    () => writeWhole(join(folder, key.file), pem, ofKey),
    ...(isCertified
      ? [() => writeWhole(join(folder, certificate.file), certified(), { ...ofKey, mode: 0o644 })]
      : []),
    () => replaceWhole(config.file, { before, text }),
  ]);
  terminal.out(tellNew(wanted, key.file, isFirst ? undefined : from));
}
