// Certificates of our own keys: what others will hold against them is told in time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import {
  type ConfigDocument,
  ecKeyPem,
  errorsOf,
  parseChanged,
  problemsOf,
  rsaKeyPem,
} from '#test/unit/config/document.ts';

const NOW = Math.floor(Date.now() / 1000);
const DAY_SECONDS = 86_400;
const KEYS = { own: rsaKeyPem(), encryption: rsaKeyPem() };

/** Our two keys, with certificates that are good at that time. */
function filesGood(notBefore: number, lifetimeSeconds: number): Record<string, string> {
  const pairs = Object.entries(KEYS).map(([name, keyPem]) => {
    const wanted = { keyPem, commonName: 'sts.example.org', notBefore, lifetimeSeconds };
    return { [`${name}.pem`]: keyPem, [`${name}.crt`]: issueSelfSignedCertificate(wanted) };
  });
  return Object.assign({}, ...pairs) as Record<string, string>;
}

/** All three places where a certificate of ours stands. */
function withCertificates(document: ConfigDocument): void {
  const pair = { key: { file: 'own.pem' }, certificate: { file: 'own.crt' } };
  document.keys.push(
    { use: 'saml', algorithm: 'RS256', ...pair },
    { use: 'encryption', key: { file: 'encryption.pem' }, certificate: { file: 'encryption.crt' } },
  );
  const listeners = document['listeners'] as { public: object };
  listeners.public = { address: '127.0.0.1:8443', tls: pair };
}

const PLACES = ['keys[1].certificate', 'keys[2].certificate', 'listeners.public.tls.certificate'];

for (const [what, files] of [
  ['has ended', filesGood(NOW - 40 * DAY_SECONDS, 39 * DAY_SECONDS)],
  ['is not good yet', filesGood(NOW + DAY_SECONDS, 60 * DAY_SECONDS)],
] as const)
  test(`Configuration: a certificate of ours that ${what} is a warning wherever it stands`, async () => {
    const { warnings } = await parseChanged(withCertificates, { files });

    assert.deepEqual(
      warnings.map(({ path, what: told }) => `${path}: ${told}`).toSorted(),
      PLACES.map((path) => `${path}: the certificate ${what}`),
    );
  });

test('Configuration: a certificate of TLS that does not name the host of the issuer is a warning, unless a proxy is in front', async () => {
  const files = filesGood(NOW - DAY_SECONDS, 7 * DAY_SECONDS);
  const warningsAt = async (issuer: string, more: object = {}) => {
    const change = (document: ConfigDocument) => {
      withCertificates(document);
      Object.assign(document, { issuer, ...more });
    };
    const { warnings } = await parseChanged(change, { files });
    return warnings.map(({ path, what }) => `${path}: ${what}`);
  };
  const told = (host: string) => [
    `listeners.public.tls.certificate: the certificate does not name ${host}, the host of the issuer`,
  ];

  assert.deepEqual(await warningsAt('https://sts.example.org:8443'), []);
  assert.deepEqual(await warningsAt('https://login.example.org'), told('login.example.org'));
  assert.deepEqual(await warningsAt('https://[2001:db8::1]'), told('2001:db8::1'));
  assert.deepEqual(
    await warningsAt('https://login.example.org', { trustedProxies: ['10.0.0.1/32'] }),
    [],
  );
});

test('Configuration: a certificate of ours that is good now is no warning', async () => {
  const files = filesGood(NOW - DAY_SECONDS, 7 * DAY_SECONDS);

  const { warnings } = await parseChanged(withCertificates, { files });

  assert.deepEqual(warnings, []);
});

test('Configuration: a certificate of another key has that complaint alone', async () => {
  const files = filesGood(NOW - 40 * DAY_SECONDS, DAY_SECONDS);
  const { 'own.crt': own = '', 'encryption.crt': other = '' } = files;

  const problems = await problemsOf(
    parseChanged(withCertificates, {
      files: { ...files, 'own.crt': other, 'encryption.crt': own },
    }),
  );

  assert.deepEqual(
    problems.map(({ path, what, severity }) => `${severity} ${path}: ${what}`).toSorted(),
    PLACES.map((path) => `error ${path}: the certificate is of another key`),
  );
});

test('Configuration: more than eight keys for assertions is an error: a ninth would sign what we do not verify', async () => {
  const files: Record<string, string> = {};
  const entries = Array.from({ length: 9 }, (_, at) => {
    const keyPem = ecKeyPem();
    const wanted = { keyPem, commonName: 'sts.example.org', notBefore: NOW - 60 };
    files[`${at}.pem`] = keyPem;
    files[`${at}.crt`] = issueSelfSignedCertificate({ ...wanted, lifetimeSeconds: DAY_SECONDS });
    const activeFrom = new Date((NOW + at) * 1000).toISOString().replace(/\.\d+/, '');
    const pair = { key: { file: `${at}.pem` }, certificate: { file: `${at}.crt` } };
    return { use: 'saml', algorithm: 'ES256', activeFrom, ...pair };
  });
  const adding = (count: number) =>
    errorsOf(({ keys }) => keys.push(...entries.slice(0, count)), { files });

  assert.deepEqual(await adding(8), []);
  assert.deepEqual(await adding(9), ['CONFIG_INVALID_VALUE keys[9]']);
});
