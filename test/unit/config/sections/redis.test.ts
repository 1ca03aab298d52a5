// What `store.redis` refuses, and what it is when little is said.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Change, certificatePem, ecKeyPem, parseChanged } from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const store: (value: object) => Change = (value) => (document) => {
  document['store'] = value;
};

const redis: (value: object) => Change = (value) =>
  store({ redis: { mode: 'single', nodes: ['127.0.0.1:6379'], ...value } });

const BROKEN_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

refuses('store.redis', [
  {
    rule: 'needs a mode and nodes',
    change: store({ redis: {} }),
    errors: ['CONFIG_MISSING store.redis.mode', 'CONFIG_MISSING store.redis.nodes'],
  },
  {
    rule: 'needs one node at least',
    change: redis({ nodes: [] }),
    errors: ['CONFIG_OUT_OF_RANGE store.redis.nodes'],
  },
  ...['redis', 'redis:', 'redis:0', 'redis://redis:6379', 'redis:99999'].map((node) => ({
    rule: `refuses the node ${node}`,
    change: redis({ nodes: [node] }),
    errors: ['CONFIG_INVALID_VALUE store.redis.nodes[0]'],
  })),
  {
    rule: 'Sentinels need the name of the group',
    change: redis({ mode: 'sentinel' }),
    errors: ['CONFIG_CONFLICT store.redis'],
  },
  {
    rule: 'only Sentinels know groups by name',
    change: redis({ masterName: 'viaduct' }),
    errors: ['CONFIG_CONFLICT store.redis'],
  },
  {
    rule: 'only Sentinels have a login of their own',
    change: redis({ sentinel: {} }),
    errors: ['CONFIG_CONFLICT store.redis'],
  },
  {
    rule: 'a cluster has no databases',
    change: redis({ mode: 'cluster', database: 1 }),
    errors: ['CONFIG_CONFLICT store.redis'],
  },
  {
    rule: 'replicas have less time than the whole call',
    change: redis({ waitMilliseconds: 800 }),
    errors: ['CONFIG_CONFLICT store.redis'],
  },
  {
    rule: 'a certificate needs its key',
    change: redis({ tls: { certificate: { env: 'X' } } }),
    errors: ['CONFIG_CONFLICT store.redis'],
  },
  {
    rule: 'the key of our certificate is PKCS8',
    change: redis({ tls: { certificate: { file: 'tls.pem' }, key: { file: 'tls.key' } } }),
    errors: ['CONFIG_KEY store.redis.tls.key'],
    world: { files: { 'tls.pem': 'x', 'tls.key': 'x' } },
  },
  {
    rule: 'our certificate is of our key',
    change: redis({ tls: { certificate: { file: 'tls.pem' }, key: { file: 'tls.key' } } }),
    errors: ['CONFIG_KEY store.redis.tls.certificate'],
    world: { files: { 'tls.pem': certificatePem(ecKeyPem()), 'tls.key': ecKeyPem() } },
  },
  {
    rule: 'who vouches for the servers is a certificate: with anything else nobody would',
    change: redis({ tls: { ca: { file: 'ca.pem' } } }),
    errors: ['CONFIG_KEY store.redis.tls.ca'],
    world: { files: { 'ca.pem': 'x' } },
  },
  {
    rule: 'each of those who vouch for the servers is a certificate',
    change: redis({ tls: { ca: { file: 'ca.pem' } } }),
    errors: ['CONFIG_KEY store.redis.tls.ca'],
    world: { files: { 'ca.pem': `${certificatePem(ecKeyPem())}${BROKEN_CERTIFICATE}` } },
  },
  {
    rule: 'a user needs a password',
    change: redis({ user: 'viaduct' }),
    errors: ['CONFIG_MISSING store.redis.user'],
  },
  {
    rule: 'a password is never in the file itself',
    change: redis({ password: 'hunter2' }),
    errors: ['CONFIG_WRONG_TYPE store.redis.password'],
  },
  {
    rule: 'servers on other machines need TLS and a password',
    change: redis({ nodes: ['10.0.0.1:6379'] }),
    errors: ['CONFIG_INSECURE store.redis', 'CONFIG_INSECURE store.redis'],
  },
  {
    rule: 'a network of its own does not spare the password',
    change: redis({ nodes: ['redis:6379'], unencrypted: true }),
    errors: ['CONFIG_INSECURE store.redis'],
  },
  {
    rule: 'a tenant has no braces, which would place its keys',
    change: redis({ tenant: '{sts}' }),
    errors: ['CONFIG_INVALID_VALUE store.redis.tenant'],
  },
  {
    rule: 'a tenant has no wildcards, which would widen the access list',
    change: redis({ tenant: 'sts*' }),
    errors: ['CONFIG_INVALID_VALUE store.redis.tenant'],
  },
]);

describe('Configuration: store.redis', () => {
  it('has safe defaults on one server', async () => {
    const config = await parseChanged(redis({}));

    assert.deepEqual(config.store, {
      kind: 'redis',
      redis: {
        driver: 'node-redis',
        topology: { mode: 'single' },
        nodes: [{ host: '127.0.0.1', port: 6379 }],
        database: 0,
        tenant: 'sts.example.org',
        minReplicas: 0,
        waitMilliseconds: 300,
        waitConnections: 8,
        deadlineMilliseconds: 800,
        ringSeconds: 120,
        isAppendOnlyRequired: true,
      },
    });
  });

  it('asks for a replica where there are some, and reads passwords by reference', async () => {
    const password = { file: 'redis.password' };
    const config = await parseChanged(
      redis({
        mode: 'sentinel',
        masterName: 'viaduct',
        user: 'viaduct',
        password,
        sentinel: { password },
      }),
      { files: { 'redis.password': 'secret\n' } },
    );

    assert.ok(config.store.kind === 'redis');
    const { credentials, minReplicas, topology } = config.store.redis;
    assert.equal(minReplicas, 1);
    assert.deepEqual(credentials, { username: 'viaduct', password: 'secret' });
    assert.deepEqual(topology, {
      mode: 'sentinel',
      masterName: 'viaduct',
      credentials: { password: 'secret' },
    });
  });

  it('gives issuers that differ keys that differ', async () => {
    const tenants = [
      'https://sts.example.org',
      'https://sts.example.org:8443/a',
      'https://sts.example.org:8443/a*',
    ];
    const configs = await Promise.all(
      tenants.map((text) =>
        parseChanged((document) => {
          redis({})(document);
          document['issuer'] = text;
          document['saml'] = { entityId: 'urn:sts' };
        }),
      ),
    );
    const names = configs.map(({ store: kept }) => kept.kind === 'redis' && kept.redis.tenant);

    assert.deepEqual(names, [
      'sts.example.org',
      'sts.example.org%3A8443%2Fa',
      'sts.example.org%3A8443%2Fa%2a',
    ]);
  });
});
