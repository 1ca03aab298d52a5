import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createCertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import { parseCertificate } from '#bridge/ws-security/tokens/x509-token.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const made = await Promise.all([1, 2, 3].map(() => aCertificate({ algorithm: 'RSA' })));
const [first, second, third] = made.map(({ der }) => der);
assert.ok(first && second && third);
const keep = (memory: ReturnType<typeof createCertificateMemory>, der: Buffer): X509Certificate => {
  const certificate = new X509Certificate(der);
  memory.keep(certificate);
  return certificate;
};

test('xml-security §4: a certificate that was kept is the same object when its bytes come again', () => {
  const memory = createCertificateMemory();
  const certificate = keep(memory, first);

  assert.equal(parseCertificate(Buffer.from(first), memory), certificate);
  assert.equal(memory.keyOf(certificate), memory.keyOf(certificate));
});

test('xml-security §4: what was only read is not remembered: anybody can send a certificate', () => {
  const memory = createCertificateMemory();

  const read = parseCertificate(first, memory);
  memory.keyOf(read);

  assert.equal(memory.recall(first), undefined);
  assert.notEqual(parseCertificate(first, memory), read);
});

test('xml-security §4: bytes around a certificate that is kept are refused all the same', () => {
  const memory = createCertificateMemory();
  keep(memory, first);

  for (const der of [Buffer.concat([first, Buffer.of(0)]), first.subarray(0, -1)])
    assert.throws(() => parseCertificate(der, memory), /certificate/);
});

test('xml-security §3: the memory is bounded, and what was not used for longest goes first', () => {
  const memory = createCertificateMemory(2);
  keep(memory, first);
  keep(memory, second);
  memory.recall(first);
  keep(memory, third);

  assert.deepEqual(
    [first, second, third].map((der) => memory.recall(der) !== undefined),
    [true, false, true],
  );
});

test('xml-security §3: the memory is bounded where nobody says how large it is', () => {
  const memory = createCertificateMemory();
  keep(memory, first);

  // It goes by the bytes alone.
  for (let count = 0; count < 1000; count += 1)
    memory.keep({ raw: Buffer.from(String(count)) } as X509Certificate);

  assert.equal(memory.recall(first), undefined);
});
