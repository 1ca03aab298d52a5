// Attacks that swap keys and algorithms (xml-security B5-B7, B13).

import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { x509KeyInfo } from '#bridge/xml/keys/key-info.ts';
import { trustPublicKey, trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { RSA_SHA256 } from '#bridge/xml/signature/algorithms.ts';
import { verifySignatureValue } from '#bridge/xml/signature/signature-value.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { anEcKey, anRsaKey, aSecret } from '#test/support/xml/keys.ts';
import { assertRefused, assertRejected, parse } from '#test/support/xml/refusal.ts';
import { aSignedAssertion } from '#test/support/xml/signed.ts';
import { edited, resigned } from '#test/support/xml/tamper.ts';

const key = anRsaKey();
const signed = await aSignedAssertion(key);
const HMAC = 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256';

async function refuseAssertion(text: string, reason: XmlFailureReason): Promise<void> {
  const document = parse(text);
  await assertRejected(
    verifyAssertion(document, document.root, { selectKey: () => key.trusted }),
    reason,
  );
}

test('XML B5: refuses an HMAC keyed with the public key', async () => {
  for (const form of ['spki', 'pkcs1'] as const) {
    const pem = key.publicKey.export({ type: form, format: 'pem' });

    await refuseAssertion(
      resigned(edited(signed, RSA_SHA256, HMAC), Buffer.from(pem)),
      'algorithm-refused',
    );
  }
});

test('XML B5: refuses a public-key algorithm with a secret', async () => {
  const document = parse(signed);
  const selectKey = () => trustSecretKey(aSecret());

  await assertRejected(
    verifyAssertion(document, document.root, { selectKey }),
    'algorithm-refused',
  );
});

for (const [title, signer] of [
  ['RSA', anRsaKey()],
  ['PSS', anRsaKey('issuer', 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1')],
  ['ECDSA', anEcKey()],
] as const) {
  test(`XML V6: an ${title} value of any other length is a wrong signature and nothing else`, async () => {
    const text = await aSignedAssertion(signer);

    for (const length of [0, 1, 63, 65, 128, 255, 257, 4096]) {
      const value = Buffer.alloc(length, 1).toString('base64');
      const document = parse(text.replace(/(<ds:SignatureValue>)[^<]*/, `$1${value}`));
      const verified = verifyAssertion(document, document.root, {
        selectKey: () => signer.trusted,
      });
      await assertRejected(verified, 'signature-invalid');
    }
  });
}

test('XML B6: refuses a truncated HMAC value', async () => {
  const secret = aSecret();
  const mac = resigned(edited(signed, RSA_SHA256, HMAC), secret);
  const short = mac.replace(/(<ds:SignatureValue>[^<]{24})[^<]*/, '$1');
  const document = parse(short);

  await assertRejected(
    verifyAssertion(document, document.root, { selectKey: () => trustSecretKey(secret) }),
    'signature-invalid',
  );
});

test('XML V6: refuses an algorithm of another key type', async () => {
  const document = parse(signed);
  const selectKey = () => anEcKey().trusted;

  await assertRejected(
    verifyAssertion(document, document.root, { selectKey }),
    'algorithm-refused',
  );
});

test('XML B13: takes no weak, private or odd key into trust', () => {
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const ed25519 = generateKeyPairSync('ed25519').publicKey;

  for (const weak of [rsa1024, secp256k1, ed25519, key.privateKey]) {
    assertRefused(() => trustPublicKey(weak), 'key-refused');
  }
  assertRefused(() => trustSecretKey(new Uint8Array(15)), 'key-refused');
  assert.equal(trustPublicKey(createPublicKey(key.privateKey)).family, 'rsa');
});

test('XML B7: the certificate in KeyInfo never becomes the key', async () => {
  const attacker = anRsaKey('attacker');
  const document = parse(
    await aSignedAssertion({ ...attacker, keyInfo: x509KeyInfo(new Uint8Array([1])) }),
  );

  await assertRejected(
    verifyAssertion(document, document.root, { selectKey: () => key.trusted }),
    'signature-invalid',
  );
});

test('RFC 8017 §8.1.2: a PSS value that begins with a zero is refused without it', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1';
  const data = Buffer.from('SignedInfo');
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  const signed = () => sign('sha256', data, { key: privateKey, padding, saltLength });
  const key = trustPublicKey(publicKey);
  let value = signed();
  // The salt makes each value another number: one of 256 begins with a zero.
  while (value[0] !== 0) value = signed();

  verifySignatureValue({ algorithm, data, value, legacySha1: false }, key);
  assert.throws(
    () =>
      verifySignatureValue({ algorithm, data, value: value.subarray(1), legacySha1: false }, key),
    { reason: 'signature-invalid' },
  );
});

test('XML B13: refuses an RSA key whose exponent makes every check as dear as a signature', () => {
  const { n = '' } = anRsaKey().publicKey.export({ format: 'jwk' });
  const key = (e: Buffer) =>
    createPublicKey({ key: { kty: 'RSA', n, e: e.toString('base64url') }, format: 'jwk' });

  assert.equal(trustPublicKey(key(Buffer.from([1, 0, 1]))).family, 'rsa');
  assertRefused(() => trustPublicKey(key(Buffer.alloc(200, 0xff))), 'key-refused');
});

// To tell an exponent of 40 KB took the runtime a third of a second of CPU.
test('XML B13: a key that is longer than any we take is not looked at', () => {
  const { n = '' } = anRsaKey().publicKey.export({ format: 'jwk' });
  const e = Buffer.alloc(40_000, 0xff).toString('base64url');
  const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  Object.defineProperty(key, 'asymmetricKeyDetails', { get: () => assert.fail('looked at') });

  assertRefused(() => trustPublicKey(key), 'key-refused');
});

test('XML B13: takes the longest key within the bounds', () => {
  const n = Buffer.alloc(1024, 0xff).toString('base64url');
  const jwk = { kty: 'RSA', n, e: Buffer.alloc(4, 0xff).toString('base64url') };
  assert.equal(trustPublicKey(createPublicKey({ key: jwk, format: 'jwk' })).modulusBytes, 1024);
});

test('XML B13: refuses an RSA key with an even modulus, whatever its exponent', () => {
  const { n = '' } = key.publicKey.export({ format: 'jwk' });
  const odd = Buffer.from(n, 'base64url');
  const even = Buffer.from(odd);
  even.writeUInt8(even.readUInt8(255) ^ 1, 255);

  for (const exponent of ['03', '7f', '81', '010001', '7fffffff', '80000001', 'ffffffff']) {
    const e = Buffer.from(exponent, 'hex').toString('base64url');
    const [good, none] = [odd, even].map((octets) =>
      createPublicKey({
        key: { kty: 'RSA', n: octets.toString('base64url'), e },
        format: 'jwk',
      }),
    );

    assert.equal(good && trustPublicKey(good).family, 'rsa', exponent);
    assertRefused(() => none && trustPublicKey(none), 'key-refused');
  }
});
