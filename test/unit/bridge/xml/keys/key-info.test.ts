// A key that a KeyInfo names (XMLDSig 1.1 §4.5): what is written is read back, and nothing is taken for a key that is none.
import assert from 'node:assert/strict';
import { createECDH, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { readKeyInfo, writeKeyInfo } from '#bridge/xml/keys/key-info.ts';
import { nameCertificate, nameKey } from '#bridge/xml/keys/public-key.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

const P_256 = 'urn:oid:1.2.840.10045.3.1.7';
const P_384 = 'urn:oid:1.3.132.0.34';

const aKeyInfo = (content: string) =>
  parse(
    `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:e="http://www.w3.org/2009/xmldsig11#">${content}</ds:KeyInfo>`,
  ).root;
const anEcKey = (curve: string, point: Uint8Array) =>
  `<ds:KeyValue><e:ECKeyValue><e:NamedCurve URI="${curve}"/><e:PublicKey>${Buffer.from(point).toString('base64')}</e:PublicKey></e:ECKeyValue></ds:KeyValue>`;

function aPoint(): Buffer {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return pair.getPublicKey();
}

for (const [name, publicKey] of [
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
  ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey],
] as const)
  test(`XMLDSig 1.1 §4.5.2: a key value of ${name} that is written is read back`, () => {
    const key = nameKey(publicKey);

    const written = toWireBytes(writeKeyInfo(key)).toString('latin1');

    assert.deepEqual(readKeyInfo(parse(written).root), key);
  });

test('XMLDSig 1.1 §4.5.2.3.1: a point is uncompressed, as long as its curve wants it, and of a curve that we know', () => {
  const point = aPoint();
  const compressed = Buffer.from(point);
  compressed.writeUInt8(2);

  readKeyInfo(aKeyInfo(anEcKey(P_256, point)));
  for (const [curve, octets] of [
    ['urn:oid:1.3.132.0.10', point],
    ['', point],
    [P_384, point],
    [P_256, compressed],
    [P_256, point.subarray(0, 33)],
    [P_256, point.subarray(0, 64)],
    [P_256, Buffer.concat([point, Buffer.alloc(1)])],
    [P_256, Buffer.alloc(0)],
  ] as const)
    assertRefused(() => readKeyInfo(aKeyInfo(anEcKey(curve, octets))), 'key-refused');
});

test('XMLDSig 1.1 §4.5.2.3: a key on a curve that has no name here is not written', () => {
  const { jwk } = nameKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
  assert.equal(jwk.kty, 'EC');

  assertRefused(() => writeKeyInfo({ jwk: { ...jwk, crv: 'secp256k1' } }), 'key-refused');
});

test('XMLDSig 1.1 §4.5.2.3.1: a coordinate keeps its leading zeros: without them it would be another spelling of the key', () => {
  let point = aPoint();
  while (point[33] !== 0) point = aPoint();
  const short = Buffer.concat([point.subarray(0, 33), point.subarray(34)]);

  readKeyInfo(aKeyInfo(anEcKey(P_256, point)));
  assertRefused(() => readKeyInfo(aKeyInfo(anEcKey(P_256, short))), 'key-refused');
});

for (const algorithm of ['RSA', 'P-256', 'P-384'] as const)
  test(`XMLDSig 1.1 §4.5: a certificate and a key value in one KeyInfo are about one key: ${algorithm}`, async () => {
    const [one, other] = await Promise.all([
      aCertificate({ algorithm }),
      aCertificate({ algorithm }),
    ]);
    const data = `<ds:X509Data><ds:X509Certificate>${one.der.toString('base64')}</ds:X509Certificate></ds:X509Data>`;
    const valueOf = ({ privateKey }: typeof one): string =>
      toWireBytes(writeKeyInfo(nameKey(createPublicKey(privateKey))))
        .toString('latin1')
        .replace(/^<ds:KeyInfo[^>]*>|<\/ds:KeyInfo>$/g, '');

    const named = nameCertificate(new X509Certificate(one.der));
    assert.deepEqual(readKeyInfo(aKeyInfo(data + valueOf(one))), named);
    assert.deepEqual(readKeyInfo(aKeyInfo(valueOf(one) + data)), named);
    assertRefused(() => readKeyInfo(aKeyInfo(data + valueOf(other))), 'key-refused');
  });

test('SEC 1 §3.2.2.1: a point that is not on its curve is no key', () => {
  const point = aPoint();
  point.writeUInt8(point.readUInt8(64) ^ 1, 64);

  assertRefused(() => readKeyInfo(aKeyInfo(anEcKey(P_256, point))), 'key-refused');
});

test('XMLDSig 1.1 §4.5.2: a KeyValue has one key, of a kind that we know', () => {
  const ec = anEcKey(P_256, aPoint());
  const twice = ec.replace(/<e:ECKeyValue>.*<\/e:ECKeyValue>/, '$&$&');

  for (const content of ['<ds:KeyValue/>', '<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>', twice])
    assertRefused(() => readKeyInfo(aKeyInfo(content)), 'key-refused');
  assertRefused(() => readKeyInfo(aKeyInfo('<ds:KeyName>key</ds:KeyName>')), 'key-refused');
});

for (const [kind, publicKey] of [
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ['EC', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
] as const)
  test(`XMLDSig 1.1 §4.5.2: a key value of ${kind} holds the two parts of its key, and nothing that nobody reads`, () => {
    const written = toWireBytes(writeKeyInfo(nameKey(publicKey))).toString('latin1');
    const more = written.replace(/<\/\w+:(?:RSA|EC)KeyValue>/, '<x xmlns="urn:x"></x>$&');

    assert.notEqual(more, written);
    assertRefused(() => readKeyInfo(parse(more).root), 'element-unexpected');
  });
