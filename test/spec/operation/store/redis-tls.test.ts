// A server whose state is on Redis over TLS: what its configuration says of certificates is what happens.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { DRIVERS } from '#test/store/redis/redis-under-test.ts';
import {
  CREDENTIALS,
  commandsOf,
  createTlsWorld,
  OTHER_HOST,
  startTlsRedis,
  type TlsWorld,
} from '#test/store/redis/tls/tls-servers.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisServer, redisMissing } from '#test/support/redis/redis-server.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

interface Reached {
  readonly server: TestServer;
  readonly redis: RedisServer;
}

/** Redis that asks for a certificate and has one of another host than it is reached by; and a server that is told so. */
async function startOverTls(
  t: TestContext,
  world: TlsWorld,
  tls: { readonly driver: string; readonly authorityPem: string },
): Promise<Reached> {
  const { server: redis, tlsPort } = await startTlsRedis(t, world, {
    certificate: world.ofAnotherHost,
    settings: { 'tls-auth-clients': 'yes' },
  });
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(Math.floor(Date.now() / 1000));
    const files = {
      'ca.crt': tls.authorityPem,
      'client.crt': world.client.pem,
      'client.key': world.client.privateKeyPem,
      'redis.password': CREDENTIALS.password,
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(directory, name), text, { mode: 0o600 });
    document['store'] = {
      redis: {
        mode: 'single',
        nodes: [`127.0.0.1:${tlsPort}`],
        driver: tls.driver,
        user: CREDENTIALS.username,
        password: { file: 'redis.password' },
        deadlineMilliseconds: 10_000,
        tls: {
          ca: { file: 'ca.crt' },
          certificate: { file: 'client.crt' },
          key: { file: 'client.key' },
          serverName: OTHER_HOST,
        },
      },
    };
  });
  return { server, redis };
}

async function readiness({ managementUrl }: TestServer): Promise<string> {
  const response = await fetch(`${managementUrl}/readyz`);
  const { reasons } = (await response.json()) as { reasons: unknown };
  return `${response.status} ${JSON.stringify(reasons)}`;
}

describe('Store on Redis over TLS', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS) {
    test(`${driver}: the authority, the name and our certificate are those of the configuration`, async (t) => {
      const world = await createTlsWorld();

      const authorityPem = world.authority.pem;
      const { server, redis } = await startOverTls(t, world, { driver, authorityPem });

      await eventually('it is ready', async () => (await readiness(server)).startsWith('200'));
      assert.ok((await commandsOf(redis)).includes('auth'));
    });

    test(`${driver}: a Redis of another authority is not asked for anything, and the server is not ready`, async (t) => {
      const [world, other] = await Promise.all([createTlsWorld(), createTlsWorld()]);

      const authorityPem = other.authority.pem;
      const { server, redis } = await startOverTls(t, world, { driver, authorityPem });

      assert.match(await readiness(server), /^503 .*"store"/);
      assert.deepEqual(await commandsOf(redis), []);
    });
  }
});
