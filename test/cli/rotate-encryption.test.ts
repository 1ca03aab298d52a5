// `keys rotate --use encryption`: the next key that others encrypt to, while those before it still decrypt.
import assert from 'node:assert/strict';
import { constants, privateDecrypt, publicEncrypt, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { loadConfigFiles } from '#src/config/load.ts';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { loadDecryptionKeys } from '#src/keys/decryption-keys.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { initialised } from '#test/support/server/first-configuration.ts';
import { viaduct } from '#test/support/server/process.ts';

interface KeyEntry {
  readonly use: string;
  readonly algorithm?: string;
  readonly key: { readonly file: string };
  readonly certificate?: { readonly file: string };
  readonly activeFrom?: string;
}

const ROTATE = ['keys', 'rotate', '--use', 'encryption'];
/** KeyUsage, critical: keyEncipherment and nothing else (RFC 5280 §4.2.1.3). */
const KEY_ENCIPHERMENT_ONLY = Buffer.from('0603551d0f0101ff040403020520', 'hex');

async function decryptionEntries(directory: string): Promise<readonly KeyEntry[]> {
  const text = await readFile(join(directory, 'viaduct.yaml'), 'utf8');
  return (parse(text) as { keys: KeyEntry[] }).keys.filter(({ use }) => use === 'encryption');
}

const certificateIn = async (directory: string, entry: KeyEntry | undefined) =>
  new X509Certificate(await readFile(join(directory, entry?.certificate?.file ?? 'none')));

/** The decryption keys as a server has them. */
async function loaded(directory: string) {
  const { config } = await loadConfigFiles(join(directory, 'viaduct.yaml'));
  return loadDecryptionKeys(config.decryptionKeys) ?? assert.fail('no key decrypts');
}

test('keys rotate --use encryption: the first one is published at once: an RSA key, and a certificate of the host of the issuer to encrypt to', async (t) => {
  const directory = await initialised(t);

  const rotated = await viaduct(ROTATE, directory);
  const listed = await viaduct(['keys', 'list'], directory);
  const checked = await viaduct(['check'], directory);

  assert.equal(rotated.code, 0, rotated.error);
  assert.match(rotated.out, /^keys\/encryption-\d{14}\.pem decrypts and is published once /);
  assert.match(listed.out, /^active +encryption +RSA +[\w-]{43}$/m);
  assert.deepEqual([checked.code, checked.error], [0, '']);
  const [entry] = await decryptionEntries(directory);
  assert.deepEqual([entry?.algorithm, entry?.activeFrom], [undefined, undefined]);
  const certificate = await certificateIn(directory, entry);
  assert.equal(certificate.subject, 'CN=localhost');
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 3072);
  assert.ok(certificate.raw.includes(KEY_ENCIPHERMENT_ONLY));
  assert.equal((await stat(join(directory, entry?.key.file ?? ''))).mode & 0o077, 0);
});

test('keys rotate --use encryption: the next one decrypts at once and is published ten minutes later; the one before still decrypts', async (t) => {
  const directory = await initialised(t);
  await viaduct(ROTATE, directory);
  const begun = Math.floor(Date.now() / 1000);

  const rotated = await viaduct(ROTATE, directory);
  const listed = await viaduct(['keys', 'list'], directory);

  assert.equal(rotated.code, 0, rotated.error);
  assert.match(rotated.out, /\.pem is published from \S+Z; until then tell every running server/);
  assert.match(
    listed.out,
    /^active +encryption +RSA +[\w-]{43}\nnext +encryption +RSA +[\w-]{43} +from \S+Z$/m,
  );
  const entries = await decryptionEntries(directory);
  const [first, second] = await Promise.all(entries.map((each) => certificateIn(directory, each)));
  const from = Date.parse(entries[1]?.activeFrom ?? '') / 1000;
  assert.ok(from >= begun + 600);
  const keys = await loaded(directory);
  assert.deepEqual(
    [from - 1, from].map(
      (now) => new X509Certificate(keys.publishedCertificate(now) ?? '').serialNumber,
    ),
    [first?.serialNumber, second?.serialNumber],
  );
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  for (const certificate of [first, second]) {
    const key = certificate?.publicKey ?? assert.fail('no certificate');
    const sealed = publicEncrypt({ key, ...oaep }, Buffer.from('secret'));
    const own = keys.privateKeys.find((each) => certificate?.checkPrivateKey(each));
    const opened = privateDecrypt({ key: own ?? assert.fail('no key'), ...oaep }, sealed);
    assert.equal(opened.toString(), 'secret');
  }
});

test('keys rotate --use encryption: makes no fifth key: those that nobody encrypts to any more are taken away first', async (t) => {
  const directory = await initialised(t);
  const path = join(directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: object[] };
  for (let at = 0; at < 4; at += 1) {
    const keyPem = await generateKeyPem('RS256', 2048);
    const notBefore = Math.floor(Date.now() / 1000) - 600 + at;
    const terms = { keyPem, commonName: 'localhost', notBefore, lifetimeSeconds: 86_400 };
    const [key, certificate] = [{ file: `keys/${at}.pem` }, { file: `keys/${at}.crt` }];
    await writeFile(join(directory, key.file), keyPem, { mode: 0o600 });
    await writeFile(join(directory, certificate.file), issueSelfSignedCertificate(terms));
    const activeFrom = new Date(notBefore * 1000).toISOString();
    document.keys.push({ use: 'encryption', key, certificate, activeFrom });
  }
  await writeFile(path, stringify(document));
  const before = await readdir(join(directory, 'keys'));

  const { code, error } = await viaduct(ROTATE, directory);
  const listed = await viaduct(['keys', 'list'], directory);

  assert.equal(code, 2);
  assert.match(error, /four keys of use encryption already/);
  assert.deepEqual(await readdir(join(directory, 'keys')), before);
  // The one that came last is published, and all of them decrypt.
  assert.deepEqual(
    listed.out.match(/^\w+ +encryption/gm)?.map((line) => line.split(' ')[0]),
    ['superseded', 'superseded', 'superseded', 'active'],
  );
});
