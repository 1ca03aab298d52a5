// Certificates in a BinarySecurityToken: one, or a path; and every form that is neither.
import '#test/support/x509/reflect-metadata.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Extension } from '@peculiar/x509';
import { X509_PKI_PATH, X509_V3 } from '#bridge/ws-security/names.ts';
import { parseCertificate, readX509Token } from '#bridge/ws-security/tokens/x509-token.ts';
import { BASE64_BINARY, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { aSequence } from '#test/support/x509/der.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';
import { parse } from '#test/support/xml/refusal.ts';
import { refusedWith } from '../refused-with.ts';

const root = await anAuthority({ name: 'CN=Root' });
const middle = await anAuthority({ name: 'CN=Middle', issuer: root });
const leaf = await aCertificate({ name: 'CN=batch', issuer: middle });

const read = (bytes: Buffer | string, valueType = X509_V3, encoding = BASE64_BINARY) => {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('base64');
  const token = `<wsse:BinarySecurityToken xmlns:wsse="${WSSE_NS}" ValueType="${valueType}" EncodingType="${encoding}">${text}</wsse:BinarySecurityToken>`;
  return readX509Token(parse(token).root).map(({ raw }) => raw);
};
const readPath = (bytes: Buffer) => read(bytes, X509_PKI_PATH);

test('X.509 Token Profile 1.1.1 §3.1: one certificate', () => {
  assert.deepEqual(read(leaf.der), [leaf.der]);
});

test('X.509 Token Profile 1.1.1 §3.1: a PKIPath has the certificate that signs at its end', () => {
  assert.deepEqual(readPath(aSequence(middle.der, leaf.der)), [leaf.der, middle.der]);
  assert.deepEqual(readPath(aSequence(leaf.der)), [leaf.der]);
});

test('X.509 Token Profile 1.1.1 §3.1: a PKIPath of more than 64 KiB', async () => {
  const { der } = await aCertificate({
    extensions: [new Extension('1.2.3.4', false, Buffer.alloc(15 * 1024))],
  });

  assert.equal(readPath(aSequence(der, der, der, der, der)).length, 5);
});

test('xml-security §3: six certificates are the longest path', () => {
  const path = (count: number) => aSequence(...Array.from({ length: count }, () => leaf.der));

  assert.equal(readPath(path(6)).length, 6);
  assert.throws(() => readPath(path(7)), refusedWith('invalid-security-token'));
});

test('xml-security §3: a certificate of more than 16 KiB is not even parsed', () => {
  const sized = (bytes: number) => () => parseCertificate(Buffer.alloc(bytes, 0x30));

  assert.throws(sized(16 * 1024), /no certificate/);
  assert.throws(sized(16 * 1024 + 1), /too large/);
});

test('X.509 Token Profile 1.1.1 §3.1: refuses forms that are left out, by their names', () => {
  for (const name of ['#X509', '#PKCS7'])
    assert.throws(
      () => read(leaf.der, X509_V3.replace('#X509v3', name)),
      refusedWith('unsupported-security-token'),
    );
});

const path = aSequence(middle.der, leaf.der);
const edited = (at: number, byte: number) => {
  const copy = Buffer.from(path);
  copy[at] = byte;
  return copy;
};
for (const [what, bytes] of [
  ['nothing', Buffer.alloc(0)],
  ['a lone byte', Buffer.of(0x30)],
  ['no certificate', aSequence()],
  ['something else than a SEQUENCE', edited(0, 0x31)],
  ['something behind it', Buffer.concat([path, Buffer.of(0)])],
  ['another certificate behind it', Buffer.concat([path, leaf.der])],
  ['its end cut off', path.subarray(0, -1)],
  ['a longer length than there is', edited(3, 0xff)],
  ['the indefinite length', Buffer.concat([Buffer.of(0x30, 0x80), leaf.der, Buffer.of(0, 0)])],
  ['a length that ends early', Buffer.of(0x30, 0x82, 0x01)],
  ['a length of no bytes behind it', Buffer.of(0x30, 0x83)],
  ['a length of four bytes', Buffer.concat([Buffer.of(0x30, 0x84, 0, 0), path.subarray(2)])],
  [
    'a length of seven bytes',
    Buffer.concat([Buffer.of(0x30, 0x87, 0, 0, 0, 0, 0, 0, 2), Buffer.of(5, 0)]),
  ],
  ['a certificate that is none', aSequence(aSequence())],
  ['a certificate that is cut off', aSequence(leaf.der.subarray(0, -1))],
  ['a certificate and a NULL behind it', aSequence(leaf.der, Buffer.of(5, 0))],
] as const)
  test(`X.509 Token Profile 1.1.1 §3.1: refuses a path of ${what}`, () => {
    assert.throws(() => readPath(bytes), refusedWith('invalid-security-token'));
  });

for (const [what, bytes, encoding] of [
  ['of another EncodingType', leaf.der, 'urn:hex'],
  ['that is no base64', '*', undefined],
  ['that is empty', '', undefined],
  ['that is PEM', Buffer.from(leaf.pem), undefined],
  ['with a byte behind it', Buffer.concat([leaf.der, Buffer.of(0)]), undefined],
] as const)
  test(`X.509 Token Profile 1.1.1 §3.1: refuses a certificate ${what}`, () => {
    assert.throws(() => read(bytes, X509_V3, encoding), refusedWith('invalid-security-token'));
  });
