// How an answer names its keys, to the byte: clients find them by these words only.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { keysOfCertificates, keysOfSecret } from '#bridge/ws-security/encryption/answer-keys.ts';
import { WSC_13_NS, WSC_2005_NS } from '#bridge/ws-security/names.ts';
import { element } from '#bridge/xml/canonical/markup.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { createRecipient } from '#bridge/xml/encryption/encrypt.ts';
import { WSSE_NS, WSSE11_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { client, publicKeyOf, signer, signing } from '#test/support/soap/message-security.ts';
import { BASE64_BINARY, X509_PROFILE } from '#test/support/soap/signed-message.ts';

const WSS11 = 'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1';
const reference = (form: string, declared = '', type = '') =>
  `<wsse:SecurityTokenReference xmlns:wsse="${WSSE_NS}"${declared}${type}>${form}</wsse:SecurityTokenReference>`;
const parts = [
  { id: 'a', type: 'element', plain: element({ prefix: 'x', uri: 'urn:x', local: 'a' }, [], []) },
  { id: 'b', type: 'content', plain: element({ prefix: 'x', uri: 'urn:x', local: 'b' }, [], []) },
] as const;

test('X.509 Token Profile 1.1.1 §3.2.1: the certificate that signs goes with the answer, is signed, and is what the signature names', () => {
  const recipient = createRecipient({ publicKey: publicKeyOf(client) });

  const keys = keysOfCertificates({ signer, certificate: signing.der }, recipient);

  const [token, ...others] = keys.tokens;
  assert.ok(token && others.length === 0);
  assert.equal(
    writeCanonical(token).text,
    `<wsse:BinarySecurityToken xmlns:wsse="${WSSE_NS}" xmlns:wsu="${WSU_NS}" EncodingType="${BASE64_BINARY}" ValueType="${X509_PROFILE}#X509v3" wsu:Id="signing-certificate">${signing.der.toString('base64')}</wsse:BinarySecurityToken>`,
  );
  assert.deepEqual(keys.signedTokens, [{ id: 'signing-certificate', element: token }]);
  assert.equal(keys.signer, signer);
  assert.equal(
    writeCanonical(keys.reference).text,
    reference(
      `<wsse:Reference URI="#signing-certificate" ValueType="${X509_PROFILE}#X509v3"></wsse:Reference>`,
    ),
  );
});

test('WSS 1.1.1 §9.3: one key lists all that is encrypted with it, and each part names that key', () => {
  const { encrypt } = keysOfCertificates(
    { signer, certificate: signing.der },
    createRecipient({ publicKey: publicKeyOf(client) }),
  );

  const { data, opener } = encrypt(parts);

  const key = writeCanonical(opener).text;
  assert.match(key, /^<xenc:EncryptedKey [^>]*Id="key"/);
  assert.deepEqual(key.match(/(?<=<xenc:DataReference URI=")[^"]+/g), ['#a', '#b']);
  for (const each of data) assert.match(writeCanonical(each).text, /URI="#key"/);
});

const WRAPPED = Buffer.from('as it came');
const SECRET = Buffer.alloc(32, 3);
const NAME = `<wsse:KeyIdentifier EncodingType="${BASE64_BINARY}" ValueType="${WSS11}#EncryptedKeySHA1">${createHash('sha1').update(WRAPPED).digest('base64')}</wsse:KeyIdentifier>`;

test('WSS 1.1.1 §7.7: the secret of a request is named by the hash of what it came as', () => {
  const keys = keysOfSecret({ value: SECRET, wrapped: WRAPPED, content: 'aes256-gcm' });

  assert.equal(
    writeCanonical(keys.reference).text,
    reference(NAME, ` xmlns:wsse11="${WSSE11_NS}"`, ` wsse11:TokenType="${WSS11}#EncryptedKey"`),
  );
  assert.deepEqual([keys.tokens, keys.signedTokens], [[], []]);
  const { data, opener } = keys.encrypt(parts);
  assert.match(writeCanonical(opener).text, /^<xenc:ReferenceList .*#a.*#b/);
  for (const each of data) assert.ok(writeCanonical(each).text.includes(NAME));
});

for (const wsc of [WSC_13_NS, WSC_2005_NS])
  test(`WS-SecureConversation 1.3 §7: keys that are derived of it are named by their tokens, in ${wsc}`, () => {
    const derivation = { wsc, bytes: 32 };
    const keys = keysOfSecret({
      value: SECRET,
      wrapped: WRAPPED,
      content: 'aes256-gcm',
      signing: derivation,
      encryption: derivation,
    });

    const tokens = keys.tokens.map((token) => writeCanonical(token).text);
    assert.deepEqual(
      tokens.map((token) => /wsu:Id="([^"]+)"/.exec(token)?.[1]),
      ['signing-key', 'encryption-key'],
    );
    for (const token of tokens) assert.ok(token.includes(NAME));
    const named = (id: string) =>
      `<wsse:Reference URI="#${id}" ValueType="${wsc}/dk"></wsse:Reference>`;
    assert.equal(writeCanonical(keys.reference).text, reference(named('signing-key')));
    for (const each of keys.encrypt(parts).data)
      assert.ok(writeCanonical(each).text.includes(named('encryption-key')));
  });
