// Signature wrapping (xml-security A1, A6, A7, A9, A10): the signed element moves, a forged one stands where a reader looks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { test } from 'node:test';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { SAML2_NS, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed, requiredChild, textOf } from '#bridge/xml/reader.ts';
import { verifiedChild, verifiedNode } from '#bridge/xml/signature/proof.ts';
import { signEnveloped } from '#bridge/xml/signature/sign.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { assertRefused, assertRejected, parse } from '#test/support/xml/refusal.ts';
import {
  aSaml11Markup,
  aSignedAssertion,
  aSignedRequest,
  openRequest,
  SOAP_NS,
} from '#test/support/xml/signed.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';

const key = anRsaKey();
const options = { selectKey: () => key.trusted };
const original = await aSignedAssertion(key);
const signature = cut(original, 'ds:Signature');
const bare = edited(original, signature, '');
const forgedBare = edited(edited(bare, 'alice@', 'admin@'), '"_a1"', '"_evil"');
const sameId = edited(bare, 'alice@', 'admin@');
const put = (into: string, tag: string, content: string): string =>
  edited(into, tag, `${content}${tag}`);
const wrap = (name: string, content: string): string => `<saml:${name}>${content}</saml:${name}>`;
const signedInside = edited(
  signature,
  '</ds:Signature>',
  `<ds:Object>${bare}</ds:Object></ds:Signature>`,
);
const issuer = '</saml:Issuer>';
const afterIssuer = (into: string, content: string): string =>
  edited(into, issuer, issuer + content);

// The classic eight positions, and more: what the consumer verifies is always the root assertion.
const positions: readonly [title: string, text: string, reason: XmlFailureReason][] = [
  [
    'XML A1: forged root, original as last child with its signature',
    put(forgedBare, '</saml:Assertion>', original),
    'element-missing',
  ],
  [
    'XML A1: forged root holds the signature, original as its sibling behind',
    put(afterIssuer(forgedBare, signature), '</saml:Assertion>', bare),
    'reference-refused',
  ],
  [
    'XML A1: forged root holds the signature, original inside ds:Object',
    afterIssuer(forgedBare, signedInside),
    'signature-shape',
  ],
  [
    'XML A1: forged root holds the signature, original in Advice',
    put(afterIssuer(forgedBare, signature), '</saml:Assertion>', wrap('Advice', bare)),
    'reference-refused',
  ],
  [
    'XML A1: forged root holds the signature, original in an extension',
    put(
      afterIssuer(forgedBare, signature),
      '</saml:Subject>',
      wrap('SubjectConfirmationData', bare),
    ),
    'reference-refused',
  ],
  [
    'XML A1: forged root without signature, signed original in Advice',
    put(forgedBare, '</saml:Assertion>', wrap('Advice', original)),
    'element-missing',
  ],
  [
    'XML A1: forged root of the same ID, original as child',
    put(sameId, '</saml:Assertion>', original),
    'id-duplicate',
  ],
  [
    'XML A1: forged root of the same ID holds the signature, original in Advice',
    put(afterIssuer(sameId, signature), '</saml:Assertion>', wrap('Advice', bare)),
    'id-duplicate',
  ],
  [
    'XML A1: signature in a wrapper inside the forged root',
    afterIssuer(forgedBare, wrap('Extensions', original)),
    'element-missing',
  ],
  [
    'XML A6: the forged root carries the ID in another spelling',
    put(
      afterIssuer(edited(forgedBare, ' ID=', ' Id="_a1" id="_a1" ID='), signature),
      '</saml:Assertion>',
      bare,
    ),
    'reference-refused',
  ],
  [
    'XML A7: the forged root rebinds the prefix',
    edited(
      edited(forgedBare, SAML2_NS, 'urn:evil'),
      '</saml:Assertion>',
      `${original}</saml:Assertion>`,
    ),
    'element-unexpected',
  ],
  ['XML A9: the signature is stripped', bare, 'element-missing'],
];

for (const [title, text, reason] of positions) {
  test(title, async () => {
    const verify = async (): Promise<unknown> => {
      const document = parse(text);
      return verifyAssertion(document, document.root, options);
    };

    await assertRejected(verify(), reason);
  });
}

test('XML A1: SAML 1.1 wrapping in Advice is refused', async () => {
  const signed = (await signEnveloped(aSaml11Markup('_s'), { ...key, id: '_s' })).canonical;
  const inner = edited(signed, cut(signed, 'ds:Signature'), '');
  const forged = edited(signed, '"_s"', '"_evil"');
  const document = parse(
    edited(
      forged,
      '</saml1:Conditions>',
      `</saml1:Conditions><saml1:Advice>${inner}</saml1:Advice>`,
    ),
  );

  await assertRejected(verifyAssertion(document, document.root, options), 'reference-refused');
});

test('XML A1: the verified node is the one that is returned, not the first of its name', async () => {
  const document = parse(`<x>${forgedBare}${original}</x>`);
  const [forged, genuine] = childrenNamed(document.root, SAML2_NS, 'Assertion');
  assert.ok(forged && genuine);

  const { element } = await verifyAssertion(document, genuine, options);

  assert.equal(element, genuine);
  const subject = verifiedChild(element, SAML2_NS, 'Subject');
  assert.equal(textOf(verifiedChild(subject, SAML2_NS, 'NameID')), 'alice@example.org');
  await assertRejected(verifyAssertion(document, forged, options), 'element-missing');
});

test('XML A1: a text-only element of a verified assertion cannot hide an element', async () => {
  const document = parse(original);
  const { element } = await verifyAssertion(document, document.root, options);

  assertRefused(() => textOf(verifiedChild(element, SAML2_NS, 'Subject')), 'text-malformed');
});

const message = await aSignedRequest(key);
const body = cut(message, 's:Body');
const timestamp = cut(message, 'wsu:Timestamp');
const evilBody = edited(edited(body, '"body"', '"evil"'), '</trust:Req', 'x</trust:Req');

async function proofOf(text: string) {
  const opened = openRequest(text);
  return {
    ...opened,
    proof: await verifyMessageSignature(opened.document, opened.signature, options),
  };
}

for (const [place, anchor] of [
  ['a wrapper in the header', '</s:Header>'],
  ['a wrapper in the Security header', '</wsse:Security>'],
  ['a wrapper after the Body', '</s:Envelope>'],
] as const) {
  test(`XML A1: the signed Body moved to ${place} is not the Body`, async () => {
    const moved = edited(
      edited(message, body, evilBody),
      anchor,
      `<x:W xmlns:x="urn:x">${body}</x:W>${anchor}`,
    );

    const { proof, document } = await proofOf(moved);

    const real = requiredChild(document.root, SOAP_NS, 'Body');
    assertRefused(() => verifiedNode(proof, real), 'not-covered');
    assert.ok(
      [...proof.covered].some(({ local, parent }) => local === 'Body' && parent?.local === 'W'),
    );
  });
}

test('XML A1: the signed Body inside the forged Body is not the Body', async () => {
  const inside = edited(
    evilBody,
    '</trust:RequestSecurityToken>',
    `</trust:RequestSecurityToken>${body}`,
  );

  const { proof, document } = await proofOf(edited(message, body, inside));

  assertRefused(
    () => verifiedNode(proof, requiredChild(document.root, SOAP_NS, 'Body')),
    'not-covered',
  );
});

test('XML A1: two Bodies are refused by the reader', async () => {
  const { document } = await proofOf(edited(message, body, evilBody + body));

  assertRefused(() => requiredChild(document.root, SOAP_NS, 'Body'), 'element-repeated');
});

test('XML A9: a moved Timestamp is not the Timestamp of the header', async () => {
  const fresh = edited(timestamp, '"ts"', '"ts2"');
  const moved = edited(
    edited(message, timestamp, fresh),
    '</s:Header>',
    `<x:W xmlns:x="urn:x">${timestamp}</x:W></s:Header>`,
  );

  const { proof, security } = await proofOf(moved);

  const [inHeader] = security.children.filter(
    (child): child is XmlElement => typeof child !== 'string',
  );
  assert.ok(inHeader);
  assertRefused(() => verifiedNode(proof, inHeader), 'not-covered');
});

test('XML A9: a second Security header is refused by the reader', async () => {
  const security = cut(message, 'wsse:Security');
  const without = edited(security, cut(message, 'ds:Signature'), '').replaceAll(
    / wsu:Id="\w+"/g,
    '',
  );
  const document = parse(edited(message, security, without + security));

  const header = requiredChild(document.root, SOAP_NS, 'Header');
  assertRefused(() => requiredChild(header, WSSE_NS, 'Security'), 'element-repeated');
});

test('XML B12: a copy with the same ID is refused before anything is verified', () => {
  assertRefused(() => parse(edited(message, body, body + body)), 'id-duplicate');
});

test('XML A4: there is one parse: text cut out of a message is another document', async () => {
  const { proof } = await proofOf(message);

  assertRefused(
    () => verifiedNode(proof, parse(body.replace('<s:Body', `<s:Body xmlns:s="${SOAP_NS}"`)).root),
    'not-covered',
  );
});

const BRANDS = /as (unknown as )?(Verified|VerifiedElement|Proof|SignatureShape)\b/;
const INTERNALS = /import \{[^}]*\b(seal|proveSignature|readSignatureShape)\b[^}]*\} from '#bridge/;

test('XML V9: no file but the proof brands a node, and no folder but this one makes proofs or final text', async () => {
  const top = `${import.meta.dirname}/../../..`;
  let files = 0;
  for await (const file of glob(['bridge/**/*.ts', 'src/**/*.ts'], { cwd: top })) {
    files += 1;
    const source = readFileSync(`${top}/${file}`, 'utf8');
    const isMaker = /^bridge\/xml\/signature\/(proof|signature-shape)\.ts$/.test(file);
    if (!isMaker) assert.doesNotMatch(source, BRANDS, file);
    // An answer embeds text that was final before: a token of our own issuer, our own WSDL, our own fault.
    const isAnswer = /^bridge\/(ws-trust|soap)\//.test(file);
    assert.doesNotMatch(isAnswer ? source.replace(/\bseal\b/, '') : source, INTERNALS, file);
  }
  assert.ok(files > 100, `${files} files seen`);
});

test('XML V9: reading raw XML as verified does not compile', () => {
  const raw = parse(original).root;

  // @ts-expect-error a parsed element is not a verified one
  assert.ok(verifiedChild(raw, SAML2_NS, 'Subject'));
});
