// Who may read the secrets of a configuration, and whether they are files at all.
import { createPublicKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import type { ConfigFiles } from '../config/load.ts';
import type { HardeningFinding } from './hardening.ts';

const GROUP_AND_OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

interface Secret {
  readonly name: string;
  readonly text: string;
}

const sealKeys = (kept: Config['keptSecrets']): readonly Secret[] =>
  (kept?.keys ?? []).map(({ keyBase64: text }, index) => ({
    name: `keptSecrets.keys[${index}].key`,
    text,
  }));

function secretsOf({
  audit,
  clients,
  keptSecrets,
  keys,
  listeners,
  store,
  users,
}: Config): readonly Secret[] {
  const { tls } = listeners.public;
  const redis = store.kind === 'redis' ? store.redis : undefined;
  return [
    ...keys.map(({ pem }, index) => ({ name: `keys[${index}]`, text: pem })),
    ...(tls ? [{ name: 'listeners.public.tls.key', text: tls.keyPem }] : []),
    { name: 'audit.hmacKey', text: audit.hmacKeyBase64 },
    ...sealKeys(keptSecrets),
    ...clients.flatMap(({ client_id: id, client_secret: text }) =>
      text === undefined ? [] : [{ name: `clients ${id}`, text }],
    ),
    ...(redis?.credentials
      ? [{ name: 'store.redis.password', text: redis.credentials.password }]
      : []),
    ...(redis?.tls?.keyPem ? [{ name: 'store.redis.tls.key', text: redis.tls.keyPem }] : []),
    ...(users?.records ?? []).map(({ id, password }) => ({ name: `user ${id}`, text: password })),
  ];
}

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

/** Findings about the files and values of a configuration, and about its keys. */
export async function secretFindings(
  config: Config,
  files: ConfigFiles,
): Promise<readonly HardeningFinding[]> {
  const secrets = secretsOf(config);
  const paths = Object.entries(files);
  const holding = paths.filter(([, text]) => secrets.some((secret) => text.includes(secret.text)));
  const readable = await Promise.all(holding.map(([path]) => readableFile(path)));
  const fromEnvironment = secrets
    .filter(({ text }) => !paths.some(([, content]) => content.includes(text)))
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
    ...weakKeys(config),
  ];
}
