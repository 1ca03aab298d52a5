// A whole server in this process: real configuration files, real SQLite, real HTTP on loopback.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { stringify } from 'yaml';
import type { Clock } from '#core/instant.ts';
import { createApp } from '#src/app.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { type FakeClock, fakeClock } from '#test/support/fake-clock.ts';
import { coveredRoutes, loadContract, validateResponse } from '#test/support/openapi.ts';
import { lastFirst } from '#test/support/suite.ts';
import {
  aConfigDocument,
  type ConfigDocument,
  GATEWAY_SECRET,
  ISSUER,
  JWT_TYPE,
  ORDERS_SECRET,
  PARTNER,
  TOKEN_EXCHANGE,
} from './document.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; empty when it is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A form: a list means the parameter stands that often. */
export type FormValues = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Sending {
  /** Client id and secret; null: no authentication. */
  readonly as?: readonly [id: string, secret: string] | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Members of a header or a claims set; undefined removes one. */
export type Members = Readonly<Record<string, unknown>>;

/** What runs when a test, or a suite, is over. */
export interface Ending {
  after(step: () => Promise<unknown>): void;
}

export interface Partner {
  readonly kid: string;
  readonly key: CryptoKey;
  /** A subject token that is acceptable unless the claims say otherwise; undefined removes a claim. */
  sign(claims?: Members, header?: Members): Promise<string>;
}

export interface TestServer {
  readonly directory: string;
  readonly url: string;
  readonly managementUrl: string;
  readonly clock: FakeClock;
  readonly partner: Partner;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, form: FormValues, sending?: Sending): Promise<Answer>;
  /** A token exchange of a fresh partner token, changed by `form`. */
  exchange(form?: FormValues, sending?: Sending): Promise<Answer>;
  /** The audit records so far, oldest first. */
  auditRecords(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  stop(): Promise<void>;
  /** Loads the configuration anew and swaps it in.
   * @throws {ConfigError} */
  reload(): Promise<void>;
  /** Stops this one and starts another on the same configuration and state. */
  restart(): Promise<TestServer>;
}

export const GATEWAY = ['gateway', GATEWAY_SECRET] as const;

/** A foreign issuer with a fresh key. */
export async function createPartner(
  clock: Clock,
): Promise<{ partner: Partner; jwks: { keys: JWK[] } }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const kid = randomUUID();
  const defaults = (): JWTPayload => ({
    iss: PARTNER,
    sub: 'alice',
    aud: ISSUER,
    iat: clock.now(),
    exp: clock.now() + 1800,
    jti: randomUUID(),
    scope: 'orders.read',
    email: 'alice@partner.example',
    groups: ['buyer', 'staff'],
  });
  const partner: Partner = {
    kid,
    key: privateKey,
    sign: (claims = {}, header = {}) =>
      new SignJWT({ ...defaults(), ...claims } as JWTPayload)
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT', ...header })
        .sign(privateKey),
  };
  return {
    partner,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] },
  };
}

async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  }
}

/** The RSA key of all servers of a test file: to make one takes longer than all else at a start, and no test needs another. */
let rsaKeyPem: Promise<string> | undefined;

/** Writes a whole configuration with fresh keys into `directory`, but for the RSA key. */
export async function writeConfiguration(
  directory: string,
  document: ConfigDocument,
  jwks: object,
): Promise<string> {
  await mkdir(join(directory, 'data'), { recursive: true });
  await writeFiles(directory, {
    'viaduct.yaml': stringify(document),
    'keys/es256.pem': await generateKeyPem('ES256'),
    'keys/rs256.pem': await (rsaKeyPem ??= generateKeyPem('RS256', 2048)),
    'keys/audit.key': randomBytes(32).toString('base64'),
    'keys/refresh.key': randomBytes(32).toString('base64'),
    'gateway.secret': GATEWAY_SECRET,
    'orders.secret': ORDERS_SECRET,
    'partner.jwks.json': JSON.stringify(jwks),
  });
  return join(directory, 'viaduct.yaml');
}

function formBody(values: FormValues): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    const entries = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    for (const entry of entries) form.append(name, entry);
  }
  return form.toString();
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

const contract = loadContract();
const declared = new Set(coveredRoutes(contract));

/** Holds an answer to openapi.yaml: whatever a test is about, no answer may be one the contract does not know. */
export function checked<T extends Pick<Answer, 'status' | 'headers' | 'text'>>(
  method: string,
  target: string,
  answer: T,
): T {
  const [named = ''] = target.split('?');
  const path = named
    .replace(/^\/status\/.*/, '/status/{list}')
    .replace(/^\/ws-trust\/token\/.*/, '/ws-trust/token/{type}')
    .replace(/^\/sts\/STSService\/.+/, '/sts/STSService/{tenant}')
    .replace(/^(\/adfs\/services\/trust)\/(?:2005|13)\/.+/, '$1/{version}/{endpoint}');
  if (declared.has(`${method} ${path}`)) {
    const { headers, status, text: body } = answer;
    validateResponse({ path, method, status, headers, body }, contract);
  }
  return answer;
}

/** An answer, read. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parseBody(text) };
}

function basic([id, secret]: readonly [string, string]): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

/** Starts a server with the document of `document.ts`, changed by the test; stopped and removed when the test ends. */
export async function startServer(
  t: Ending,
  change: (
    document: ConfigDocument,
    directory: string,
    clock: FakeClock,
  ) => void | Promise<void> = () => {},
): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-'));
  const clock = fakeClock();
  const { partner, jwks } = await createPartner(clock);
  const document = aConfigDocument();
  await change(document, directory, clock);
  await writeConfiguration(directory, document, jwks);
  const ending = lastFirst(t);
  ending.after(() => rm(directory, { recursive: true, force: true }));
  return startIn(ending, { directory, clock, partner });
}

type Setting = Pick<TestServer, 'directory' | 'clock' | 'partner'>;

async function startIn(t: Ending, setting: Setting): Promise<TestServer> {
  const { directory, clock, partner } = setting;
  const load = async () => (await loadConfigFiles(join(directory, 'viaduct.yaml'))).config;
  const app = await createApp(await load(), { clock });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= app.stop());
  // Before it listens: where that fails, what is open would keep the tests from ending.
  t.after(stop);
  const { publicUrl: url, managementUrl } = await app.listen();
  const post: TestServer['post'] = async (target, form, { as = GATEWAY, headers = {} } = {}) =>
    checked(
      'POST',
      target,
      await answerOf(
        await fetch(`${url}${target}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            ...(as && { authorization: basic(as) }),
            ...headers,
          },
          body: formBody(form),
        }),
      ),
    );
  return {
    ...setting,
    url,
    managementUrl,
    post,
    stop,
    async reload() {
      const prepared = await app.prepare(await load());
      prepared.commit();
    },
    async restart() {
      await stop();
      return startIn(t, setting);
    },
    get: async (target, headers = {}) =>
      checked('GET', target, await answerOf(await fetch(`${url}${target}`, { headers }))),
    exchange: async (form = {}, sending = {}) =>
      post(
        '/token',
        {
          grant_type: TOKEN_EXCHANGE,
          subject_token: 'subject_token' in form ? undefined : await partner.sign(),
          subject_token_type: JWT_TYPE,
          resource: 'https://orders.example/',
          ...form,
        },
        sending,
      ),
    async auditRecords() {
      const text = await readFile(join(directory, 'data/audit.jsonl'), 'utf8');
      return text.split('\n').filter(Boolean).map(parseBody);
    },
  };
}
