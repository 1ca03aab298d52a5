// Attacks on references and their digests (xml-security A5, B4, B10, V7, V8).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { assertRejected, parse } from '#test/support/xml/refusal.ts';
import { aSignedAssertion, aSignedRequest, openRequest } from '#test/support/xml/signed.ts';
import { cut, edited, resigned } from '#test/support/xml/tamper.ts';

const key = anRsaKey();
const signed = await aSignedAssertion(key);
const message = await aSignedRequest(key);
const digestValue = cut(signed, 'ds:DigestValue');

async function refuseAssertion(text: string, reason: XmlFailureReason): Promise<void> {
  const document = parse(text);
  await assertRejected(
    verifyAssertion(document, document.root, { selectKey: () => key.trusted }),
    reason,
  );
}

/** Every reference is to the one certificate. */
function verifyMessage(text: string) {
  const { document, signature } = openRequest(text);
  const resolveToken = () => document.ids.get('bst') ?? assert.fail('no token');
  return verifyMessageSignature(document, signature, {
    selectKey: () => key.trusted,
    resolveToken,
  });
}

const refuseMessage = (text: string, reason: XmlFailureReason): Promise<void> =>
  assertRejected(verifyMessage(text), reason);

test('XML B10: refuses 17 references before any key is asked', async () => {
  const flood = edited(
    message,
    '</ds:SignedInfo>',
    `${cut(message, 'ds:Reference').repeat(14)}</ds:SignedInfo>`,
  );
  const { document, signature } = openRequest(flood);
  const selectKey = () => assert.fail('the key was asked for');

  await assertRejected(
    verifyMessageSignature(document, signature, { selectKey }),
    'signature-shape',
  );
});

test('XML §3: refuses two references to one target', async () => {
  const twice = edited(
    message,
    '</ds:SignedInfo>',
    `${cut(message, 'ds:Reference')}</ds:SignedInfo>`,
  );

  await refuseMessage(resigned(twice, key), 'reference-refused');
});

/** A message with a part in a part and two references to one token, of which these are signed. */
function signedParts(ids: readonly string[], references: readonly string[] = []) {
  const parts = `${TIMESTAMP}<wsse:BinarySecurityToken wsu:Id="bst">AAAA</wsse:BinarySecurityToken>`;
  const named = ['one', 'other'].map(
    (id) =>
      `<wsse:SecurityTokenReference wsu:Id="${id}"><wsse:Reference URI="#bst"/></wsse:SecurityTokenReference>`,
  );
  const text = anEnvelope({
    header: `<wsse:Security>${parts}${SIGNATURE}</wsse:Security>${named.join('')}`,
    body: '<y xmlns="urn:y" wsu:Id="outer"><z wsu:Id="inner"/></y>',
    bodyId: 'body',
  });
  const token = parse(text.replace(SIGNATURE, '')).ids.get('bst');
  assert.ok(token);
  const octets = canonicalize(token, { prefixList: [''], emptyDefault: true });
  return signMessage(text, {
    key: key.privateKey,
    ids,
    transformed: Object.fromEntries(references.map((id) => [id, octets])),
  });
}

test('XML B10: refuses a part within another, whichever is named first', async () => {
  for (const ids of [
    ['body', 'outer'],
    ['inner', 'ts', 'body'],
    ['ts', 'inner', 'outer'],
  ])
    await refuseMessage(signedParts(ids), 'reference-refused');
});

test('XML B10: a token may be signed where it stands and by one reference to it, not by two', async () => {
  const proof = await verifyMessage(signedParts(['ts', 'bst', 'body'], ['one']));
  assert.equal(proof.covered.size, 4);

  await refuseMessage(signedParts(['ts', 'body'], ['one', 'other']), 'reference-refused');
  await refuseMessage(signedParts(['ts', 'body', 'one'], ['one']), 'reference-refused');
});

test('XML V8: refuses a reference to nothing', async () => {
  await refuseMessage(
    resigned(edited(message, 'URI="#to"', 'URI="#gone"'), key),
    'reference-refused',
  );
});

test('XML V7: refuses a wrong signature before it looks at digests', async () => {
  const broken = edited(
    edited(message, 'URI="#to"', 'URI="#gone"'),
    'https://sts.',
    'https://evil.',
  );

  await refuseMessage(broken, 'signature-invalid');
});

test('XML B4: refuses digests that were swapped between references', async () => {
  const [, first = '', second = ''] =
    /DigestValue>([^<]+)<[\s\S]*?DigestValue>([^<]+)</.exec(message) ?? [];
  const swapped = message.replace(first, '?').replace(second, first).replace('?', second);

  await refuseMessage(resigned(swapped, key), 'digest-mismatch');
});

test('XML A5: refuses the digest of the empty string', async () => {
  const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

  await refuseAssertion(
    resigned(edited(signed, digestValue, `<ds:DigestValue>${empty}</ds:DigestValue>`), key),
    'digest-mismatch',
  );
});

test('XML V8: refuses a digest of another length', async () => {
  await refuseAssertion(
    resigned(edited(signed, digestValue, '<ds:DigestValue>AAAA</ds:DigestValue>'), key),
    'digest-mismatch',
  );
});

for (const uri of [
  '',
  'to',
  'xto',
  '#',
  '#xpointer(/)',
  '#xpointer(id(%27to%27))',
  'http://x/#to',
  '#to#to',
]) {
  test(`XML B11: refuses the URI "${uri}" in a message`, async () => {
    await refuseMessage(
      resigned(edited(message, 'URI="#to"', `URI="${uri}"`), key),
      'reference-refused',
    );
  });
}

test('XML V8: refuses canonical form twice in a message', async () => {
  const once = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>';

  await refuseMessage(resigned(edited(message, once, once + once), key), 'algorithm-refused');
});
