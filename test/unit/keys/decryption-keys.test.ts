// Our keys to decrypt with: which certificate others shall encrypt to.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { loadDecryptionKeys } from '#src/keys/decryption-keys.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;

function aKey(validFrom: number, activeFrom?: number) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificatePem = issueSelfSignedCertificate({
    keyPem,
    commonName: 'sts',
    notBefore: validFrom,
    lifetimeSeconds: 10 * DAY,
  });
  return { pem: keyPem, certificatePem, ...(activeFrom !== undefined && { activeFrom }) };
}

test('Rollover: the key with the latest start is published, every key decrypts', () => {
  const old = aKey(NOW - DAY);
  const next = aKey(NOW - DAY, NOW + 100);

  const keys = loadDecryptionKeys([old, next]);

  assert.equal(keys?.privateKeys.length, 2);
  assert.equal(keys.publishedCertificate(NOW + 99), old.certificatePem);
  assert.equal(keys.publishedCertificate(NOW + 100), next.certificatePem);
});

test('Rollover: a certificate that has not begun or has ended is not published', () => {
  const old = aKey(NOW - DAY);
  const next = aKey(NOW + DAY, NOW);

  const keys = loadDecryptionKeys([next, old]);

  assert.equal(keys?.publishedCertificate(NOW), old.certificatePem);
  assert.equal(keys?.publishedCertificate(NOW + DAY), next.certificatePem);
  assert.equal(keys?.publishedCertificate(NOW + 10 * DAY), next.certificatePem);
  assert.equal(keys?.publishedCertificate(NOW + 11 * DAY), undefined);
  assert.equal(keys?.privateKeys.length, 2);
});

test('Without keys nothing is decrypted', () => {
  assert.equal(loadDecryptionKeys([]), undefined);
});
