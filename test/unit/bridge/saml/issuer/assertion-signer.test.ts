// From our signing keys to the signer of an assertion: identifiers, the certificate, and who checks a signature.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSignerSource } from '#bridge/saml/issuer/assertion-signer.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { aCertifiedKey, assertRefused, NOW, signingKeysOf } from '#test/support/saml/saml.ts';

const key = await aCertifiedKey();
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const bytes = Buffer.from('to be signed');
const signerOf = (algorithm: string) => signingKeysOf(key, algorithm).samlSigner(NOW);

for (const [algorithm, identifier] of [
  ['RS256', `${MORE}rsa-sha256`],
  ['RS384', `${MORE}rsa-sha384`],
  ['RS512', `${MORE}rsa-sha512`],
  ['ES256', `${MORE}ecdsa-sha256`],
  ['ES384', `${MORE}ecdsa-sha384`],
] as const)
  test(`RFC 9231 §2.3: ${algorithm} is ${identifier}`, () => {
    const { signer } = createSignerSource(signingKeysOf(key, algorithm))({ issuedAt: NOW });

    assert.equal(signer.algorithm, identifier);
  });

test('SAML issue: the key is that of the algorithm and of the instant of the decision', () => {
  const asked: unknown[] = [];
  const signingFor = createSignerSource({
    samlSigner(...wanted) {
      asked.push(wanted);
      return signerOf('RS256');
    },
  });

  signingFor({ issuedAt: NOW, algorithm: 'ES256' });
  signingFor({ issuedAt: NOW + 1 });

  assert.deepEqual(asked, [
    [NOW, 'ES256'],
    [NOW + 1, undefined],
  ]);
});

test('xml-security S9: a certificate is parsed once, another has a KeyInfo of its own', async () => {
  const keys = [key, await aCertifiedKey(), key];
  const signingFor = createSignerSource({
    samlSigner: (now) => signingKeysOf(keys[now] ?? key).samlSigner(now),
  });

  const [first, other, again] = [0, 1, 2].map((issuedAt) => signingFor({ issuedAt }).keyInfo);

  assert.equal(again, first);
  assert.notDeepEqual(other, first);
});

test('xml-security S8: a wrong signature is held back, unless its key checks each itself', async () => {
  const wrong = new Uint8Array(256);
  const signing = async (verifiesItself?: boolean) => {
    const faulty = {
      ...signerOf('RS256'),
      sign: async () => wrong,
      ...(verifiesItself !== undefined && { verifiesItself }),
    };
    const { signer } = createSignerSource({ samlSigner: () => faulty })({ issuedAt: NOW });
    return signer.sign(bytes);
  };

  for (const verifiesItself of [undefined, false])
    await assert.rejects(signing(verifiesItself), XmlFailure);
  assert.equal(await signing(true), wrong);
});

test('SAML issue: a key that cannot be used is a dependency that is away', async () => {
  const away = {
    ...signerOf('RS256'),
    sign: async () => {
      throw new Error('HSM away');
    },
  };
  const { signer } = createSignerSource({ samlSigner: () => away })({ issuedAt: NOW });

  await assertRefused(() => signer.sign(bytes), 'dependency-unavailable');
});
