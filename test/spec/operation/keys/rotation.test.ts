// Key rotation: published ahead, active at its time, published for the life of what it signed; and nobody notices.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { parse, stringify } from 'yaml';
import { generateKeyPem } from '#src/keys/generate.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { grantBesides, ISSUER } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  anIssueMessage,
  aTargetMessage,
  faultOf,
  isValid,
  JWT,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

async function addKey(server: TestServer, fromSeconds: number): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: object[] };
  await writeFile(join(server.directory, 'keys/next.pem'), await generateKeyPem('ES256'), {
    mode: 0o600,
  });
  const activeFrom = new Date((server.clock.now() + fromSeconds) * 1000).toISOString();
  document.keys.push({
    use: 'jwt',
    algorithm: 'ES256',
    key: { file: 'keys/next.pem' },
    activeFrom,
  });
  await writeFile(path, stringify(document));
}

/** Takes a key out; those that are left have no successor. */
async function removeKey(server: TestServer, file: string): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: { key: { file: string } }[] };
  const keys = document.keys.filter(({ key }) => key.file !== file);
  const alone = keys.map((key) => ({ ...key, activeFrom: undefined }));
  await writeFile(path, stringify({ ...document, keys: alone }));
}

async function published(server: TestServer): Promise<JSONWebKeySet> {
  return (await server.get('/jwks')).body as unknown as JSONWebKeySet;
}

const kidOf = (token: unknown): string | undefined => decodeProtectedHeader(String(token)).kid;

async function issue(server: TestServer): Promise<string> {
  const { status, text, body } = await server.exchange();
  assert.equal(status, 200, text);
  return String(body['access_token']);
}

test('Rotation: the next key is published before it signs, the old one as long as its tokens live', async (t) => {
  const server = await startServer(t);
  const before = await issue(server);
  await addKey(server, 600);

  await server.reload();
  const announced = await published(server);
  const stillOld = await issue(server);
  server.clock.advance(700);
  await server.reload();
  const after = await issue(server);
  const overlapping = await published(server);
  server.clock.advance(700);
  await server.reload();
  const later = await published(server);

  assert.equal(announced.keys.length, 3);
  assert.equal(kidOf(stillOld), kidOf(before));
  assert.notEqual(kidOf(after), kidOf(before));
  assert.ok(announced.keys.some(({ kid }) => kid === kidOf(after)));
  assert.ok(overlapping.keys.some(({ kid }) => kid === kidOf(before)));
  assert.equal(
    later.keys.some(({ kid }) => kid === kidOf(before)),
    false,
  );
});

test('Rotation: where there are status lists the old key is published as long as a copy of one says anything', async (t) => {
  const server = await startServer(t, (document) => {
    document['statusLists'] = { lifetimeSeconds: 1800 };
    Object.assign(document.relyingParties[0]?.['token'] ?? {}, { statusList: true });
  });
  const before = await issue(server);
  await addKey(server, 1);
  await server.reload();
  const publishedAfter = async (seconds: number): Promise<boolean> => {
    server.clock.advance(seconds);
    await server.reload();
    return (await published(server)).keys.some(({ kid }) => kid === kidOf(before));
  };

  const whileCopiesLive = await publishedAfter(1800);
  const afterwards = await publishedAfter(61);

  assert.deepEqual([whileCopiesLive, afterwards], [true, false]);
});

test('Rotation: a reload that comes so late that the key of live tokens would be published no longer is refused; one without that key is not', async (t) => {
  const server = await startServer(t);
  const token = await issue(server);
  const isThere = async (): Promise<boolean> =>
    (await published(server)).keys.some(({ kid }) => kid === kidOf(token));
  await addKey(server, -3600);

  await assert.rejects(server.reload(), /signs until now/);
  const afterwards = [await isThere(), kidOf(await issue(server)) === kidOf(token)];
  await removeKey(server, 'keys/es256.pem');
  await server.reload();

  assert.deepEqual([...afterwards, await isThere()], [true, true, false]);
});

test('Rotation: under load no request fails and every token verifies with the keys published when it was made', async (t) => {
  const server = await startServer(t);
  await addKey(server, 0);
  const tokens: string[] = [];
  let isDone = false;
  const work = Array.from({ length: 8 }, async () => {
    while (!isDone) {
      const keys = await published(server);
      const token = await issue(server);
      tokens.push(token);
      const keysNow =
        kidOf(token) && keys.keys.some(({ kid }) => kid === kidOf(token))
          ? keys
          : await published(server);
      await jwtVerify(token, createLocalJWKSet(keysNow), {
        issuer: ISSUER,
        currentDate: new Date(server.clock.now() * 1000),
      });
    }
  });

  for (let reload = 0; reload < 20; reload++) await server.reload();
  isDone = true;
  await Promise.all(work);

  assert.ok(tokens.length > 20);
  assert.equal(new Set(tokens.map(kidOf)).size >= 1, true);
});

test('Reload: a configuration with an error changes nothing', async (t) => {
  const server = await startServer(t);
  const path = join(server.directory, 'viaduct.yaml');
  await writeFile(path, `${await readFile(path, 'utf8')}\nunknown: 1\n`);

  await assert.rejects(server.reload());

  assert.equal((await server.exchange()).status, 200);
});

test('Reload: what a running server has taken for good is not changed, and what it has issued is still its own', async (t) => {
  const server = await startServer(t);
  const token = await issue(server);
  const path = join(server.directory, 'viaduct.yaml');
  const before = await readFile(path, 'utf8');
  const audit = { ...(parse(before) as { audit: object }).audit, file: 'data/other.jsonl' };
  const changes: readonly (readonly [string, object])[] = [
    ['issuer, saml.entityId', { issuer: 'https://other.example.org' }],
    ['saml.entityId', { saml: { entityId: 'urn:other' } }],
    [
      'listeners.public, listeners.management',
      { listeners: { public: { address: '[::1]:0' }, management: { address: '127.0.0.2:0' } } },
    ],
    ['store', { store: { sqlite: { path: 'data/other.db' } } }],
    ['audit', { audit }],
    ['drain', { drain: { graceSeconds: 7 } }],
    ['log', { log: { level: 'warn' } }],
    ['workers', { workers: 2 }],
  ];

  for (const [sections, change] of changes) {
    await writeFile(path, stringify({ ...(parse(before) as object), ...change }));
    await assert.rejects(server.reload(), ({ message }: Error) => {
      assert.equal(message, `a running server cannot take this change: restart for ${sections}`);
      return true;
    });
  }

  const { body } = await server.post('/introspect', { token });
  assert.equal(body['active'], true);
  const metadata = await server.get('/.well-known/oauth-authorization-server');
  assert.equal(metadata.body['issuer'], ISSUER);
});

test('Rotation: a token whose key is published no longer is renewed after its end where it may be, and cancelled', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantBesides(document, {
      renewal: { lifetimeSeconds: 28_800, maxCount: 5, afterExpiry: true },
    });
  });
  const wishes = { user: 'carol', tokenType: JWT, children: AFTER_EXPIRY };
  const target = tokenOf(await sendSoap(server, anIssueMessage(wishes)));
  const { keys: before } = await published(server);
  await addKey(server, 1);
  await server.reload();
  server.clock.advance(7200);
  await server.reload();
  const { keys: after } = await published(server);
  assert.equal(after.length, before.length, 'it is published no longer');

  const renewed = await sendSoap(server, aTargetMessage('Renew', { user: 'carol', target }));
  const isGood = await isValid(server, tokenOf(renewed));
  const cancelled = await sendSoap(server, aTargetMessage('Cancel', { user: 'carol', target }));

  assert.deepEqual([isGood, cancelled.status], [true, 200], cancelled.text);
  assert.equal(await isValid(server, tokenOf(renewed)), false);

  server.clock.advance(28_800);
  await server.reload();
  assert.equal(
    faultOf(await sendSoap(server, aTargetMessage('Cancel', { user: 'carol', target }))),
    'InvalidSecurityToken',
    'when no renewal can be left, it is unknown',
  );
});
