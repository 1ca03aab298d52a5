// Servers that speak TLS, with certificates made in the run. In plain text they are there for the test itself.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { FIT } from '#test/store/redis/redis-under-test.ts';
import {
  createRedisServer,
  type RedisServer,
  type RedisSettings as ServerSettings,
} from '#test/support/redis/redis-server.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import type { Ending } from '#test/support/server/server.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';

/** Whom the store is told to trust, who is not, and certificates of both. */
export interface TlsWorld {
  readonly authority: TestCertificate;
  /** Of 127.0.0.1. */
  readonly fit: TestCertificate;
  /** By the same authority, of `redis.internal` alone. */
  readonly ofAnotherHost: TestCertificate;
  /** The same, of `localhost` by that name alone. */
  readonly ofLocalhost: TestCertificate;
  /** Of 127.0.0.1, by an authority of the same name that nobody named. */
  readonly ofAnotherAuthority: TestCertificate;
  readonly client: TestCertificate;
}

export const OTHER_HOST = 'redis.internal';
export const CREDENTIALS = { username: 'viaduct', password: randomUUID() };

export async function createTlsWorld(): Promise<TlsWorld> {
  const [authority, stranger] = await Promise.all([anAuthority(), anAuthority()]);
  const name = 'CN=redis';
  const alternativeNames = [{ type: 'ip', value: '127.0.0.1' }] as const;
  return {
    authority,
    fit: await aCertificate({ name, issuer: authority, alternativeNames: [...alternativeNames] }),
    ofAnotherHost: await aCertificate({
      name,
      issuer: authority,
      alternativeNames: [{ type: 'dns', value: OTHER_HOST }],
    }),
    ofLocalhost: await aCertificate({
      name,
      issuer: authority,
      alternativeNames: [{ type: 'dns', value: 'localhost' }],
    }),
    ofAnotherAuthority: await aCertificate({
      name,
      issuer: stranger,
      alternativeNames: [...alternativeNames],
    }),
    client: await aCertificate({ name: 'CN=viaduct', issuer: authority }),
  };
}

export interface TlsRedis {
  readonly server: RedisServer;
  readonly tlsPort: number;
}

/** The lines that have a server speak TLS; the files are gone when the test ends. */
export function tlsSettings(
  t: Ending,
  { authority }: TlsWorld,
  certificate: TestCertificate,
): ServerSettings {
  const directory = mkdtempSync(join(tmpdir(), 'viaduct-redis-tls-'));
  t.after(async () => rmSync(directory, { recursive: true, force: true }));
  const write = (name: string, pem: string): string => {
    const path = join(directory, name);
    writeFileSync(path, pem, { mode: 0o600 });
    return path;
  };
  return {
    'tls-cert-file': write('server.crt', certificate.pem),
    'tls-key-file': write('server.key', certificate.privateKeyPem),
    'tls-ca-cert-file': write('ca.crt', authority.pem),
    'tls-auth-clients': 'no',
  };
}

/** Starts a server that fits in all but, where the test wants it, its certificate. */
export async function startTlsRedis(
  t: Ending,
  world: TlsWorld,
  {
    certificate = world.fit,
    settings = {},
  }: { readonly certificate?: TestCertificate; readonly settings?: ServerSettings } = {},
): Promise<TlsRedis> {
  const tlsPort = await reservedPort();
  const server = await createRedisServer({
    settings: {
      ...FIT,
      user: `${CREDENTIALS.username} on >${CREDENTIALS.password} ~* &* +@all`,
      ...tlsSettings(t, world, certificate),
      'tls-port': String(tlsPort),
      ...settings,
    },
  });
  t.after(() => server.dispose());
  await server.start();
  return { server, tlsPort };
}

/** What a server was asked to do so far, by whomever: the test itself asks PING alone before it asks for this. */
export async function commandsOf(server: RedisServer): Promise<readonly string[]> {
  const text = String(await server.command('INFO', 'commandstats'));
  const names = [...text.matchAll(/^cmdstat_([^:]+):/gm)].map(([, name = '']) => name);
  return names.filter((name) => name !== 'ping').toSorted();
}

/** Named authority, and a login that a server which was taken for ours would see. */
export function tlsStore(world: TlsWorld, tls: RedisSettings['tls'] = {}) {
  return {
    tls: { caPem: world.authority.pem, ...tls },
    credentials: CREDENTIALS,
  } as const satisfies Partial<RedisSettings>;
}
