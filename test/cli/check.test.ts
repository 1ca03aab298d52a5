// `check --hardening` and `check --live`: advice by the ids of ASVS 5.0, and whether what is depended on is there.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { hashPassword } from '#src/users/password/password.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { aConfigDocument, type ConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const clock = { now: (): number => Math.floor(Date.now() / 1000) };

async function configured(
  t: TestContext,
  change: (document: ConfigDocument, directory: string) => void | Promise<void>,
): Promise<{ directory: string; jwks: object }> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-check-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  await change(document, directory);
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, document, jwks);
  return { directory, jwks };
}

const RATE = { requestsPerSecond: 10, burst: 10 };

const asvsIds = (text: string): readonly string[] =>
  [...text.matchAll(/^ASVS (\S+) \(L\d\)/gm)].map(([, id = '']) => id);

interface Reported {
  readonly live: readonly { readonly name: string; readonly state: string }[];
  readonly hardening: readonly { readonly id: string; readonly where: string }[];
}

test('check --hardening: names ASVS ids, the place and the fix, and says no by the level asked for', async (t) => {
  const { directory } = await configured(t, () => undefined);
  await chmod(join(directory, 'keys/es256.pem'), 0o644);

  const two = await viaduct(['check', '--hardening'], directory);
  const one = await viaduct(['check', '--hardening', '--level', '1'], directory);
  const plain = await viaduct(['check'], directory);

  assert.equal(two.code, 1, two.error);
  assert.equal(one.code, 0, one.error);
  assert.equal(plain.code, 0);
  assert.deepEqual(asvsIds(plain.out), []);
  const ids = new Set(asvsIds(two.out));
  for (const id of ['2.4.1', '12.3.1', '13.3.2', '11.2.3', '10.4.14', '10.4.16'])
    assert.ok(ids.has(id), `${id} in ${two.out}`);
  assert.match(two.out, /ASVS 13\.3\.2 \(L2\) \S*es256\.pem: .*mode 644.*\n {2}fix: chmod 600/);
});

test('check --hardening: each finding goes when its cause does', async (t) => {
  const { directory } = await configured(t, (document) => {
    document['limits'] = { perClient: RATE, perAddress: RATE };
    document['keys'] = [{ use: 'jwt', algorithm: 'ES256', key: { file: 'keys/es256.pem' } }];
    for (const party of document.relyingParties)
      party['token'] = { type: 'access_token', algorithm: 'ES256', lifetimeSeconds: 600 };
    for (const client of document.clients) {
      client['token_endpoint_auth_method'] = 'private_key_jwt';
      client['jwks'] = { file: 'partner.jwks.json' };
      delete client['client_secret'];
    }
  });

  const { code, out } = await viaduct(['check', '--hardening', '--json'], directory);

  const { hardening } = JSON.parse(out) as Reported;
  assert.equal(code, 1);
  assert.deepEqual(new Set(hardening.map(({ id }) => id)), new Set(['12.3.1', '10.4.14']));
});

test('check --hardening: assertions that do not say for whom they are', async (t) => {
  const { directory } = await configured(t, async (document, folder) => {
    await withSaml(document, folder);
    document['wsTrust'] = { profiles: ['vcenter'] };
    const [orders] = document.relyingParties;
    Object.assign(orders ?? {}, {
      token: { type: 'saml2', audienceRestriction: 'omitted-with-key' },
    });
  });

  const { out } = await viaduct(['check', '--hardening', '--json'], directory);

  const { hardening } = JSON.parse(out) as Reported;
  assert.deepEqual(
    hardening.filter(({ id }) => id === '9.2.4').map(({ where }) => where),
    ['relyingParties orders'],
  );
});

test('check --hardening: every secret that others may read is told, and none that is in a file counts as of the environment', async (t) => {
  const { directory } = await configured(t, (document) => {
    document['refreshTokens'] = { key: { file: 'refresh.key' } };
    document['users'] = [{ file: 'users.json' }];
    const previous_client_secret = { secret: { file: 'old.secret' }, until: '2027-02-01' };
    Object.assign(document.clients[0] ?? {}, { previous_client_secret });
  });
  const user = { id: 'alice', password: await hashPassword('correct horse') };
  const secrets = { recoverablePassword: { file: 'pw' }, oneTimePassword: { file: 'otp' } };
  const files = {
    'refresh.key': Buffer.alloc(32, 7).toString('base64'),
    'users.json': JSON.stringify({ users: [{ ...user, ...secrets }] }),
    pw: 'correct horse\n',
    'old.secret': 'the-secret-of-the-gateway-until-today\n',
    otp: 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text);
    await chmod(join(directory, name), 0o644);
  }

  const { out } = await viaduct(['check', '--hardening', '--json'], directory);

  const { hardening } = JSON.parse(out) as Reported;
  const placesOf = (wanted: string) =>
    hardening.filter(({ id }) => id === wanted).map(({ where }) => where);
  assert.deepEqual(placesOf('13.3.1'), []);
  for (const name of Object.keys(files))
    assert.ok(
      placesOf('13.3.2').some((place) => place.endsWith(`/${name}`)),
      `${name} in ${out}`,
    );
});

for (const [what, login, wanted] of [
  ['without a login', {}, ['12.3.1', '13.2.1']],
  ['with the user who may do everything', { password: 'redis.password' }, ['12.3.1', '13.2.2']],
  ['with a user of ours', { user: 'viaduct', password: 'redis.password' }, ['12.3.1']],
] as const)
  test(`check --hardening: a Redis in the clear, ${what}`, async (t) => {
    const { directory } = await configured(t, (document) => {
      const { password, ...user } = { password: undefined, ...login };
      const file = password === undefined ? {} : { password: { file: password } };
      const nodes = ['127.0.0.1:6379'];
      document['store'] = { redis: { mode: 'single', nodes, ...user, ...file } };
    });
    const file = join(directory, 'redis.password');
    await writeFile(file, 'a long password of Redis\n');
    await chmod(file, 0o644);

    const { error, out } = await viaduct(['check', '--hardening', '--json'], directory);

    const { hardening } = JSON.parse(out || error) as Reported;
    const ofRedis = hardening.filter(({ where }) => where.startsWith('store.redis'));
    assert.deepEqual(
      ofRedis.map(({ id }) => id),
      wanted,
    );
    const readable = hardening.some(({ where }) => where.endsWith('/redis.password'));
    assert.equal(readable, 'password' in login);
  });

test('check --hardening: SHA-1 in the signatures of messages is told as that of assertions is', async (t) => {
  const nextYear = new Date((clock.now() + 365 * 86_400) * 1000).toISOString().slice(0, 10);
  const { directory } = await configured(t, (document) => {
    document['wsTrust'] = { endpoints: [{ path: '/ws-trust', legacySha1Until: nextYear }] };
  });

  const { code, out } = await viaduct(['check', '--hardening', '--level', '1'], directory);

  assert.equal(code, 1);
  assert.match(out, /ASVS 11\.4\.1 \(L1\) wsTrust\.endpoints \/ws-trust: /);
});

test('check --live: the certificate that secrets of tokens are encrypted to is among those that end', async (t) => {
  const keyPem = await generateKeyPem('RS256', 2048);
  const { directory } = await configured(t, (document) => {
    const [party] = document.relyingParties;
    Object.assign(party?.['token'] as object, { encryptKeysTo: { file: 'keys-to.pem' } });
  });
  const certificate = issueSelfSignedCertificate({
    keyPem,
    commonName: 'orders',
    notBefore: clock.now() - 60,
    lifetimeSeconds: 5 * 86_400,
  });
  await writeFile(join(directory, 'keys-to.pem'), certificate);

  const { out } = await viaduct(['check', '--live'], directory);

  assert.match(out, /soon +certificate \(relying-party\) orders: 4 days left/);
});

test('check --live: asks the store, the disk of the audit and the keys of others, and leaves nothing behind', async (t) => {
  const server = createServer((_, response) => response.end(JSON.stringify(jwks)));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const closed = await reservedPort();
  const { directory, jwks } = await configured(t, (document) => {
    const [partner] = document.trustedIssuers;
    const jwt = partner?.['jwt'] as object;
    document['fetch'] = { allowedHosts: [`127.0.0.1:${port}`, `127.0.0.1:${closed}`] };
    document.trustedIssuers = [
      { ...partner, jwt: { ...jwt, jwks: { url: `http://127.0.0.1:${port}/jwks` } } },
      {
        id: 'gone',
        issuer: 'https://gone.example',
        jwt: { ...jwt, jwks: { url: `http://127.0.0.1:${closed}/jwks` } },
      },
    ];
  });

  const { code, out } = await viaduct(['check', '--live', '--json'], directory);

  const { live } = JSON.parse(out) as Reported;
  assert.equal(code, 1);
  assert.deepEqual(
    live.map(({ name, state }) => [name, state]),
    [
      ['store', 'good'],
      ['audit', 'good'],
      ['trusted issuer partner', 'good'],
      ['trusted issuer gone', 'failed'],
    ],
  );
  assert.deepEqual(await readdir(join(directory, 'data')), []);
});

test('check: a folder of the audit that cannot be made is told, without asking for what is live', async (t) => {
  const { directory } = await configured(t, (document) => {
    document['audit'] = { ...(document['audit'] as object), file: 'viaduct.yaml/audit.jsonl' };
  });

  const { code, error } = await viaduct(['check'], directory);

  assert.equal(code, 2);
  assert.match(error, /audit\.file: leads through \S+viaduct\.yaml, which is no folder/);
});

test('check: a level that ASVS does not have is refused', async (t) => {
  const { directory } = await configured(t, () => undefined);

  assert.equal((await viaduct(['check', '--hardening', '--level', '4'], directory)).code, 2);
});
