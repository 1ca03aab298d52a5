// State behind Sentinels and on a cluster over TLS: whoever names a server, and each server that is named, proves who it is.
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { aKey, isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import { aSetting, DRIVERS, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import {
  createRedisServer,
  redisMissing,
  type RedisSettings as ServerSettings,
} from '#test/support/redis/redis-server.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import type { TestCertificate } from '#test/support/x509/pki.ts';
import {
  commandsOf,
  createTlsWorld,
  startTlsRedis,
  type TlsRedis,
  type TlsWorld,
  tlsSettings,
  tlsStore,
} from './tls-servers.ts';

const MASTER_NAME = 'viaduct';

interface Group {
  readonly master: TlsRedis;
  /** Where the store asks first. */
  readonly tlsPort: number;
  readonly topology: RedisSettings['topology'];
}

/** A master alone, with one Sentinel that is enough. */
async function startGroup(
  t: TestContext,
  world: TlsWorld,
  {
    ofMaster = world.fit,
    ofSentinel = world.fit,
    settings = {},
  }: {
    readonly ofMaster?: TestCertificate;
    readonly ofSentinel?: TestCertificate;
    readonly settings?: ServerSettings;
  } = {},
): Promise<Group> {
  const master = await startTlsRedis(t, world, { certificate: ofMaster, settings });
  const tlsPort = await reservedPort();
  const sentinel = await createRedisServer({
    words: ['--sentinel'],
    settings: {
      ...tlsSettings(t, world, ofSentinel),
      'tls-port': String(tlsPort),
      // How a Sentinel reaches the servers.
      'tls-replication': 'yes',
      'sentinel monitor': `${MASTER_NAME} 127.0.0.1 ${master.tlsPort} 1`,
      ...settings,
    },
  });
  t.after(() => sentinel.dispose());
  await sentinel.start();
  return { master, tlsPort, topology: { mode: 'sentinel', masterName: MASTER_NAME } };
}

/** A cluster whose only node has all slots. */
async function startNode(
  t: TestContext,
  world: TlsWorld,
  { certificate = world.fit, settings = {} } = {},
): Promise<Group> {
  const master = await startTlsRedis(t, world, {
    certificate,
    settings: {
      'cluster-enabled': 'yes',
      'cluster-config-file': 'nodes.conf',
      'cluster-port': String(await reservedPort()),
      'cluster-announce-ip': '127.0.0.1',
      'tls-cluster': 'yes',
      ...settings,
    },
  });
  await master.server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await eventually('the node serves all slots', async () =>
    String(await master.server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
  );
  return { master, tlsPort: master.tlsPort, topology: { mode: 'cluster' } };
}

async function serves(t: TestContext, settings: RedisSettings): Promise<void> {
  const { store } = await openUnderTest(settings);
  t.after(() => store.close());
  const mark = aKey('once');

  await eventually('the store is open', async () => (await store.health()).datasetId !== '');
  assert.deepEqual(await store.putOnce(mark, 'first', LONG), { stored: true });
  assert.equal(await store.isMarked(mark), true);
}

/** All is closed, and nobody logged in. */
async function refuses(t: TestContext, settings: RedisSettings, { master }: Group): Promise<void> {
  const { store } = await openUnderTest(settings);
  t.after(() => store.close());

  await assert.rejects(store.putOnce(aKey('once'), 'mine', LONG), isUnavailable);
  await assert.rejects(store.isMarked(aKey('once')), isUnavailable);
  await assert.rejects(store.health(), isUnavailable);
  assert.ok(!(await commandsOf(master.server)).includes('auth'));
}

describe('Redis over TLS, Sentinels and cluster', { skip: redisMissing(), concurrency: 4 }, () => {
  let world: TlsWorld;
  before(async () => {
    world = await createTlsWorld();
  });

  const settingsFor = (driver: (typeof DRIVERS)[number], { tlsPort, topology }: Group) =>
    aSetting([tlsPort], { driver, topology, ...tlsStore(world) });

  for (const driver of DRIVERS) {
    it(`${driver}: Sentinels and the master they name are taken over TLS`, async (t) => {
      const group = await startGroup(t, world);

      await serves(t, settingsFor(driver, group));

      assert.ok((await commandsOf(group.master.server)).includes('auth'));
    });

    it(`${driver}: a Sentinel that cannot prove who it is names no master`, async (t) => {
      const group = await startGroup(t, world, { ofSentinel: world.ofAnotherAuthority });

      await refuses(t, settingsFor(driver, group), group);
    });

    it(`${driver}: a master that a Sentinel names still proves who it is`, async (t) => {
      const group = await startGroup(t, world, { ofMaster: world.ofAnotherHost });

      await refuses(t, settingsFor(driver, group), group);
    });

    it(`${driver}: a cluster is taken over TLS`, async (t) => {
      const group = await startNode(t, world);

      await serves(t, settingsFor(driver, group));

      assert.ok((await commandsOf(group.master.server)).includes('auth'));
    });

    it(`${driver}: a node of a cluster that cannot prove who it is is refused`, async (t) => {
      const group = await startNode(t, world, { certificate: world.ofAnotherAuthority });

      await refuses(t, settingsFor(driver, group), group);
    });

    for (const [what, start] of [
      ['Sentinels and a master', startGroup],
      ['nodes of a cluster', startNode],
    ] as const)
      it(`${driver}: ${what} that ask for a certificate get ours`, async (t) => {
        const group = await start(t, world, { settings: { 'tls-auth-clients': 'yes' } });
        const { pem: certificatePem, privateKeyPem: keyPem } = world.client;
        const settings = settingsFor(driver, group);

        await refuses(t, settings, group);

        await serves(t, { ...settings, ...tlsStore(world, { certificatePem, keyPem }) });
      });

    it(`${driver}: nodes of a cluster are known by the names they are reached by`, async (t) => {
      const group = await startNode(t, world, {
        certificate: world.ofLocalhost,
        settings: {
          'cluster-announce-hostname': 'localhost',
          'cluster-preferred-endpoint-type': 'hostname',
        },
      });

      const settings = settingsFor(driver, group);

      await serves(t, { ...settings, nodes: [{ host: 'localhost', port: group.tlsPort }] });
    });
  }
});
