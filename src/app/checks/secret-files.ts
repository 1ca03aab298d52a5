// Who may read the secrets of a configuration, and whether they are files at all.
import { createPublicKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '#src/config/config.ts';
import type { ConfigFiles } from '#src/config/load.ts';
import type { HardeningFinding } from './hardening.ts';

const GROUP_AND_OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

interface Secret {
  readonly name: string;
  readonly text: string;
}

const named = (name: string, text: string | undefined): readonly Secret[] =>
  text === undefined ? [] : [{ name, text }];

const keysOf = ({ audit, decryptionKeys, keptSecrets, keys, listeners, refreshTokens }: Config) => [
  ...keys.map(({ pem }, index) => ({ name: `keys[${index}]`, text: pem })),
  ...decryptionKeys.map(({ pem }, index) => ({ name: `encryption key ${index + 1}`, text: pem })),
  ...named('listeners.public.tls.key', listeners.public.tls?.keyPem),
  ...named('audit.hmacKey', audit.hmacKeyBase64),
  ...named('refreshTokens.key', refreshTokens?.keyBase64),
  ...(keptSecrets?.keys ?? []).map(({ keyBase64: text }, index) => ({
    name: `keptSecrets.keys[${index}].key`,
    text,
  })),
];

function redisSecrets({ store }: Config): readonly Secret[] {
  if (store.kind !== 'redis') return [];
  const { credentials, tls, topology } = store.redis;
  const sentinel = topology.mode === 'sentinel' ? topology.credentials : undefined;
  return [
    ...named('store.redis.password', credentials?.password),
    ...named('store.redis.sentinel.password', sentinel?.password),
    ...named('store.redis.tls.key', tls?.keyPem),
  ];
}

const secretsOf = (config: Config): readonly Secret[] => [
  ...keysOf(config),
  ...redisSecrets(config),
  ...config.clients.flatMap(({ client_id, client_secret, previous_client_secret: previous }) => [
    ...named(`clients ${client_id}`, client_secret),
    ...named(`clients ${client_id} previous_client_secret`, previous?.secret),
  ]),
  ...(config.users?.records ?? []).flatMap((user) => [
    ...named(`user ${user.id}`, user.password),
    ...named(`user ${user.id} recoverablePassword`, user.recoverablePassword),
    ...named(`user ${user.id} oneTimePassword`, user.oneTimePasswordSecret),
  ]),
];

const modeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).mode;
  } catch {
    return undefined;
  }
};

async function readableFile(path: string): Promise<readonly HardeningFinding[]> {
  const mode = await modeOf(path);
  if (mode === undefined || (mode & GROUP_AND_OTHERS) === 0) return [];
  const what = `it holds a secret and others may use it (mode ${(mode & 0o777).toString(8)})`;
  return [
    {
      id: '13.3.2',
      level: 2,
      where: path,
      what,
      fix: 'chmod 600, owned by the user of the server',
    },
  ];
}

async function auditFolder({ audit }: Config): Promise<readonly HardeningFinding[]> {
  const where = dirname(audit.file);
  const mode = await modeOf(where);
  if (mode === undefined || (mode & OTHERS_WRITE) === 0) return [];
  const what = 'others may write to the folder of the audit: they can remove or replace it';
  return [{ id: '16.4.2', level: 2, where, what, fix: 'chmod 700' }];
}

function weakKeys({ keys }: Config): readonly HardeningFinding[] {
  return keys.flatMap(({ pem }, index) => {
    const { modulusLength } = createPublicKey(pem).asymmetricKeyDetails ?? {};
    if (modulusLength === undefined || modulusLength >= 3072) return [];
    const what = `an RSA key of ${modulusLength} bits has fewer than 128 bits of security`;
    const fix = 'use ES256, or RSA of 3072 bits, where all relying parties can';
    return [{ id: '11.2.3', level: 2, where: `keys[${index}]`, what, fix }];
  });
}

const KEY_SET = /\.jwks\.json$/;

/** As `init` makes them, so that the demo can write tokens of its partner. */
async function privateKeysBeside(files: ConfigFiles): Promise<readonly HardeningFinding[]> {
  const wanted = Object.keys(files)
    .filter((path) => KEY_SET.test(path))
    .map((path) => path.replace(KEY_SET, '.key'));
  const modes = await Promise.all(wanted.map(modeOf));
  return wanted
    .filter((_, index) => modes[index] !== undefined)
    .map((where) => ({
      id: '15.2.3',
      level: 2,
      where,
      what: 'it is the private key to keys that are believed here: whoever reads it speaks for their party',
      fix: 'remove it, and the party of the demo of `viaduct init`',
    }));
}

// A secret for one-time passwords may stand in groups.
const squeezed = (text: string): string => text.replaceAll(/\s/g, '');

/** Findings about the files and values of a configuration, and about its keys. */
export async function secretFindings(
  config: Config,
  files: ConfigFiles,
): Promise<readonly HardeningFinding[]> {
  const secrets = secretsOf(config);
  const contents = Object.entries(files).map(([path, text]) => ({ path, text: squeezed(text) }));
  const isIn = (text: string) => (secret: Secret) => text.includes(squeezed(secret.text));
  const holding = contents.filter(({ text }) => secrets.some(isIn(text)));
  const readable = await Promise.all(holding.map(({ path }) => readableFile(path)));
  const fromEnvironment = secrets
    .filter((secret) => !contents.some(({ text }) => isIn(text)(secret)))
    .map(({ name }) => ({
      id: '13.3.1',
      level: 2 as const,
      where: name,
      what: 'it comes from the environment, which every child process and crash report inherits',
      fix: 'put it into a file that a secrets manager writes: { file: … }',
    }));
  return [
    ...readable.flat(),
    ...fromEnvironment,
    ...(await auditFolder(config)),
    ...(await privateKeysBeside(files)),
    ...weakKeys(config),
  ];
}
