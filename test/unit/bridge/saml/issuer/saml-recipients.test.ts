// Assertions for several relying parties of one issuer: each is encrypted to its own key, in the way its own record says.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { createKeyUnwrapper, decryptXml } from '#bridge/xml/encryption/decrypt.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { Encryption } from '#core/token/token-spec.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  aSamlSpec,
  type CertifiedKey,
  signingKeysOf,
} from '#test/support/saml/saml.ts';

const key = await aCertifiedKey();
const [billing, orders] = [await aCertifiedKey(), await aCertifiedKey()];
const WAYS = [
  ['aes256-gcm', 'rsa-oaep-sha256', 'xmlenc11#aes256-gcm', 'xmlenc11#rsa-oaep'],
  ['aes128-gcm', 'rsa-oaep-sha256', 'xmlenc11#aes128-gcm', 'xmlenc11#rsa-oaep'],
  ['aes256-gcm', 'rsa-oaep-mgf1p', 'xmlenc11#aes256-gcm', 'xmlenc#rsa-oaep-mgf1p'],
] as const;

test('XML §7: one issuer encrypts to each relying party, by its key and in its way', async () => {
  const issuer = anOwnIssuer(signingKeysOf(key));
  const issue = async (encryption: Encryption) =>
    (await issuer.issue(aSamlSpec({ type: 'saml1', encryption }))).text;
  const open = (text: string, { privatePem }: CertifiedKey) =>
    decryptXml(parseXml(Buffer.from(text)).root, [
      createKeyUnwrapper(createPrivateKey(privatePem)),
    ]);

  // Twice, so that what is remembered of one is there when it is the turn of another.
  for (const [content, keyTransport, ...names] of [...WAYS, ...WAYS])
    for (const [party, other] of [
      [billing, orders],
      [orders, billing],
    ] as const) {
      const text = await issue({ certificate: party.certificatePem, content, keyTransport });

      assert.equal((await open(text, party)).root.local, 'Assertion');
      await assert.rejects(open(text, other));
      for (const name of names) assert.ok(text.includes(`${name}"`), name);
    }
});

test('WSS 1.1.1 §7.3: in an answer of SOAP a key tells its recipient by a thumbprint, elsewhere by the certificate, as SAML does', async () => {
  const encryption: Encryption = {
    certificate: billing.certificatePem,
    content: 'aes256-gcm',
    keyTransport: 'rsa-oaep-sha256',
  };
  const thumbprint = createHash('sha1').update(billing.certificateDer).digest('base64');
  // Basic Security Profile R3070: the encoding is named.
  const identifier = `#Base64Binary" ValueType="http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1">${thumbprint}</wsse:KeyIdentifier>`;

  for (const [tokenShape, named] of [
    ['default', `<ds:X509Certificate>${billing.certificateDer.toString('base64')}<`],
    ['soap', identifier],
    ['vcenter', identifier],
  ] as const) {
    const issuer = anOwnIssuer(signingKeysOf(key));

    const { text } = await issuer.issue(aSamlSpec({ encryption, tokenShape }));

    assert.ok(text.includes(named), text);
    assert.equal(text.match(/<ds:X509Certificate>|ThumbprintSHA1/g)?.length, 1);
  }
});
