// `keys rotate --use saml`: the next key for assertions with its certificate, published long before it signs.
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { viaduct } from '#test/support/server/process.ts';

interface KeyEntry {
  readonly use: string;
  readonly algorithm: string;
  readonly key: { readonly file: string };
  readonly certificate?: { readonly file: string };
  readonly activeFrom?: string;
}

const DAY_SECONDS = 86_400;
/** As long as our metadata says that it is good. */
const METADATA_SECONDS = 7 * DAY_SECONDS;

async function initialised(t: TestContext, issuer?: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-rotate-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const { code, error } = await viaduct(['init'], directory);
  assert.equal(code, 0, error);
  if (issuer === undefined) return directory;
  const path = join(directory, 'viaduct.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^issuer: .*$/m, `issuer: ${issuer}`));
  return directory;
}

async function keysIn(directory: string): Promise<readonly KeyEntry[]> {
  const text = await readFile(join(directory, 'viaduct.yaml'), 'utf8');
  return (parse(text) as { keys: KeyEntry[] }).keys;
}

async function certificateIn(directory: string, entry: KeyEntry | undefined) {
  const file = entry?.certificate?.file ?? assert.fail('no certificate');
  return new X509Certificate(await readFile(join(directory, file)));
}

test('keys rotate --use saml: makes an RSA key with a certificate of the host of the issuer, which signs once all metadata of before has ended', async (t) => {
  const directory = await initialised(t, 'https://sts.example.org/tenant');
  const begun = Math.floor(Date.now() / 1000);

  const rotated = await viaduct(['keys', 'rotate', '--use', 'saml'], directory);
  const [listed, checked] = [
    await viaduct(['keys', 'list'], directory),
    await viaduct(['check'], directory),
  ];

  assert.equal(rotated.code, 0, rotated.error);
  assert.match(rotated.out, /^keys\/saml-rs256-\d{14}\.pem signs from /);
  assert.equal(checked.code, 0);
  // The certificate of the listener is for the issuer of before; nothing else is to be told.
  assert.deepEqual(checked.error.match(/^viaduct\.yaml.*\n {2}[\w.]+/gm)?.length, 1);
  assert.match(checked.error, /^ {2}listeners\.public\.tls\.certificate: /m);
  assert.match(listed.out, /^active +saml +RS256 .*\nnext +saml +RS256 .* from /m);
  const entry = (await keysIn(directory)).at(-1);
  const pem = await readFile(join(directory, entry?.key.file ?? ''), 'utf8');
  const certificate = await certificateIn(directory, entry);
  assert.deepEqual([certificate.subject, certificate.issuer], Array(2).fill('CN=sts.example.org'));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(pem)));
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 3072);
  const activeFrom = Date.parse(entry?.activeFrom ?? '') / 1000;
  assert.ok(activeFrom >= begun + METADATA_SECONDS + DAY_SECONDS);
  assert.ok(Date.parse(certificate.validTo) / 1000 > activeFrom + 365 * DAY_SECONDS);
  assert.equal((await stat(join(directory, entry?.key.file ?? ''))).mode & 0o077, 0);
  assert.match(await readFile(join(directory, 'viaduct.yaml'), 'utf8'), /# Whose tokens we accept/);
});

test('keys rotate --use saml: the first key of an algorithm signs at once, for nobody signs until then', async (t) => {
  const directory = await initialised(t);

  const words = ['keys', 'rotate', '--use', 'saml', '--algorithm', 'ES256'];
  const rotated = await viaduct(words, directory);
  const listed = await viaduct(['keys', 'list'], directory);

  assert.equal(rotated.code, 0, rotated.error);
  assert.match(listed.out, /^active +saml +ES256 /m);
  const certificate = await certificateIn(directory, (await keysIn(directory)).at(-1));
  assert.equal(certificate.subject, 'CN=localhost');
  assert.equal((await viaduct(['check'], directory)).error, '');
});

test('keys rotate: without --use it is for JWTs, as --use jwt says', async (t) => {
  const directory = await initialised(t);

  await viaduct(['keys', 'rotate', '--use', 'jwt'], directory);

  const entry = (await keysIn(directory)).at(-1);
  assert.deepEqual([entry?.use, entry?.algorithm, entry?.certificate], ['jwt', 'ES256', undefined]);
});

for (const [words, said] of [
  [['rotate', '--use', 'ldap'], /--use is jwt, saml or encryption/],
  [['rotate', '--use', 'encryption', '--algorithm', 'RS256'], /one of use encryption is RSA/],
  [['list', '--use', 'saml'], /--use and --algorithm are for rotate/],
  [
    ['rotate', '--use', 'saml', '--algorithm', 'PS256'],
    /assertions are signed with RS256 or ES256/,
  ],
] as const)
  test(`keys ${words.join(' ')}: is a mistake, and changes nothing`, async (t) => {
    const directory = await initialised(t);
    const before = [await keysIn(directory), await readdir(join(directory, 'keys'))];

    const { code, error } = await viaduct(['keys', ...words], directory);

    assert.equal(code, 2);
    assert.match(error, said);
    assert.deepEqual([await keysIn(directory), await readdir(join(directory, 'keys'))], before);
  });

test('keys rotate --use saml: makes no ninth key: those that sign no longer are taken away first', async (t) => {
  const directory = await initialised(t);
  const path = join(directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: object[] };
  const now = Math.floor(Date.now() / 1000);
  for (let at = 0; at < 7; at += 1) {
    const keyPem = await generateKeyPem('ES256');
    const terms = { keyPem, commonName: 'localhost', notBefore: now, lifetimeSeconds: DAY_SECONDS };
    const names = { key: `keys/${at}.pem`, certificate: `keys/${at}.crt` };
    await writeFile(join(directory, names.key), keyPem, { mode: 0o600 });
    await writeFile(join(directory, names.certificate), issueSelfSignedCertificate(terms));
    document.keys.push({
      use: 'saml',
      algorithm: 'ES256',
      key: { file: names.key },
      certificate: { file: names.certificate },
      activeFrom: new Date((now - 60 + at) * 1000).toISOString(),
    });
  }
  await writeFile(path, stringify(document));
  const before = await readdir(join(directory, 'keys'));

  const { code, error } = await viaduct(['keys', 'rotate', '--use', 'saml'], directory);

  assert.equal(code, 2);
  assert.match(error, /eight keys of use saml/);
  assert.deepEqual(await readdir(join(directory, 'keys')), before);
});
