// State on Redis: `store.redis`. Where the servers are, how they are reached, and how sure a write must be.
import { z } from 'zod';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { conflict, isLoopbackHost, plainText, valueRule } from './fields.ts';
import { readTlsIdentity } from './keys/own-certificate.ts';
import { isCertificates } from './keys/pem.ts';
import { type HostAndPort, parseAddress } from './listeners.ts';
import { secretReference } from './secret.ts';

interface RedisLogin {
  readonly username?: string;
  readonly password: string;
}

export interface RedisStoreConfig {
  readonly driver: 'node-redis' | 'ioredis';
  readonly topology:
    | { readonly mode: 'single' | 'cluster' }
    | { readonly mode: 'sentinel'; readonly masterName: string; readonly credentials?: RedisLogin };
  readonly nodes: readonly HostAndPort[];
  readonly database: number;
  readonly tls?: {
    readonly caPem?: string;
    readonly certificatePem?: string;
    readonly keyPem?: string;
    readonly serverName?: string;
  };
  readonly credentials?: RedisLogin;
  /** Stands in every key. */
  readonly tenant: string;
  readonly minReplicas: number;
  readonly waitMilliseconds: number;
  readonly waitConnections: number;
  readonly deadlineMilliseconds: number;
  readonly ringSeconds: number;
  readonly isAppendOnlyRequired: boolean;
}

/** Whether a text is the address of a server: to listen, any free port will do. */
export const isServerAddress = (text: string): boolean => (parseAddress(text)?.port ?? 0) > 0;

const node = z.string().refine(
  isServerAddress,
  valueRule({
    what: 'is not the address of a server',
    why: 'a server has a host and a port',
    fix: 'write host:port, as in redis-1.internal:6379',
  }),
);

const tenantName = z.string().refine(
  (text) => /^[A-Za-z0-9._~%-]{1,200}$/.test(text),
  valueRule({
    what: 'is not usable in keys',
    why: 'it stands in every key and in the pattern of the access list',
    fix: 'use letters, digits, dots, dashes, underscores, tildes and percent signs',
  }),
);

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

const login = {
  user: plainText.describe('The user of the access control list.').optional(),
  password: secretReference.optional(),
};

export const redisSection = z
  .strictObject({
    mode: z.enum(['single', 'sentinel', 'cluster']).describe('How the servers stand together.'),
    nodes: z
      .array(node)
      .min(1)
      .describe('host:port of the server, of the Sentinels, or of some nodes of the cluster.'),
    masterName: plainText.describe('Sentinel: the name of the group of servers.').optional(),
    ...login,
    sentinel: z.strictObject(login).describe('How we log in to the Sentinels.').optional(),
    tls: z
      .strictObject({
        ca: secretReference
          .describe('Who vouches for the servers, PEM; default: as the system has it.')
          .optional(),
        certificate: secretReference.describe('Our certificate, PEM.').optional(),
        key: secretReference.describe('Its key, PKCS8 PEM.').optional(),
        serverName: plainText.describe('The name in the servers’ certificates.').optional(),
      })
      .optional(),
    unencrypted: z
      .boolean()
      .describe('Allow servers on other machines without TLS: on a network that nobody else is on.')
      .default(false),
    database: z.int().min(0).max(1024).default(0),
    tenant: tenantName
      .describe('What stands in every key; default: the issuer without its scheme.')
      .optional(),
    driver: z
      .enum(['node-redis', 'ioredis'])
      .describe('What carries our commands.')
      .default('node-redis'),
    minimumReplicas: z
      .int()
      .min(0)
      .max(10)
      .describe('Replicas that must have a write before it counts; default: 0 single, else 1.')
      .optional(),
    waitMilliseconds: milliseconds(10, 5000)
      .describe('How long replicas may take for it.')
      .default(300),
    waitConnections: z
      .int()
      .min(1)
      .max(64)
      .describe('Connections for writes that wait for replicas.')
      .default(8),
    deadlineMilliseconds: milliseconds(50, 10_000)
      .describe('What takes longer is refused, whatever came of it.')
      .default(800),
    ringSeconds: z
      .int()
      .min(10)
      .max(600)
      .describe('How long own writes are kept, to be written again after a change of master.')
      .default(120),
    persistence: z
      .enum(['appendonly', 'any'])
      .describe('What the servers must do against a restart; `any`: we do not look.')
      .default('appendonly'),
  })
  .refine(
    ({ mode, masterName }) => (mode === 'sentinel') === (masterName !== undefined),
    conflict(
      'masterName belongs to mode: sentinel, and is needed there',
      'Sentinels watch groups of servers by name',
      'write the name that stands behind `sentinel monitor`',
    ),
  )
  .refine(
    ({ mode, sentinel }) => mode === 'sentinel' || sentinel === undefined,
    conflict(
      'sentinel needs mode: sentinel',
      'there are no Sentinels to log in to',
      'leave sentinel out',
    ),
  )
  .refine(
    ({ mode, database }) => mode !== 'cluster' || database === 0,
    conflict('a cluster has no databases', 'it has number 0 only', 'leave database out'),
  )
  .refine(
    ({ waitMilliseconds, deadlineMilliseconds }) => waitMilliseconds < deadlineMilliseconds,
    conflict(
      'waitMilliseconds is not below deadlineMilliseconds',
      'replicas that were in time would come too late',
      'give the deadline some more',
    ),
  )
  .refine(
    ({ tls }) => (tls?.certificate === undefined) === (tls?.key === undefined),
    conflict(
      'a certificate needs its key, and a key its certificate',
      'either alone proves nothing',
      'give both in tls, or neither',
    ),
  );

type RedisSection = z.output<typeof redisSection>;

/** The issuer as it can stand in a key: injective, so that two issuers never share marks. */
const tenantOf = (issuer: string): string =>
  encodeURIComponent(issuer.replace(/^[a-z]+:\/\//, '')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );

async function readLogin(
  { value, path }: Entry<Pick<RedisSection, 'user' | 'password'>>,
  loading: Loading,
) {
  const { user, password } = value;
  if (password === undefined) {
    if (user !== undefined) loading.error([...path, 'user'], NO_PASSWORD);
    return undefined;
  }
  const text = await loading.read(password, [...path, 'password']);
  return { ...(user !== undefined && { username: user }), password: text.trim() };
}

async function readTls({ value, path }: Entry<RedisSection>, loading: Loading) {
  if (!value.tls) return undefined;
  const { ca, certificate, key, serverName } = value.tls;
  const at = [...path, 'tls'];
  const caPem = ca && (await loading.read(ca, [...at, 'ca']));
  if (caPem && !isCertificates(caPem)) loading.error([...at, 'ca'], NO_AUTHORITY);
  return {
    ...(caPem !== undefined && { caPem }),
    // The schema has both, or neither.
    ...(certificate && key && (await readTlsIdentity({ certificate, key }, at, loading))),
    ...(serverName !== undefined && { serverName }),
  };
}

async function readTopology(
  { value, path }: Entry<RedisSection>,
  loading: Loading,
): Promise<RedisStoreConfig['topology']> {
  if (value.mode !== 'sentinel') return { mode: value.mode };
  const at = { value: value.sentinel ?? {}, path: [...path, 'sentinel'] };
  const credentials = await readLogin(at, loading);
  const { masterName = '' } = value;
  return { mode: 'sentinel', masterName, ...(credentials && { credentials }) };
}

function validateReach({ value, path }: Entry<RedisSection>, loading: Loading): void {
  if (!value.tls && !value.unencrypted) loading.error(path, UNENCRYPTED);
  if (!value.password) loading.error(path, OPEN);
}

/** Reads what the store is told; what crosses a network is held to be encrypted and to be asked for a password. */
export async function readRedis(
  entry: Entry<RedisSection>,
  loading: Loading,
): Promise<RedisStoreConfig> {
  const { value } = entry;
  const nodes = value.nodes.flatMap((text) => parseAddress(text) ?? []);
  if (!nodes.every(({ host }) => isLoopbackHost(host))) validateReach(entry, loading);
  const credentials = await readLogin(entry, loading);
  const tls = await readTls(entry, loading);
  return {
    driver: value.driver,
    topology: await readTopology(entry, loading),
    nodes,
    database: value.database,
    ...(tls && { tls }),
    ...(credentials && { credentials }),
    tenant: value.tenant ?? tenantOf(loading.issuer),
    minReplicas: value.minimumReplicas ?? (value.mode === 'single' ? 0 : 1),
    waitMilliseconds: value.waitMilliseconds,
    waitConnections: value.waitConnections,
    deadlineMilliseconds: value.deadlineMilliseconds,
    ringSeconds: value.ringSeconds,
    isAppendOnlyRequired: value.persistence === 'appendonly',
  };
}

const NO_PASSWORD: Complaint = {
  code: 'CONFIG_MISSING',
  what: 'a user without a password',
  why: 'nobody can log in by a name alone',
  fix: 'add password: { file: … }',
};

const NO_AUTHORITY: Complaint = {
  code: 'CONFIG_KEY',
  what: 'is not a certificate in PEM',
  why: 'no server could prove who it is',
  fix: 'refer to a file with one or more blocks -----BEGIN CERTIFICATE-----',
};

const UNENCRYPTED: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'Redis on other machines without TLS',
  why: 'whoever is on the way reads grants and can answer that nothing is revoked',
  fix: 'add tls: {}, or unencrypted: true on a network that nobody else is on',
};

const OPEN: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'Redis on other machines without a password',
  why: 'whoever reaches it can delete one-time marks and revocations',
  fix: 'add user and password, with an access list (docs/operations.md)',
};
