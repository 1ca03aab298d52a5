// Assertions bound to a key: what the issuer writes is what the validator reads, and what nobody can prove stays unproved.

import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createKeyUnwrapper, decryptKey } from '#bridge/xml/encryption/decrypt.ts';
import { nameCertificate, nameKey } from '#bridge/xml/keys/public-key.ts';
import { XENC_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { type Confirmation, isConfirmed } from '#core/token/confirmation.ts';
import type { Encryption } from '#core/token/token-spec.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlSpec,
  assertRefused,
  asText,
  signingKeysOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const key = await aCertifiedKey();
const party = await aCertifiedKey();
const holder = await aCertifiedKey();
const issuer = anOwnIssuer(signingKeysOf(key));
const certified = nameCertificate(new X509Certificate(holder.certificatePem));
const ec = (namedCurve: string): Confirmation =>
  nameKey(generateKeyPairSync('ec', { namedCurve }).publicKey);
const secret = randomBytes(32);
const SYMMETRIC: Confirmation = {
  method: 'symmetric-key',
  thumbprint: 'x',
  secret: { base64: secret.toString('base64'), sizeBits: 256 },
};
const toParty: Encryption = {
  certificate: party.certificatePem,
  content: 'aes256-gcm',
  keyTransport: 'rsa-oaep-sha256',
};

function encryptedKeysIn(element: XmlElement): readonly XmlElement[] {
  if (isNamed(element, XENC_NS, 'EncryptedKey')) return [element];
  return element.children.flatMap((child) =>
    typeof child === 'string' ? [] : encryptedKeysIn(child),
  );
}

test('SAML Core 2.0 §2.5.1.6: how often others may be made of it stands first among the conditions', async () => {
  const actors = [{ issuer: 'urn:x', id: 'broker' }];
  for (const delegations of [0, 4]) {
    const { text } = await issuer.issue(aSamlSpec({ actors, delegations }));

    assert.match(
      text,
      new RegExp(
        `<saml:Conditions [^>]*><saml:ProxyRestriction Count="${delegations}"></saml:ProxyRestriction><saml:Condition `,
      ),
    );
    assert.equal(
      (await anOwnValidator(key).validate(asText('saml2', text))).delegations,
      delegations,
    );
  }
});

for (const [tokenShape, prefix] of [
  ['default', 'saml:'],
  ['soap', 'saml:'],
  ['adfs', ''],
  ['vcenter', 'saml2:'],
] as const)
  test(`SAML Core 2.0 §2.4.1.3: the data of a holder-of-key is of the type for keys, with no end and no recipient, in the shape ${tokenShape}`, async () => {
    const { text } = await issuer.issue(aSamlSpec({ tokenShape, confirmation: certified }));

    const [data = ''] = /<(?:saml2?:)?SubjectConfirmation .*?<ds:KeyInfo[ >]/.exec(text) ?? [];
    assert.equal(
      data.slice(0, -1),
      `<${prefix}SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"><${prefix}SubjectConfirmationData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${prefix}KeyInfoConfirmationDataType"><ds:KeyInfo`,
    );
  });

for (const type of VERSIONS) {
  const issue = async (confirmation: Confirmation, keyEncryption?: Encryption): Promise<string> =>
    (await issuer.issue(aSamlSpec({ type, confirmation, ...(keyEncryption && { keyEncryption }) })))
      .text;

  for (const [what, confirmation] of [
    ['certificate', certified],
    ['RSA key', nameKey(holder.publicKey)],
    ['key on P-256', ec('P-256')],
    ['key on P-384', ec('P-384')],
    ['key on P-521', ec('P-521')],
  ] as const)
    test(`SAML ${type} holder-of-key: a ${what} is written and read back`, async () => {
      const text = await issue(confirmation);

      const facts = await anOwnValidator(key).validate(asText(type, text));

      assert.deepEqual(facts.confirmation, confirmation);
      assert.match(text, /:cm:holder-of-key/);
      assert.doesNotMatch(text, /:cm:bearer/);
    });

  for (const keyTransport of ['rsa-oaep-sha256', 'rsa-oaep-mgf1p'] as const)
    test(`SAML ${type} holder-of-key: a secret goes to the relying party by ${keyTransport}`, async () => {
      const text = await issue(SYMMETRIC, { ...toParty, keyTransport });

      const keys = encryptedKeysIn(parseXml(Buffer.from(text)).root);
      const unwrapper = createKeyUnwrapper(createPrivateKey(party.privatePem));
      assert.equal(keys.length, 1);
      for (const each of keys) {
        const opened = await decryptKey(each, [unwrapper], { minBytes: 16, maxBytes: 64 });
        assert.deepEqual(Buffer.from(opened), secret);
      }
      assert.ok(!text.includes(secret.toString('base64')));
    });

  test(`SAML ${type} E5: a secret we encrypted to another is proved by nobody`, async () => {
    const text = await issue(SYMMETRIC, toParty);

    const { confirmation } = await anOwnValidator(key).validate(asText(type, text));

    assert.deepEqual(confirmation, { method: 'symmetric-key' });
    for (const proved of [SYMMETRIC, confirmation, certified, { method: 'bearer' }] as const)
      assert.equal(isConfirmed(confirmation, proved), false);
  });

  test(`SAML ${type} holder-of-key: what cannot be written is refused, never left out`, async () => {
    for (const confirmation of [
      { method: 'public-key', jwkThumbprint: 'x' },
      { method: 'public-key', certificateThumbprint: 'x' },
      { method: 'symmetric-key', thumbprint: 'x' },
    ] as const)
      await assertRefused(() => issue(confirmation, toParty), 'confirmation-missing');
    await assertRefused(() => issue(SYMMETRIC), 'confirmation-missing');
  });
}
