// Extensions of an OCSP answer: one that must be understood, and is not, makes it none (RFC 6960 §4.4).
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { DerFailure, membersOf, readDer, readMembers, TAG } from '#src/trust/x509/der.ts';
import { readOcspResponse, writeOcspRequest } from '#src/trust/x509/revocation/ocsp.ts';
import { anElement, aSequence } from '#test/support/x509/der.ts';
import { answerOcsp } from '#test/support/x509/ocsp-responder.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const root = await anAuthority({ name: 'CN=Root' });
const client = await aCertificate({ issuer: root });
const question = {
  certificate: parseCertificate(client.pem),
  issuer: parseCertificate(root.pem),
};
const good = answerOcsp(writeOcspRequest(question), { issuer: root, good: [client] });

/** `[1] EXPLICIT Extensions` with one that nobody knows. */
const extensions = (isCritical: boolean): Buffer =>
  anElement(
    TAG.context(1),
    aSequence(
      aSequence(
        anElement(TAG.objectIdentifier, Buffer.from([0x2a, 3, 4])),
        ...(isCritical ? [anElement(TAG.boolean, Buffer.of(0xff))] : []),
        anElement(TAG.octetString),
      ),
    ),
  );

/** The good answer with more of the one certificate, and of all, signed by the authority. */
function anAnswerWith(ofOne: readonly Buffer[], ofAll: readonly Buffer[]): Buffer {
  const response = readMembers(readDer(good));
  response.take(TAG.enumerated);
  const [typed] = membersOf(response.take(TAG.context(0)));
  assert.ok(typed);
  const [type, octets] = membersOf(typed);
  assert.ok(type && octets);
  const [data, algorithm] = membersOf(readDer(octets.content));
  assert.ok(data && algorithm);
  const [responder, producedAt, answers] = membersOf(data);
  assert.ok(responder && producedAt && answers);
  const [single] = membersOf(answers);
  assert.ok(single);
  const changed = aSequence(
    responder.raw,
    producedAt.raw,
    aSequence(aSequence(single.content, ...ofOne)),
    ...ofAll,
  );
  const signature = anElement(
    TAG.bitString,
    Buffer.of(0),
    sign('sha256', changed, root.privateKey),
  );
  const basic = aSequence(changed, algorithm.raw, signature);
  const body = aSequence(type.raw, anElement(TAG.octetString, basic));
  return aSequence(anElement(TAG.enumerated, Buffer.of(0)), anElement(TAG.context(0), body));
}

const read = (answer: Buffer) =>
  readOcspResponse(answer, question, Math.floor(Date.now() / 1000)).status;

for (const [whose, answer] of [
  ['of one certificate', (isCritical: boolean) => anAnswerWith([extensions(isCritical)], [])],
  ['of the answer', (isCritical: boolean) => anAnswerWith([], [extensions(isCritical)])],
] as const)
  test(`RFC 6960 §4.4: an unknown extension ${whose} is passed over, and a critical one makes the answer none`, () => {
    assert.equal(read(anAnswerWith([], [])), 'good');
    assert.equal(read(answer(false)), 'good');
    assert.throws(() => read(answer(true)), DerFailure);
  });

test('RFC 6960 §4.2.1: an answer with more than it may have is none', () => {
  const more = anElement(TAG.octetString);

  assert.throws(() => read(anAnswerWith([more], [])), DerFailure);
  assert.throws(() => read(anAnswerWith([], [more])), DerFailure);
});
