// `cnf` of tokens with a key: what is written, what the relying party gets out of it, what is refused.
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import test from 'node:test';
import { calculateJwkThumbprint, compactDecrypt, decodeJwt } from 'jose';
import type { ClaimValue } from '#core/claims/claim.ts';
import { type Confirmation, isConfirmed } from '#core/token/confirmation.ts';
import type { Encryption } from '#core/token/token-spec.ts';
import { createJwtIssuer } from '#src/tokens/jwt/jwt-issuer.ts';
import { aForeignIssuer } from '#test/support/jwt/jwt.ts';
import { ownTrust, trustIn, validating } from '#test/support/jwt/jwt-terms.ts';
import { aCertifiedKey, aSamlSpec } from '#test/support/saml/saml.ts';

const us = await aForeignIssuer({ issuer: 'https://sts.example' });
const partner = await aForeignIssuer();
const party = await aCertifiedKey();
const validate = validating({ own: ownTrust(us), trusted: [trustIn(partner)] });
const issuer = createJwtIssuer({
  jwtSigningKey: (algorithm) => ({ kid: us.kid, algorithm, key: us.privateKey }),
});
const secret = randomBytes(16);
const SYMMETRIC: Confirmation = {
  method: 'symmetric-key',
  thumbprint: 'x',
  secret: { base64: secret.toString('base64'), sizeBits: 128 },
};

async function issue(confirmation: Confirmation, keyEncryption?: Encryption): Promise<string> {
  const spec = aSamlSpec({ type: 'jwt', algorithm: 'ES256', issuer: us.issuer, confirmation });
  return (await issuer.issue({ ...spec, ...(keyEncryption && { keyEncryption }) })).text;
}

for (const [keyTransport, content, alg, enc] of [
  ['rsa-oaep-sha256', 'aes256-gcm', 'RSA-OAEP-256', 'A256GCM'],
  ['rsa-oaep-mgf1p', 'aes128-gcm', 'RSA-OAEP', 'A128GCM'],
] as const)
  test(`RFC 7800 §3.3: a secret goes to the relying party as a JWE by ${alg}`, async () => {
    const certificate = party.certificatePem;

    const text = await issue(SYMMETRIC, { certificate, keyTransport, content });

    const { cnf } = decodeJwt<{ cnf: { jwe: string } }>(text);
    assert.deepEqual(Object.keys(cnf), ['jwe']);
    const opened = await compactDecrypt(cnf.jwe, createPrivateKey(party.privatePem));
    assert.deepEqual(opened.protectedHeader, { alg, enc, cty: 'jwk+json' });
    assert.deepEqual(JSON.parse(new TextDecoder().decode(opened.plaintext)), {
      kty: 'oct',
      k: secret.toString('base64url'),
    });
    const { confirmation } = await validate(text);
    assert.deepEqual(confirmation, { method: 'symmetric-key' });
    assert.equal(isConfirmed(confirmation, SYMMETRIC), false);
  });

test('RFC 7800 §3.3: a secret without recipient, or a recipient without secret, is refused', async () => {
  const encryption: Encryption = {
    certificate: party.certificatePem,
    content: 'aes256-gcm',
    keyTransport: 'rsa-oaep-sha256',
  };

  await assert.rejects(issue(SYMMETRIC), { reason: 'confirmation-missing' });
  await assert.rejects(issue({ method: 'symmetric-key' }, encryption), {
    reason: 'confirmation-missing',
  });
});

for (const [what, pair] of [
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
] as const)
  test(`RFC 7800 §3.2: a ${what} key in cnf is known by its thumbprint, whatever else is told of it`, async () => {
    const jwk = pair.publicKey.export({ format: 'jwk' });
    const member: ClaimValue = { ...(jwk as Record<string, string>), kid: 'k', use: 'sig' };

    const { confirmation } = await validate(partner.sign({ cnf: { jwk: member } }));

    assert.deepEqual(confirmation, {
      method: 'public-key',
      jwk,
      jwkThumbprint: await calculateJwkThumbprint(jwk),
    });
  });

const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
const okp = generateKeyPairSync('ed25519').publicKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
for (const [what, cnf] of [
  ['a private key', { jwk: ec.export({ format: 'jwk' }) }],
  ['a secret in the clear', { jwk: { kty: 'oct', k: 'AAAA' } }],
  ['a weak key', { jwk: weak.export({ format: 'jwk' }) }],
  ['a key of another kind', { jwk: okp.export({ format: 'jwk' }) }],
  ['a key off its curve', { jwk: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } }],
  ['a key that is no object', { jwk: 'x' }],
  ['a JWE of four parts', { jwe: 'a.b.c.d' }],
  ['a JWE as an object', { jwe: {} }],
] as const)
  test(`RFC 7800 §3: refuses ${what} as confirmation`, async () => {
    await assert.rejects(validate(partner.sign({ cnf: cnf as ClaimValue })), {
      reason: 'token-malformed',
    });
  });
