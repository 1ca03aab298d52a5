// Answers that protect themselves, as readers of other stacks go through them: from top to bottom, by the words on each part.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { WSSE_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { attributeOf, elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { openMessage } from '#test/support/soap/encrypted-message.ts';
import { aMessage, client, named, send } from '#test/support/soap/message-security.ts';
import {
  aSecretMessage,
  openAnswer,
  sendSecretly,
  withDerivedKeys,
} from '#test/support/soap/secret-message.ts';

const read = (text: string) => parseXml(Buffer.from(text));
const securityOf = (text: string): XmlElement => {
  const [security, second] = named(read(text).root, 'Security');
  assert.ok(security && !second);
  assert.equal(security.uri, WSSE_NS);
  return security;
};
const outline = (parent: XmlElement) =>
  elementsOf(parent).map((child) => [child.local, attributeOf(child, 'Type')]);
const PARTS = [
  ['EncryptedData', `${XENC_NS}Element`],
  ['EncryptedData', `${XENC_NS}Element`],
] as const;
const bodyOf = (text: string): XmlElement => named(read(text).root, 'Body')[0] ?? assert.fail();

/** The element that the KeyInfo of the answer's signature refers to by an id; undefined where it does not. */
function signerOf(opened: string): XmlElement | undefined {
  const { ids, root } = read(opened);
  const [signature] = named(root, 'Signature');
  const [keyInfo] = elementsOf(signature ?? assert.fail()).filter(
    ({ local }) => local === 'KeyInfo',
  );
  const [reference] = named(keyInfo ?? assert.fail(), 'Reference');
  return reference && ids.get((attributeOf(reference, 'URI') ?? '').slice(1));
}

test('WSS 1.1.1 §5, §9: in an answer under a certificate each key comes before what it opens or signs, each part says what it is', async () => {
  const { body } = await send(aMessage());

  assert.deepEqual(outline(securityOf(body)), [
    ['Timestamp', undefined],
    ['BinarySecurityToken', undefined],
    ['EncryptedKey', undefined],
    ...PARTS,
  ]);
  assert.deepEqual(outline(bodyOf(body)), [['EncryptedData', `${XENC_NS}Content`]]);
  const opened = openMessage(body, client.privateKey);
  assert.equal(signerOf(opened)?.local, 'BinarySecurityToken');
  const found = outline(securityOf(opened)).map(([local]) => local);
  assert.deepEqual(found.slice(-2), ['SignatureConfirmation', 'Signature']);
});

test('X.509 Token Profile 1.1.1 §3.2: the key of an answer is for the certificate of its reader, which it names by a thumbprint', async () => {
  const { body } = await send(aMessage());

  const [key] = named(securityOf(body), 'EncryptedKey');
  const [identifier] = named(key ?? assert.fail(), 'KeyIdentifier');
  assert.deepEqual(identifier?.children, [hash('sha1', client.der, 'base64')]);
  assert.match(attributeOf(identifier, 'ValueType') ?? '', /#ThumbprintSHA1$/);
});

test('ws-trust §4: an answer is encrypted as its request was', async () => {
  const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
  for (const [bytes, method] of [
    [32, `${XENC11}aes256-gcm`],
    [16, `${XENC11}aes128-gcm`],
  ] as const) {
    const { body } = await send(aMessage({ encryption: { secret: randomBytes(bytes), method } }));

    const methods = named(read(body).root, 'EncryptedData').map((data) =>
      attributeOf(elementsOf(data)[0] ?? assert.fail(), 'Algorithm'),
    );
    assert.deepEqual(methods, [method, method, method]);
  }
});

for (const [what, wishesOf, before, signer] of [
  ['a secret', (secret: Buffer) => ({ secret }), [], undefined],
  [
    'derived keys',
    (secret: Buffer) => withDerivedKeys(secret),
    ['DerivedKeyToken', 'DerivedKeyToken'],
    'DerivedKeyToken',
  ],
] as const)
  test(`WSS 1.1.1 §5, §9: in an answer under ${what} each key comes before what it opens or signs, each part says what it is`, async () => {
    const secret = randomBytes(32);

    const { body } = await sendSecretly(aSecretMessage(wishesOf(secret)));

    assert.deepEqual(outline(securityOf(body)), [
      ['Timestamp', undefined],
      ...before.map((local) => [local, undefined]),
      ['ReferenceList', undefined],
      ...PARTS,
    ]);
    assert.deepEqual(outline(bodyOf(body)), [['EncryptedData', `${XENC_NS}Content`]]);
    assert.equal(signerOf(openAnswer(body, secret))?.local, signer);
  });
