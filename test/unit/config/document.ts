// A valid configuration as an object, changed by each test, and the files it refers to.
import { generateKeyPairSync } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '#src/config/config.ts';
import { parseConfig } from '#src/config/load.ts';
import { ConfigError, type Problem } from '#src/config/problem.ts';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';

type Entry = Record<string, unknown>;

export interface ConfigDocument {
  [section: string]: unknown;
  listeners: Record<'public' | 'management', Entry>;
  keys: Entry[];
  trustedIssuers: (Entry & { jwt?: Entry })[];
  clients: Entry[];
  relyingParties: (Entry & { token: Entry })[];
  policy: (Entry & { allow?: Entry })[];
  audit: Entry;
}

export const ecKeyPem = (namedCurve = 'P-256'): string =>
  generateKeyPairSync('ec', { namedCurve })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

export function publicJwks(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] });
}

export const privateJwks = (): string => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] });
};

export const rsaKeyPem = (modulusLength = 2048): string =>
  generateKeyPairSync('rsa', { modulusLength })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

const DAY_SECONDS = 86_400;

/** Good from now on for so many days. */
export const certificatePem = (keyPem: string, { days = 365 } = {}): string =>
  issueSelfSignedCertificate({
    keyPem,
    commonName: 'partner.example',
    notBefore: Math.floor(Date.now() / 1000) - 3600,
    lifetimeSeconds: 3600 + days * DAY_SECONDS,
  });

/** The warnings of `aDocument` after a change, as `CODE path`. */
export async function warningsOf(change: Change, world?: World): Promise<readonly string[]> {
  const { warnings } = await parseChanged(change, world);
  return warnings.map(({ code, path }) => `${code} ${path}`);
}

/** A user file that has these users. */
export const userFile = (...ids: readonly string[]): string => {
  const password = `scrypt$32768$8$3$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  return `users:\n${ids.map((id) => `  - { id: ${id}, password: ${password} }\n`).join('')}`;
};

export const SECRET = 'a-secret-of-more-than-thirty-two-characters';

const FILES: Readonly<Record<string, string>> = {
  'keys/jwt.pem': ecKeyPem(),
  'keys/audit.key': Buffer.alloc(32, 7).toString('base64'),
  'partner.jwks.json': publicJwks(),
};

/** Nothing but what a configuration must have, with one party of each kind. */
export function aDocument(): ConfigDocument {
  return {
    version: 1,
    issuer: 'https://sts.example.org',
    listeners: { public: { address: '127.0.0.1:8443' }, management: { address: '127.0.0.1:9090' } },
    keys: [{ use: 'jwt', algorithm: 'ES256', key: { file: 'keys/jwt.pem' } }],
    store: { sqlite: { path: 'data/viaduct.db' } },
    audit: { file: 'data/audit.jsonl', hmacKey: { file: 'keys/audit.key' } },
    trustedIssuers: [
      {
        id: 'partner',
        issuer: 'https://partner.example',
        jwt: {
          jwks: { file: 'partner.jwks.json' },
          algorithms: ['ES256'],
          audiences: ['https://sts.example.org'],
        },
      },
    ],
    clients: [
      {
        client_id: 'gateway',
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: { env: 'GATEWAY_SECRET' },
        grant_types: ['client_credentials', 'refresh_token'],
      },
    ],
    relyingParties: [
      {
        id: 'orders',
        resources: ['https://orders.example/'],
        requestors: ['gateway'],
        token: { type: 'access_token' },
        scopes: ['orders.read'],
      },
    ],
    policy: [
      {
        id: 'row',
        requestor: { client: 'gateway' },
        subject: { issuer: 'partner' },
        target: 'orders',
        allow: { scopes: ['orders.read'], lifetimeSeconds: 300, delegation: true },
      },
    ],
  };
}

export interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Epoch seconds. */
  readonly now?: number;
}

/** Parses a text in a folder that has the files of `aDocument`. */
export function parseText(
  text: string,
  { files = {}, env = {}, now }: World = {},
): Promise<Config> {
  return parseConfig(text, {
    path: '/etc/viaduct/viaduct.yaml',
    env: { GATEWAY_SECRET: SECRET, ...env },
    ...(now !== undefined && { now }),
    async readFile(path) {
      if (!isAbsolute(path)) throw new Error('a path must be made absolute');
      const found = new Map(Object.entries({ ...FILES, ...files })).get(
        path.slice('/etc/viaduct/'.length),
      );
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return found;
    },
  });
}

export type Change = (document: ConfigDocument) => void;

/** Parses `aDocument` after a change. */
export function parseChanged(change: Change, world?: World): Promise<Config> {
  const document = aDocument();
  change(document);
  return parseText(stringify(document), world);
}

/** The errors of a text, as `CODE path`. */
export async function errorsOfText(text: string, world?: World): Promise<readonly string[]> {
  const problems = await problemsOf(parseText(text, world));
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(({ code, path }) => `${code} ${path}`);
}

/** The errors of `aDocument` after a change, as `CODE path`. */
export function errorsOf(change: Change, world?: World): Promise<readonly string[]> {
  const document = aDocument();
  change(document);
  return errorsOfText(stringify(document), world);
}

/** The problems a configuration was refused with; none when it was accepted. */
export async function problemsOf(parsing: Promise<Config>): Promise<readonly Problem[]> {
  try {
    await parsing;
    return [];
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.problems;
    throw cause;
  }
}

/** The only element of a list of the document. */
export function first<T>(list: readonly T[]): T {
  const [element] = list;
  if (element === undefined) throw new Error('the list is empty');
  return element;
}
