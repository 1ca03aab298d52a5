// Our signatures against two other implementations: jose over Web Crypto, and the conversion that node:crypto has itself.
import assert from 'node:assert/strict';
import { type KeyObject, KeyObject as NodeKey, sign, verify } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { CompactSign, compactVerify, generateKeyPair } from 'jose';
import { derOfSignature, signatureOfDer } from '#src/tokens/jwt/jws/ecdsa-form.ts';
import { signJws, verifyJws } from '#src/tokens/jwt/jws/jws-signature.ts';

const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const COORDINATE_BYTES = { ES256: 32, ES384: 48, ES512: 66 } as const;
const DIGESTS = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' } as const;

async function aKeyPair(algorithm: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { privateKey: NodeKey.from(privateKey), publicKey: NodeKey.from(publicKey) };
}
const pairs = new Map<string, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>();
for (const algorithm of ALGORITHMS) pairs.set(algorithm, await aKeyPair(algorithm));

function keysOf(algorithm: string) {
  const pair = pairs.get(algorithm);
  assert.ok(pair);
  return {
    signing: { algorithm, key: pair.privateKey },
    verifying: { algorithm, key: pair.publicKey },
  };
}

for (const algorithm of ALGORITHMS) {
  const { signing, verifying } = keysOf(algorithm);

  test(`RFC 7518 §3.1: jose takes what we sign with ${algorithm}, and we take what it signs`, async () => {
    for (let round = 0; round < 20; round += 1) {
      const payload = Buffer.from(`payload ${round}`);
      const input = Buffer.from(
        `${Buffer.from(JSON.stringify({ alg: algorithm })).toString('base64url')}.${payload.toString('base64url')}`,
      );
      const ours = await signJws(signing, input);
      const theirs = await new CompactSign(payload)
        .setProtectedHeader({ alg: algorithm })
        .sign(signing.key);
      const at = theirs.lastIndexOf('.');
      const value = Buffer.from(theirs.slice(at + 1), 'base64url');

      await compactVerify(`${input.toString()}.${ours.toString('base64url')}`, verifying.key);
      assert.equal(await verifyJws(verifying, Buffer.from(theirs.slice(0, at)), value), true);
      assert.equal(await verifyJws(verifying, input, ours), true);
    }
  });

  test(`RFC 7515 §5.2: refuses a changed input, a changed bit, and a value of another length with ${algorithm}`, async () => {
    const input = Buffer.from('header.payload');
    const value = await signJws(signing, input);

    assert.equal(await verifyJws(verifying, Buffer.from('header.payloae'), value), false);
    for (const at of [0, 1, value.length >> 1, value.length - 1]) {
      const changed = Buffer.from(value);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(await verifyJws(verifying, input, changed), false);
    }
    const lengths = [value.subarray(1), value.subarray(0, -1), Buffer.alloc(0), Buffer.of(0)];
    const longer = [Buffer.concat([Buffer.of(0), value]), Buffer.concat([value, Buffer.of(0, 0)])];
    for (const other of [...lengths, ...longer]) {
      assert.equal(await verifyJws(verifying, input, other), false);
    }
  });
}

test('RFC 8017 §8.1.2: a PSS signature that begins with a zero is refused without it', async () => {
  const { signing, verifying } = keysOf('PS256');
  const input = Buffer.from('header.payload');
  let value = await signJws(signing, input);
  // The salt makes each signature another number: one of 256 begins with a zero.
  while (value[0] !== 0) value = await signJws(signing, input);

  assert.equal(await verifyJws(verifying, input, value), true);
  assert.equal(await verifyJws(verifying, input, value.subarray(1)), false);
});

test('RFC 8725 §3.1: neither signs nor verifies with a key of another kind or curve', async () => {
  const input = Buffer.from('input');
  for (const algorithm of ALGORITHMS) {
    for (const other of ALGORITHMS) {
      const [type, otherType] = [algorithm, other].map((name) =>
        /^[RP]S/.test(name) ? 'RSA' : name.startsWith('Ed') ? 'OKP' : name,
      );
      if (type === otherType) continue;
      const { signing, verifying } = keysOf(other);
      await assert.rejects(signJws({ ...signing, algorithm }, input), /not for/);
      await assert.rejects(
        verifyJws({ ...verifying, algorithm }, input, Buffer.alloc(64)),
        /not for/,
      );
    }
  }
});

test('RFC 8725 §3.2: no algorithm off the table, whatever its name', async () => {
  const { signing, verifying } = keysOf('RS256');
  for (const algorithm of ['none', 'HS256', 'RS1', 'constructor', '__proto__', '', 'rs256']) {
    await assert.rejects(signJws({ ...signing, algorithm }, Buffer.from('a')), /no signature/);
    await assert.rejects(
      verifyJws({ ...verifying, algorithm }, Buffer.from('a'), Buffer.from('a')),
      /no signature/,
    );
  }
});

test('RFC 7518 §3.4: the same numbers in longer halves are no second spelling of a signature', async () => {
  for (const [algorithm, bytes] of Object.entries(COORDINATE_BYTES)) {
    const { signing, verifying } = keysOf(algorithm);
    const input = Buffer.from('input');
    const value = await signJws(signing, input);
    const zero = Buffer.of(0);
    const halves = [zero, value.subarray(0, bytes), zero, value.subarray(bytes)];

    assert.equal(await verifyJws(verifying, input, Buffer.concat(halves)), false);
  }
});

test('RFC 7518 §3.4: a signature of zeros, and one of the order itself, is no signature', async () => {
  const { verifying } = keysOf('ES256');
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

  for (const hex of ['00'.repeat(64), order + order, `${'00'.repeat(63)}01`, 'ff'.repeat(64)]) {
    assert.equal(await verifyJws(verifying, Buffer.from('a'), Buffer.from(hex, 'hex')), false);
  }
});

test('Property: r and s keep their value through DER and back, leading zeros and high bits included', () => {
  const octets = fc.oneof(fc.constant(0), fc.constant(0x80), fc.constant(0xff), fc.nat(255));
  for (const bytes of Object.values(COORDINATE_BYTES)) {
    const signatures = fc.array(octets, { minLength: 2 * bytes, maxLength: 2 * bytes });
    fc.assert(
      fc.property(fc.nat(bytes), fc.nat(bytes), signatures, (zerosOfR, zerosOfS, values) => {
        const signature = Buffer.from(values);
        signature.fill(0, 0, zerosOfR);
        signature.fill(0, bytes, bytes + zerosOfS);

        const der = derOfSignature(signature);

        assert.deepEqual(signatureOfDer(der, bytes), signature);
        assert.ok(der.length <= 2 * bytes + 9);
      }),
    );
  }
});

for (const algorithm of ['ES256', 'ES384', 'ES512'] as const) {
  test(`Property: node:crypto converts ${algorithm} as we do, both ways`, () => {
    const { signing, verifying } = keysOf(algorithm);
    const dsaEncoding = 'ieee-p1363';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
        const digest = DIGESTS[algorithm];
        const der = sign(digest, input, signing.key);
        const jws = sign(digest, input, { key: signing.key, dsaEncoding });

        const converted = signatureOfDer(der, COORDINATE_BYTES[algorithm]);
        assert.ok(verify(digest, input, { key: verifying.key, dsaEncoding }, converted));
        assert.ok(verify(digest, input, verifying.key, derOfSignature(jws)));
      }),
      { numRuns: 200 },
    );
  });
}
