import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { element, type FinalXml, type Markup } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes, writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { requiredChild } from '#bridge/xml/reader.ts';
import { verifiedNode } from '#bridge/xml/signature/proof.ts';
import { signDetached, signEnveloped } from '#bridge/xml/signature/sign.ts';
import { createSecretSigner } from '#bridge/xml/signature/signer.ts';
import type { AbsentToken } from '#bridge/xml/signature/str-transform.ts';
import {
  type MessageOptions,
  verifyMessageSignature,
} from '#bridge/xml/signature/verify-message.ts';
import { elementsOf } from '#bridge/xml/tree.ts';
import { anRsaKey, aSecret } from '#test/support/xml/keys.ts';
import { assertRefused, assertRejected, parse } from '#test/support/xml/refusal.ts';
import {
  anAssertionMarkup,
  anEnvelope,
  aRequest,
  aSignedRequest,
  openRequest,
  threeParts,
} from '#test/support/xml/signed.ts';
import { cut, edited, resigned } from '#test/support/xml/tamper.ts';

const key = anRsaKey();
const options: MessageOptions = { selectKey: () => key.trusted };

async function verifyText(text: string, settings: MessageOptions = options) {
  const opened = openRequest(text);
  const message = await verifyMessageSignature(opened.document, opened.signature, settings);
  return { ...opened, message };
}

test('XML V9: a message signature covers its parts by node identity', async () => {
  const { message, body, security } = await verifyText(await aSignedRequest(key));

  const timestamp = requiredChild(security, WSU_NS, 'Timestamp');
  assert.equal(verifiedNode(message, body), body);
  assert.ok(message.covered.has(timestamp));
  assert.equal(message.covered.size, 3);
  assert.equal(message.signer, key.trusted);
  assert.equal(message.signatureValue.byteLength, 256);
  assertRefused(() => verifiedNode(message, security), 'not-covered');
});

test('XML V10: what is in another parse of the same text is not covered', async () => {
  const text = await aSignedRequest(key);
  const { message } = await verifyText(text);

  assertRefused(() => verifiedNode(message, openRequest(text).body), 'not-covered');
});

test('XML §5: verifies a message signed with a secret', async () => {
  const secret = aSecret();

  const text = await aSignedRequest({ signer: createSecretSigner(secret) });

  await verifyText(text, { selectKey: () => trustSecretKey(secret) });
});

test('XML V7: the selector may look a key up in a store', async () => {
  const text = await aSignedRequest(key);

  await verifyText(text, { selectKey: async () => key.trusted });
  const refused = new XmlFailure('key-refused', 'unknown');
  await assertRejected(
    verifyText(text, { selectKey: () => Promise.reject(refused) }),
    'key-refused',
  );
});

test('XML V8: refuses a change in any covered part, and allows one elsewhere', async () => {
  const text = await aSignedRequest(key);

  for (const [from, to] of [
    ['00:05:00', '09:05:00'],
    ['https://sts.', 'https://evil.'],
    ['</trust:Req', 'x</trust:Req'],
  ] as const) {
    await assertRejected(verifyText(edited(text, from, to)), 'digest-mismatch');
  }
  await verifyText(edited(text, 'AAECAw==', 'BBECAw=='));
});

test('XML V8: a PrefixList keeps the meaning of prefixes in content', async () => {
  const parameters =
    '<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="s #default"></ec:InclusiveNamespaces>';
  const text = await aSignedRequest(key);
  // The prefix is in use anyway, so the digests stay as they are.
  const listed = edited(
    text,
    '</ds:CanonicalizationMethod>',
    `${parameters}</ds:CanonicalizationMethod>`,
  );
  const { document, signature } = openRequest(listed);

  await assertRejected(verifyMessageSignature(document, signature, options), 'signature-invalid');
  for (const list of ['a:b', '1', Array.from({ length: 33 }, (_, i) => `p${i}`).join(' ')]) {
    await assertRejected(verifyText(edited(listed, 's #default', list)), 'signature-shape');
  }
});

/** A caller for whom each reference stands for the last token of the header. */
const resolving: MessageOptions = {
  ...options,
  resolveToken(reference) {
    const siblings = reference.parent ? elementsOf(reference.parent) : [];
    const tokens = siblings.filter((each) => each !== reference && each.local !== 'Signature');
    return tokens.at(-1) ?? assert.fail('no token');
  },
};

const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

const tokenTransform = (algorithm: string) =>
  '<ds:Transform Algorithm="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform">' +
  `<wsse:TransformationParameters><ds:CanonicalizationMethod Algorithm="${algorithm}"></ds:CanonicalizationMethod></wsse:TransformationParameters></ds:Transform>`;

/** Signs `#str` as STR-Transform has it: what is digested is the token, whose apex declares that it has no default namespace. */
function signedByReference(text: string, token: Markup | FinalXml): string {
  const octets = writeCanonical(token).text.replace(/^<[^ >]+/, (tag) => `${tag} xmlns=""`);
  const digest = createHash('sha256').update(octets).digest('base64');
  const transformed = edited(
    text,
    /(?<=URI="#str"><ds:Transforms>).*?(?=<\/ds:Transforms>)/,
    tokenTransform(EXC_C14N),
  );
  return resigned(edited(transformed, /(?<=URI="#str">.*?<ds:DigestValue>)[^<]*/, digest), key);
}

async function signedToken(
  token: Markup | FinalXml | undefined,
  edit: (text: string) => string = (text) => text,
  settings: MessageOptions = resolving,
) {
  const parts = aRequest();
  const signature = await signDetached(
    [...threeParts(parts), { id: 'str', element: parts.reference }],
    key,
  );
  const envelope = anEnvelope(
    parts,
    token === undefined ? [parts.reference, signature] : [parts.reference, signature, token],
  );
  const text = toWireBytes(envelope).toString('latin1');
  return verifyText(edit(signedByReference(text, token ?? parts.token)), settings);
}

test('XML §6: STR-Transform covers the reference and the token it names', async () => {
  const { message, security } = await signedToken(undefined);

  assert.ok(message.covered.has(requiredChild(security, WSSE_NS, 'SecurityTokenReference')));
  assert.ok(message.covered.has(requiredChild(security, WSSE_NS, 'BinarySecurityToken')));
});

test('XML §6: a token without namespace is signed and verified with its empty default', async () => {
  const token = element(
    { prefix: '', uri: '', local: 'TokenWrapper' },
    [[{ prefix: 'wsu', uri: WSU_NS, local: 'Id' }, 'tok']],
    ['e30.e30.'],
  );

  const { message } = await signedToken(token);

  assert.equal(message.covered.size, 5);
});

test('XML §6: a swapped token is refused', async () => {
  await assertRejected(
    signedToken(undefined, (text) => edited(text, 'AAECAw==', 'BBECAw==')),
    'digest-mismatch',
  );
});

test('XML B11: a reference of a signature is `#` and a name, also where an id is no name', async () => {
  const text = (await aSignedRequest(key)).replaceAll(/(Id="|URI="#)ts"/g, '$1t s"');
  const timestamp = canonicalize(requiredChild(openRequest(text).security, WSU_NS, 'Timestamp'));
  const digest = createHash('sha256').update(timestamp).digest('base64');
  const digested = edited(text, /(?<=URI="#t s".*?<ds:DigestValue>)[^<]*/s, digest);

  await assertRejected(verifyText(resigned(digested, key)), 'reference-refused');
});

test('XML §6: a token is resolved by the caller, in the document of the signature', async () => {
  const assertion = await signEnveloped(anAssertionMarkup('_t'), { ...key, id: '_t' });
  const asIs = (text: string) => text;
  const foreign = parse(assertion.canonical).root;

  const { message } = await signedToken(assertion);

  assert.equal(message.covered.size, 5);
  await assertRejected(
    signedToken(assertion, asIs, { ...options, resolveToken: () => foreign }),
    'reference-refused',
  );
  await assertRejected(signedToken(assertion, asIs, options), 'reference-refused');
});

test('XML V3: a commented token is refused when it is covered through its reference', async () => {
  const token = element(
    { prefix: 'x', uri: 'urn:x', local: 'Token' },
    [[{ prefix: 'wsu', uri: WSU_NS, local: 'Id' }, 'tok']],
    [element({ prefix: 'x', uri: 'urn:x', local: 'A' })],
  );
  const edit = (text: string) => edited(text, '<x:A>', '<!-- --><x:A>');

  await assertRejected(signedToken(token, edit), 'comment-refused');
});

test('XML V3: a commented assertion is refused when it is covered by its own id', async () => {
  const assertion = await signEnveloped(anAssertionMarkup('_t'), { ...key, id: '_t' });
  const parts = aRequest();
  const signed = [...threeParts(parts), { id: '_t', element: assertion }];
  const envelope = anEnvelope(parts, [await signDetached(signed, key), assertion]);
  const text = toWireBytes(envelope).toString('latin1');

  const { message } = await verifyText(text);

  assert.equal(message.covered.size, 4);
  await assertRejected(
    verifyText(edited(text, '<saml:Conditions', '<!-- --><saml:Conditions')),
    'comment-refused',
  );
});

test('XML §6: a token outside the message is put in its place as a BinarySecurityToken', async () => {
  const absent = element(
    { prefix: 'wsse', uri: WSSE_NS, local: 'BinarySecurityToken' },
    [['ValueType', 'urn:v']],
    ['AAEC'],
  );
  const parts = aRequest();
  const signature = await signDetached([{ id: 'str', element: parts.reference }], key);
  const envelope = toWireBytes(anEnvelope(parts, [parts.reference, signature])).toString('latin1');
  const text = edited(
    signedByReference(envelope, absent),
    '<wsse:Reference URI="#bst"></wsse:Reference>',
    '<wsse:KeyIdentifier>x</wsse:KeyIdentifier>',
  );

  const token: AbsentToken = { valueType: 'urn:v', base64: 'AAEC' };
  const { message } = await verifyText(text, { ...options, resolveToken: () => token });

  assert.deepEqual(
    [...message.covered].map(({ local }) => local),
    ['SecurityTokenReference'],
  );
  const other = { ...token, base64: 'BBEC' };
  await assertRejected(
    verifyText(text, { ...options, resolveToken: () => other }),
    'digest-mismatch',
  );
  const another = { ...token, valueType: 'urn:w' };
  await assertRejected(
    verifyText(text, { ...options, resolveToken: () => another }),
    'digest-mismatch',
  );
});

test('XML §6: STR-Transform is refused on another element and with another canonical form', async () => {
  const text = await aSignedRequest(key);
  const plain =
    /<ds:Transform Algorithm="http:\/\/www.w3.org\/2001\/10\/xml-exc-c14n#"><\/ds:Transform>/;

  const onTimestamp = edited(text, plain, tokenTransform(EXC_C14N));
  await assertRejected(verifyText(resigned(onTimestamp, key)), 'reference-refused');
  // Even a resolver that would find a token for it is not asked.
  const resolveToken = () => assert.fail('the resolver was asked');
  const asked = verifyText(resigned(onTimestamp, key), { ...options, resolveToken });
  await assertRejected(asked, 'reference-refused');
  const inclusive = edited(
    text,
    plain,
    tokenTransform('http://www.w3.org/TR/2001/REC-xml-c14n-20010315'),
  );
  await assertRejected(verifyText(resigned(inclusive, key)), 'algorithm-refused');
});

test('XML V5: only a ds:Signature is verified as one', async () => {
  const { document, body } = openRequest(await aSignedRequest(key));

  await assertRejected(verifyMessageSignature(document, body, options), 'element-unexpected');
});

test('XML V8: a message reference does not leave anything out', async () => {
  const enveloped =
    '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>';
  const text = await aSignedRequest(key);

  // The pair of script signers is exclusive form alone: the parts hold no signature.
  const pair = edited(text, '<ds:Transforms>', `<ds:Transforms>${enveloped}`);
  assert.equal((await verifyText(resigned(pair, key))).message.covered.size, 3);
  const three = edited(text, '<ds:Transforms>', `<ds:Transforms>${enveloped}${enveloped}`);
  await assertRejected(verifyText(resigned(three, key)), 'signature-shape');
  const alone = edited(
    text,
    cut(text, 'ds:Transforms'),
    `<ds:Transforms>${enveloped}</ds:Transforms>`,
  );
  await assertRejected(verifyText(resigned(alone, key)), 'algorithm-refused');
});
