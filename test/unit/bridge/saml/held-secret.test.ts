// Where the secret of an assertion stands: in its confirmation, once, and nowhere else.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createSecretFinder, encryptedSecretOf } from '#bridge/saml/held-secret.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptKey } from '#bridge/xml/encryption/encrypt.ts';
import { DS_NS, SAML2_NS, SAML11_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { textOf } from '#bridge/xml/reader.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

const keyInfo = (content: string) => `<d:KeyInfo xmlns:d="${DS_NS}">${content}</d:KeyInfo>`;
const secret = (text: string) =>
  keyInfo(`<e:EncryptedKey xmlns:e="${XENC_NS}">${text}</e:EncryptedKey>`);
const find = (namespace: string, content: string) => {
  const found = encryptedSecretOf(
    parse(`<Assertion xmlns="${namespace}">${content}</Assertion>`).root,
  );
  return found && textOf(found);
};

const confirmation2 = (content: string) =>
  `<SubjectConfirmation><SubjectConfirmationData>${content}</SubjectConfirmationData></SubjectConfirmation>`;
const assertion = (content: string) =>
  parse(`<Assertion xmlns="${SAML2_NS}"><Subject>${confirmation2(content)}</Subject></Assertion>`)
    .root;
const saml2 = (...confirmations: readonly string[]) =>
  find(SAML2_NS, `<Subject>${confirmations.join('')}</Subject>`);
const statement = (local: string, content: string) =>
  `<${local}><Subject><SubjectConfirmation>${content}</SubjectConfirmation></Subject></${local}>`;
const saml1 = (authentication: string, attributes: string) =>
  find(
    SAML11_NS,
    statement('AuthenticationStatement', authentication) +
      statement('AttributeStatement', attributes),
  );

test('SAML Token Profile 1.1.1 §3.5.1: the secret of a confirmation, in either version, in any statement', () => {
  assert.equal(saml2(confirmation2(secret('a'))), 'a');
  assert.equal(saml2(confirmation2(''), confirmation2(secret('a'))), 'a');
  assert.equal(saml1(secret('a'), ''), 'a');
  assert.equal(saml1('', secret('a')), 'a');
  assert.equal(saml1(secret('a'), secret('a')), 'a');
});

test('SAML Token Profile 1.1.1 §3.5.1: where there is no secret, or one that is none for us, none is found', async () => {
  const findSecret = createSecretFinder([]);
  const assertion = (content: string) =>
    parse(`<Assertion xmlns="${SAML2_NS}"><Subject>${confirmation2(content)}</Subject></Assertion>`)
      .root;

  for (const content of ['', secret('a')])
    assert.equal(await findSecret({ element: assertion(content) }), undefined);
});

test('xml-security §7: a secret has between 16 and 64 bytes', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const findSecret = createSecretFinder([createKeyUnwrapper(privateKey)]);
  const recipient = createRecipient({ publicKey });
  const found = [15, 16, 64, 65].map(async (bytes) => {
    const encrypted = toWireBytes(encryptKey(Buffer.alloc(bytes, 1), recipient)).toString();
    return (await findSecret({ element: assertion(keyInfo(encrypted)) }))?.byteLength;
  });

  assert.deepEqual(await Promise.all(found), [undefined, 16, 64, undefined]);
});

test('SAML Token Profile 1.1.1 §3.5.1: of two secrets none is taken', () => {
  const cipher = (value: string) =>
    secret(`<e:CipherData><e:CipherValue>${value}</e:CipherValue></e:CipherData>`);

  assertRefused(() => saml1(secret('a'), secret('b')), 'element-repeated');
  assertRefused(() => saml1(cipher('a'), cipher('b')), 'element-repeated');
  assertRefused(
    () => saml2(confirmation2(secret('a')), confirmation2(secret('b'))),
    'element-repeated',
  );
  assertRefused(
    () => saml2(confirmation2(secret('a') + secret('a') + secret('b'))),
    'element-repeated',
  );
});

test('xml-security V12: a key elsewhere in an assertion is no secret of its holder', () => {
  for (const namespace of [SAML2_NS, SAML11_NS])
    for (const content of [
      secret('a'),
      `<Advice>${secret('a')}</Advice>`,
      `<Subject>${secret('a')}</Subject>`,
    ])
      assert.equal(find(namespace, content), undefined);
  assert.equal(find('urn:x', `<Subject>${confirmation2(secret('a'))}</Subject>`), undefined);
  assert.equal(find(SAML11_NS, `<Subject>${confirmation2(secret('a'))}</Subject>`), undefined);
});
