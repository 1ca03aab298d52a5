import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import test from 'node:test';
import { CompactSign, calculateJwkThumbprint, compactVerify } from 'jose';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { createKeyRing } from '#src/keys/key-ring.ts';
import type { KeyEntry } from '#src/keys/signing-key.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const ring = (entries: readonly KeyEntry[], clock = fakeClock()) =>
  createKeyRing(entries, { clock, overlapSeconds: 1000 });
const jwtEntry = async (algorithm = 'ES256', activeFrom?: number): Promise<KeyEntry> => ({
  use: 'jwt',
  algorithm,
  pem: await generateKeyPem(algorithm, 2048),
  ...(activeFrom !== undefined && { activeFrom }),
});

async function samlEntry(algorithm = 'RS256', activeFrom?: number): Promise<KeyEntry> {
  const { pem } = await jwtEntry(algorithm);
  const certificatePem = issueSelfSignedCertificate({
    keyPem: pem,
    commonName: 'sts.example',
    notBefore: 1_800_000_000,
    lifetimeSeconds: 86_400,
  });
  const start = activeFrom === undefined ? {} : { activeFrom };
  return { use: 'saml', algorithm, pem, certificatePem, ...start };
}

for (const algorithm of ['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'Ed25519', 'EdDSA']) {
  test(`Key ring: signs and verifies with a new ${algorithm} key`, async () => {
    const keys = await ring([await jwtEntry(algorithm)]);

    const { kid, key } = keys.jwtSigningKey(algorithm, 5);
    const jws = await new CompactSign(new Uint8Array([1, 2]))
      .setProtectedHeader({ alg: algorithm, kid })
      .sign(key);

    await compactVerify(jws, await keys.verificationKey({ kid, alg: algorithm }));
  });
}

test('RFC 7638 §3: the kid is the thumbprint of the public key, the JWK says sig and its algorithm', async () => {
  const keys = await ring([await jwtEntry('RS256')]);

  const [jwk] = keys.privateJwks(1).keys;

  assert.ok(jwk);
  assert.equal(jwk.kid, await calculateJwkThumbprint(jwk));
  assert.equal(jwk.use, 'sig');
  assert.equal(jwk.alg, 'RS256');
});

test('Key ring: privateJwks is a copy for each caller', async () => {
  const keys = await ring([await jwtEntry('ES256', 0), await jwtEntry('ES256', 50)]);

  const first = keys.privateJwks(10).keys;
  for (const jwk of first) delete jwk.d;
  const second = keys.privateJwks(10).keys;

  assert.deepEqual(
    second.map(({ kid }) => kid),
    first.map(({ kid }) => kid),
  );
  assert.ok(second.every(({ d, use }) => typeof d === 'string' && use === 'sig'));
});

test('Key rotation: a key is published first, signs from its instant on, stays published, then goes', async () => {
  const clock = fakeClock(0);
  const keys = await ring([await jwtEntry('ES256', 0), await jwtEntry('ES256', 100)], clock);
  const before = keys.jwtSigningKey('ES256', 99).kid;
  const after = keys.jwtSigningKey('ES256', 100).kid;
  const kidsAt = (now: number) => keys.privateJwks(now).keys.map(({ kid }) => kid);

  assert.notEqual(before, after);
  assert.deepEqual(kidsAt(0), [before, after]);
  assert.deepEqual(kidsAt(100), [after, before]);
  assert.deepEqual(kidsAt(1099), [after, before]);
  assert.deepEqual(kidsAt(1100), [after]);
});

test('Key rotation: a superseded key verifies inside the overlap and not after', async () => {
  const clock = fakeClock(0);
  const keys = await ring([await jwtEntry('ES256', 0), await jwtEntry('ES256', 100)], clock);
  const { kid } = keys.jwtSigningKey('ES256', 0);

  clock.set(1099);
  await keys.verificationKey({ kid, alg: 'ES256' });
  clock.set(1100);

  await assert.rejects(keys.verificationKey({ kid, alg: 'ES256' }), {
    reason: 'signature-invalid',
  });
});

test('Key rotation: nextChange names every activation and every removal, and then nothing', async () => {
  const keys = await ring([
    await jwtEntry('ES256', 0),
    await jwtEntry('ES256', 100),
    await samlEntry('RS256', 700),
  ]);

  assert.deepEqual(
    [-1, 0, 100, 700, 1100].map((now) => keys.nextChange(now)),
    [0, 100, 700, 1100, undefined],
  );
});

test('Key ring: an unknown kid, no kid and another algorithm are signature-invalid', async () => {
  const keys = await ring([await jwtEntry('ES256'), await jwtEntry('RS256')]);
  const { kid } = keys.jwtSigningKey('RS256', 1);

  for (const wanted of [
    { kid: 'other', alg: 'ES256' },
    { kid: undefined, alg: 'ES256' },
    { kid, alg: 'PS256' },
  ]) {
    await assert.rejects(keys.verificationKey(wanted), { reason: 'signature-invalid' });
  }
});

test('Key ring: never falls back to a key of another algorithm or one that is not active yet', async () => {
  const keys = await ring([await jwtEntry('ES256', 100)]);

  assert.throws(() => keys.jwtSigningKey('RS256', 200), /no jwt key is active for RS256/);
  assert.throws(() => keys.jwtSigningKey('ES256', 99), /no jwt key is active for ES256/);
  assert.throws(() => keys.samlSigner(200), /no saml key is active/);
});

for (const algorithm of ['RS256', 'ES256']) {
  test(`XML-DSig 1.1 §6.4: the SAML signer signs with ${algorithm} as XML-DSig wants it`, async () => {
    const keys = await ring([await samlEntry(algorithm)]);
    const signer = keys.samlSigner(1);
    const bytes = Buffer.from('<SignedInfo/>');

    const signature = await signer.sign(bytes);

    const digest = `sha${algorithm.slice(2)}`;
    const key = createPublicKey(signer.certificatePem);
    assert.ok(verify(digest, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature));
    assert.equal(signer.algorithm, algorithm);
  });
}

test('Key rotation: SAML metadata shows the next certificate before it signs', async () => {
  const [first, second] = [await samlEntry('RS256', 0), await samlEntry('RS256', 100)];
  const keys = await ring([first, second]);

  assert.deepEqual(keys.samlCertificates(10), [first.certificatePem, second.certificatePem]);
  assert.equal(keys.samlSigner(100, 'RS256').certificatePem, second.certificatePem);
});

test('Key rotation: a superseded key verifies our own tokens for longer than it is published, and no longer than that', async () => {
  const entries = [
    await jwtEntry('ES256', 0),
    await jwtEntry('ES256', 100),
    await samlEntry('RS256', 0),
    await samlEntry('RS256', 100),
  ];
  const clock = fakeClock(50);
  const keys = await createKeyRing(entries, { clock, overlapSeconds: 10, verifySeconds: 1000 });
  const { kid } = keys.jwtSigningKey('ES256', 50);
  const counts = (now: number) => [
    keys.privateJwks(now).keys.length,
    keys.samlCertificates(now).length,
    keys.samlVerificationCertificates(now).length,
  ];

  assert.deepEqual(counts(109), [2, 2, 2]);
  assert.deepEqual(counts(110), [1, 1, 2]);
  assert.deepEqual(counts(1100), [1, 1, 1]);
  const ends = (now: number) => {
    clock.set(now);
    const [, old] = keys.samlVerificationCertificates(now);
    return [keys.signedBefore(kid), old?.signedBefore];
  };
  assert.deepEqual(ends(109), [undefined, undefined]);
  assert.deepEqual(ends(1099), [100, 100]);
  assert.ok(await keys.verificationKey({ kid, alg: 'ES256' }));
  clock.set(1100);
  await assert.rejects(keys.verificationKey({ kid, alg: 'ES256' }), {
    reason: 'signature-invalid',
  });
  assert.deepEqual(
    [50, 100, 110, 1100].map((now) => keys.nextChange(now)),
    [100, 110, 1100, undefined],
  );
});

test('Key rotation: a key is superseded by one of its own algorithm and use, and by no other', async () => {
  const entries = [
    await jwtEntry('RS256', 0),
    await jwtEntry('ES256', 40),
    await samlEntry('RS256', 60),
    await jwtEntry('RS256', 100),
  ];
  const clock = fakeClock(50);
  const keys = await createKeyRing(entries, { clock, overlapSeconds: 10, verifySeconds: 1000 });
  const { kid } = keys.jwtSigningKey('RS256', 50);

  clock.set(500);

  assert.equal(keys.signedBefore(kid), 100);
});

test('Key ring: SAML keys are in no JWKS and sign no JWT', async () => {
  const keys = await ring([await samlEntry('RS256')]);

  assert.deepEqual(keys.privateJwks(1), { keys: [] });
  assert.throws(() => keys.jwtSigningKey('RS256', 1), /no jwt key/);
});

const rsaPem = (modulusLength: number) =>
  generateKeyPairSync('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

test('RFC 7518 §3.3: an RSA key below 2048 bits is refused', async () => {
  await assert.rejects(ring([{ use: 'jwt', algorithm: 'RS256', pem: rsaPem(1024) }]), /2048 bits/);
});

test('Key ring: a key of the wrong type or curve, and an unknown algorithm, are refused', async () => {
  const es384 = await generateKeyPem('ES384');

  for (const algorithm of ['ES256', 'RS256', 'Ed25519']) {
    await assert.rejects(ring([{ use: 'jwt', algorithm, pem: es384 }]), /keys\[0\].*needs/);
  }
  for (const algorithm of ['none', 'HS256', 'RS1', 'toString', '__proto__']) {
    await assert.rejects(ring([{ use: 'jwt', algorithm, pem: es384 }]), /not an algorithm/);
  }
});

test('Key ring: what is no unencrypted PKCS8 is refused, and the message shows nothing of it', async () => {
  const encrypted = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
  const broken = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';

  for (const pem of [encrypted, broken, 'c2VjcmV0', '']) {
    await assert.rejects(ring([{ use: 'jwt', algorithm: 'ES256', pem }]), (error: Error) => {
      assert.match(error.message, /PKCS8/);
      assert.doesNotMatch(`${error.stack}`, /c2VjcmV0/);
      return true;
    });
  }
});

test('RFC 8725 §3.1: one key for two purposes or two algorithms is refused', async () => {
  const saml = await samlEntry('RS256');

  for (const entry of [
    { ...saml, use: 'jwt' },
    { ...saml, use: 'jwt', algorithm: 'PS256' },
  ] as const) {
    await assert.rejects(ring([saml, entry]), /configured twice/);
  }
});

test('Key ring: two keys that start at the same time are refused: which one signs would be chance', async () => {
  await assert.rejects(ring([await jwtEntry(), await jwtEntry()]), /start at the same time/);
});

test('Key ring: a SAML key needs its own certificate and an algorithm that XML-DSig has', async () => {
  const { certificatePem, ...bare } = await samlEntry();
  const other = await samlEntry();
  const named = certificatePem === undefined ? {} : { certificatePem };

  await assert.rejects(ring([bare]), /needs its certificate/);
  await assert.rejects(ring([{ ...other, ...named }]), /of another key/);
  await assert.rejects(ring([{ ...bare, certificatePem: 'x' }]), /cannot be read/);
  const ed25519 = await jwtEntry('Ed25519');
  await assert.rejects(ring([{ ...ed25519, use: 'saml' }]), /Ed25519 cannot sign SAML/);
});
