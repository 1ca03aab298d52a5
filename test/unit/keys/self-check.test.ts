import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import test from 'node:test';
import { createSamlSigner } from '#src/keys/saml-signer.ts';
import { loadSigningKey } from '#src/keys/signing-key.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const whole = privateKey.export({ format: 'jwk' });

/** The key with another value of some members: what a fault in memory or arithmetic makes of it. */
function damaged(...members: readonly ('d' | 'dp' | 'dq' | 'qi')[]) {
  const key: JsonWebKey = { ...whole };
  for (const member of members) {
    const bytes = Buffer.from(whole[member] ?? '', 'base64url');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 2, bytes.length - 1);
    key[member] = bytes.toString('base64url');
  }
  return createPrivateKey({ key, format: 'jwk' });
}

// Without the comparison in OpenSSL the value would be good for one prime only, and tell the other (Boneh, DeMillo, Lipton).
for (const member of ['dp', 'dq', 'qi'] as const) {
  test(`XML S8: a fault in ${member} does not leave an RSA signer`, async () => {
    const bytes = Buffer.from('<SignedInfo/>');
    const keyObject = damaged(member);
    const signer = createSamlSigner({ algorithm: 'RS256', certificatePem: 'PEM', keyObject });

    const value = await signer.sign(bytes);

    assert.equal(signer.verifiesItself, true);
    assert.ok(verify('sha256', bytes, publicKey, value));
  });
}

test('XML S8: a signer with an EC key says that its signatures are to be verified', () => {
  const { privateKey: keyObject } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

  const signer = createSamlSigner({ algorithm: 'ES256', certificatePem: 'PEM', keyObject });

  assert.equal(signer.verifiesItself, false);
});

test('XML S8: a key whose signatures do not verify is refused at start-up', async () => {
  const pem = damaged('d', 'dp').export({ type: 'pkcs8', format: 'pem' }).toString();
  const entry = { use: 'jwt', algorithm: 'RS256' } as const;

  await assert.rejects(loadSigningKey({ ...entry, pem }), /does not sign as its public half/);
  await loadSigningKey({
    ...entry,
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
});
