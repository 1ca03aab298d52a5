// State on Redis over TLS: whom the store takes for its server, with either driver. Who is not it learns nothing, not even the login.
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { aKey, isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  errorsOf,
  noAlarms,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisServer, redisMissing } from '#test/support/redis/redis-server.ts';
import {
  commandsOf,
  createTlsWorld,
  OTHER_HOST,
  startTlsRedis,
  type TlsWorld,
  tlsStore,
} from './tls-servers.ts';

const ANOTHER_ISSUER = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
const UNKNOWN_ISSUER = 'SELF_SIGNED_CERT_IN_CHAIN';
/** With the value 0 Node takes any certificate, unless it is told otherwise. */
const UNPROVEN = 'NODE_TLS_REJECT_UNAUTHORIZED';
const ANOTHER_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined;

async function serves(t: TestContext, settings: RedisSettings): Promise<void> {
  const seen = noAlarms();
  const { store } = await openUnderTest(settings, seen);
  t.after(() => store.close());
  const mark = aKey('once');

  await eventually('the store is open', async () => (await store.health()).datasetId !== '');
  assert.deepEqual(await store.putOnce(mark, 'first', LONG), { stored: true });
  assert.deepEqual(await store.putOnce(mark, 'second', LONG), { stored: false, attempt: 'first' });
  assert.equal(await store.isMarked(mark), true);
  assert.equal(await store.isMarked(aKey('once')), false);
  assert.deepEqual([...errorsOf(seen), ...seen.alarms], []);
}

/** All is closed, for the reason that is expected where there is one, and the server has not been asked for anything. */
async function refuses(
  t: TestContext,
  settings: RedisSettings,
  { server, code }: { readonly server: RedisServer; readonly code?: string },
): Promise<void> {
  const seen = noAlarms();
  const { store } = await openUnderTest(settings, seen);
  t.after(() => store.close());

  await assert.rejects(store.putOnce(aKey('once'), 'mine', LONG), isUnavailable);
  await assert.rejects(store.isMarked(aKey('once')), isUnavailable);
  await assert.rejects(store.health(), isUnavailable);
  // Who speaks no TLS may say nothing at all.
  const failures = () => (code === undefined ? seen.errors : errorsOf(seen));
  await eventually('a try to connect has failed', async () => failures().length > 0);
  if (code !== undefined) assert.deepEqual([...new Set(failures().map(codeOf))], [code]);
  assert.deepEqual(await commandsOf(server), []);
}

// Each refusal waits for as long as a start has patience.
describe('Redis over TLS', { skip: redisMissing(), concurrency: true }, () => {
  let world: TlsWorld;
  before(async () => {
    world = await createTlsWorld();
  });

  for (const driver of DRIVERS) {
    it(`${driver}: a server is taken whose certificate the named authority issued`, async (t) => {
      const { server, tlsPort } = await startTlsRedis(t, world);

      await serves(t, aSetting([tlsPort], { driver, ...tlsStore(world) }));

      assert.ok((await commandsOf(server)).includes('auth'));
    });

    it(`${driver}: a server is refused whose certificate another authority issued`, async (t) => {
      const certificate = world.ofAnotherAuthority;
      const { server, tlsPort } = await startTlsRedis(t, world, { certificate });

      const settings = aSetting([tlsPort], { driver, ...tlsStore(world) });

      await refuses(t, settings, { server, code: ANOTHER_ISSUER });
    });

    it(`${driver}: without a named authority those of the system count`, async (t) => {
      const { server, tlsPort } = await startTlsRedis(t, world);
      const { credentials } = tlsStore(world);

      const settings = aSetting([tlsPort], { driver, credentials, tls: {} });

      await refuses(t, settings, { server, code: UNKNOWN_ISSUER });
    });

    it(`${driver}: a server is refused whose certificate is of another host`, async (t) => {
      const certificate = world.ofAnotherHost;
      const { server, tlsPort } = await startTlsRedis(t, world, { certificate });

      const settings = aSetting([tlsPort], { driver, ...tlsStore(world) });

      await refuses(t, settings, { server, code: ANOTHER_NAME });
    });

    it(`${driver}: the name that is configured counts, not the one it is reached by`, async (t) => {
      const certificate = world.ofAnotherHost;
      const { tlsPort } = await startTlsRedis(t, world, { certificate });
      const fit = await startTlsRedis(t, world);
      const { credentials, tls } = tlsStore(world, { serverName: OTHER_HOST });

      await serves(t, aSetting([tlsPort], { driver, credentials, tls }));
      await refuses(t, aSetting([fit.tlsPort], { driver, credentials, tls }), {
        server: fit.server,
        code: ANOTHER_NAME,
      });
    });

    it(`${driver}: a server that speaks no TLS is refused, and told nothing in plain text`, async (t) => {
      const { server } = await startTlsRedis(t, world);

      const settings = aSetting([server.port], { driver, ...tlsStore(world) });

      await refuses(t, settings, { server });
    });

    it(`${driver}: a server that asks for a certificate gets ours`, async (t) => {
      const settings = { 'tls-auth-clients': 'yes' };
      const { tlsPort } = await startTlsRedis(t, world, { settings });
      const ours = {
        certificatePem: world.client.pem,
        keyPem: world.client.privateKeyPem,
      };

      await serves(t, aSetting([tlsPort], { driver, ...tlsStore(world, ours) }));
    });

    it(`${driver}: without a certificate a server that asks for one stays closed`, async (t) => {
      const settings = { 'tls-auth-clients': 'yes' };
      const { server, tlsPort } = await startTlsRedis(t, world, { settings });

      await refuses(t, aSetting([tlsPort], { driver, ...tlsStore(world) }), { server });
    });
  }
});

// One after another: the environment is that of the whole process.
describe('Redis over TLS, whatever the environment says', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS)
    it(`${driver}: a server that cannot prove who it is is refused`, async (t) => {
      const world = await createTlsWorld();
      const certificate = world.ofAnotherAuthority;
      const { server, tlsPort } = await startTlsRedis(t, world, { certificate });
      process.env[UNPROVEN] = '0';
      t.after(() => delete process.env[UNPROVEN]);

      const settings = aSetting([tlsPort], { driver, ...tlsStore(world) });

      await refuses(t, settings, { server, code: ANOTHER_ISSUER });
    });
});
