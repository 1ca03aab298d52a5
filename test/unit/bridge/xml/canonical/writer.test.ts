import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { test } from 'node:test';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { element, SIGNATURE_PLACE, seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes, writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { x509KeyInfo } from '#bridge/xml/keys/key-info.ts';
import { trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { DS_NS } from '#bridge/xml/namespaces.ts';
import { requiredChild, textOf } from '#bridge/xml/reader.ts';
import { ECDSA_SHA256, HMAC_SHA256, RSA_SHA256 } from '#bridge/xml/signature/algorithms.ts';
import { signDetached, signEnveloped } from '#bridge/xml/signature/sign.ts';
import { createSecretSigner, verifyAfterSigning } from '#bridge/xml/signature/signer.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { anEcKey, anRsaKey, aSecret } from '#test/support/xml/keys.ts';
import { assertRefused, assertRejected, parse } from '#test/support/xml/refusal.ts';
import {
  anAssertionMarkup,
  anEnvelope,
  aRequest,
  aSignedAssertion,
  openRequest,
  saml,
  threeParts,
} from '#test/support/xml/signed.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';

const key = anRsaKey();
const name = (prefix: string, local: string) => ({ prefix, uri: `urn:${prefix}`, local });
const plain = (local: string) => ({ prefix: '', uri: '', local });

test('XML S1: sorts attributes, declares a prefix at first use and never writes an empty tag', () => {
  const inner = element(name('b', 'inner'), [
    ['z', '1'],
    [name('a', 'y'), '2'],
    ['x', '3'],
  ]);
  const markup = element(
    name('a', 'outer'),
    [],
    [inner, element(name('b', 'next')), element(plain('bare'))],
  );

  assert.equal(
    writeCanonical(markup).text,
    '<a:outer xmlns:a="urn:a"><b:inner xmlns:b="urn:b" x="3" z="1" a:y="2"></b:inner>' +
      '<b:next xmlns:b="urn:b"></b:next><bare></bare></a:outer>',
  );
});

test('XML S1: a default namespace is undeclared where an element has none', () => {
  const markup = element({ prefix: '', uri: 'urn:d', local: 'a' }, [], [element(plain('b'))]);

  assert.equal(writeCanonical(markup).text, '<a xmlns="urn:d"><b xmlns=""></b></a>');
});

test('XML S2: escapes text and attributes by their own rules', () => {
  const special = '& < > " \' \t \n \r';

  const { text } = writeCanonical(element(plain('a'), [['b', special]], [special]));

  assert.equal(
    text,
    '<a b="&amp; &lt; > &quot; \' &#x9; &#xA; &#xD;">&amp; &lt; &gt; " \' \t \n &#xD;</a>',
  );
});

test('XML E7: markup in a claim stays text', () => {
  const attack = '</saml:NameID></saml:Subject><saml:Subject>';

  const { text } = writeCanonical(anAssertionMarkup('_i', attack));

  assert.equal(text.split('<saml:Subject>').length, 2);
  assert.equal(
    textOf(
      requiredChild(
        requiredChild(parse(text).root, saml('').uri, 'Subject'),
        saml('').uri,
        'NameID',
      ),
    ),
    attack,
  );
});

test('XML S2: refuses characters XML cannot carry instead of dropping them', () => {
  for (const bad of ['\0', '\u0008', '\uFFFE', '\uD800', 'x\uDC00']) {
    assertRefused(() => element(plain('a'), [], [bad]), 'character-illegal');
    assertRefused(() => element(plain('a'), [['b', bad]]), 'character-illegal');
  }
});

test('XML S1: a name that cannot be written is a bug', () => {
  for (const bad of [
    plain('a b'),
    plain(''),
    plain('é'),
    plain('xmlns'),
    { prefix: 'x y', uri: 'urn:x', local: 'a' },
    { prefix: 'xmlns', uri: 'urn:x', local: 'a' },
    { prefix: 'x', uri: '', local: 'a' },
    { prefix: 'x', uri: 'relative', local: 'a' },
    { prefix: 'x', uri: 'urn:"x"', local: 'a' },
  ]) {
    assert.throws(() => element(bad), /not a name to write/);
  }
  assert.throws(() => element(plain('a'), [['b c', '']]), /not a name to write/);
  for (const bad of [
    { prefix: 'x', uri: 'urn:x', local: 'b c' },
    { prefix: 'x', uri: '', local: 'b' },
    { prefix: 'x y', uri: 'urn:x', local: 'b' },
  ])
    assert.throws(() => element(plain('a'), [[bad, '']]), /not a name to write/);
  assert.throws(
    () => element(plain('a'), [[{ prefix: '', uri: 'urn:x', local: 'b' }, '']]),
    /needs a prefix/,
  );
});

test('XML S1: one prefix with two meanings in one tag is a bug', () => {
  const other = { prefix: 'a', uri: 'urn:other', local: 'y' };

  assert.throws(() => writeCanonical(element(name('a', 'x'), [[other, '']])), /two namespaces/);
  assert.throws(
    () =>
      writeCanonical(
        element(name('a', 'x'), [
          ['plain', ''],
          [other, ''],
        ]),
      ),
    /two namespaces/,
  );
  assert.throws(
    () => writeCanonical(element(name('a', 'x')), { declare: [other] }),
    /two namespaces/,
  );
});

test('XML S7: the prefixes of a text are those of its attributes too, whatever stands beside them', () => {
  const { prefixes } = writeCanonical(
    element(name('a', 'x'), [
      ['plain', ''],
      [name('b', 'y'), ''],
    ]),
  );

  assert.deepEqual([...prefixes].toSorted(), ['a', 'b']);
});

test('XML S7: final text is embedded as it is, and never under a prefix rendered around it', () => {
  const final = seal('<a:x xmlns:a="urn:a"></a:x>', new Set(['a']));

  assert.equal(
    writeCanonical(element(name('b', 'y'), [], [final])).text,
    `<b:y xmlns:b="urn:b">${final.canonical}</b:y>`,
  );
  assert.throws(
    () => writeCanonical(element(name('a', 'y'), [], [final])),
    /around and inside final XML/,
  );
  assert.equal(writeCanonical(final).text, final.canonical);
});

test('XML S3: signs an assertion after its Issuer', async () => {
  const text = await aSignedAssertion(key);

  assert.match(text, /<\/saml:Issuer><ds:Signature xmlns:ds=/);
});

test('XML S3: an element has one place for its signature', async () => {
  const none = element(saml('Assertion'), [['ID', '_x']]);
  const two = element(saml('Assertion'), [['ID', '_x']], [SIGNATURE_PLACE, SIGNATURE_PLACE]);
  const under = element({ prefix: 'ds', uri: DS_NS, local: 'Object' }, [], [SIGNATURE_PLACE]);

  await assert.rejects(signEnveloped(none, { ...key, id: '_x' }), /no place/);
  await assert.rejects(signEnveloped(two, { ...key, id: '_x' }), /two places/);
  await assert.rejects(signEnveloped(under, { ...key, id: '_x' }), /around the signature/);
});

test('XML S4: SignedInfo is written without the namespace it was hashed with', async () => {
  const text = await aSignedAssertion(key);

  assert.match(text, /<ds:Signature xmlns:ds="[^"]+"><ds:SignedInfo>/);
});

test('XML S5: a QName in content has its prefix on the assertion and in the PrefixList', async () => {
  const xs = { prefix: 'xs', uri: 'http://www.w3.org/2001/XMLSchema' };
  const type = { prefix: 'xsi', uri: 'http://www.w3.org/2001/XMLSchema-instance', local: 'type' };
  const value = element(saml('AttributeValue'), [[type, 'xs:string']], ['v']);
  const markup = element(
    saml('Assertion'),
    [['ID', '_q']],
    [element(saml('Issuer')), SIGNATURE_PLACE, value],
  );

  const { canonical } = await signEnveloped(markup, { ...key, id: '_q', declare: [xs] });

  assert.match(
    canonical,
    /^<saml:Assertion xmlns:saml="[^"]+" xmlns:xs="http:\/\/www.w3.org\/2001\/XMLSchema" ID="_q">/,
  );
  assert.match(canonical, /PrefixList="xs"/);
  const document = parse(canonical);
  await verifyAssertion(document, document.root, { selectKey: () => key.trusted });
  assert.equal(canonicalize(document.root, { prefixList: ['xs'] }), canonical);
  const stripped = parse(canonical.replace(` xmlns:xs="${xs.uri}"`, ''));
  await assertRejected(
    verifyAssertion(stripped, stripped.root, { selectKey: () => key.trusted }),
    'digest-mismatch',
  );
});

test('XML S6: the ASCII wire form of a signed assertion verifies and is ASCII', async () => {
  const final = await signEnveloped(anAssertionMarkup(), { ...key, id: '_a1' });

  const wire = toWireBytes(final);

  assert.match(wire.toString('latin1'), /Zo&#xEB;/);
  assert.ok(wire.every((byte) => byte < 0x80));
  const document = parse(wire.toString('latin1'));
  await verifyAssertion(document, document.root, { selectKey: () => key.trusted });
});

test('XML S10, E10: a response signed at message and assertion level verifies at both', async () => {
  const assertion = await signEnveloped(anAssertionMarkup('_in'), { ...key, id: '_in' });
  const parts = aRequest([assertion]);
  const signature = await signDetached(threeParts(parts), anEcKey());
  const {
    document,
    body,
    signature: received,
  } = openRequest(toWireBytes(anEnvelope(parts, [signature])).toString('latin1'));

  await verifyMessageSignature(document, received, { selectKey: () => anEcKey().trusted });

  const [rst] = body.children;
  assert.ok(typeof rst === 'object');
  const inner = requiredChild(rst, saml('').uri, 'Assertion');
  await verifyAssertion(document, inner, { selectKey: () => key.trusted });
});

test('XML S3: KeyInfo names what the caller says, or nothing', async () => {
  const named = await aSignedAssertion({ ...key, keyInfo: x509KeyInfo(new Uint8Array([1, 2, 3])) });
  const bare = await aSignedAssertion(key);

  assert.match(named, /<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AQID<\/ds:X509Certificate>/);
  assert.doesNotMatch(bare, /KeyInfo/);
});

test('XML S8: a wrong signature value never leaves', async () => {
  const faulty = { ...key.signer, sign: async () => new Uint8Array(256) };

  await assertRejected(
    verifyAfterSigning(faulty, key.trusted).sign(new Uint8Array([1])),
    'signing-failed',
  );
  await assertRejected(
    verifyAfterSigning(key.signer, anRsaKey('other').trusted).sign(new Uint8Array([1])),
    'signing-failed',
  );
});

test('XML S8: a failing key is a signing failure with its cause', async () => {
  const broken = { algorithm: RSA_SHA256, sign: () => Promise.reject(new Error('HSM is gone')) };

  await assert.rejects(
    verifyAfterSigning(broken, key.trusted).sign(new Uint8Array([1])),
    /HSM is gone/,
  );
});

test('XML §5: no signature with SHA-1 or under the name of another key type leaves, and no weak secret signs', async () => {
  const bytes = new Uint8Array([1]);

  for (const algorithm of [`${DS_NS}rsa-sha1`, ECDSA_SHA256]) {
    const signer = createKeySigner({ algorithm, key: key.privateKey });
    await assertRejected(verifyAfterSigning(signer, key.trusted).sign(bytes), 'signing-failed');
  }
  assertRefused(() => createSecretSigner(new Uint8Array(8)), 'key-refused');
});

test('XML §5: a secret signer makes HMAC-SHA256', async () => {
  const secret = aSecret();

  const signer = verifyAfterSigning(createSecretSigner(secret), trustSecretKey(secret));

  assert.equal(signer.algorithm, HMAC_SHA256);
  assert.equal((await signer.sign(new Uint8Array([1]))).length, 32);
});

test('XML S9: no PEM is read in this folder: keys come in as KeyObjects', async () => {
  const folder = `${import.meta.dirname}/../../../../../bridge/xml`;
  let files = 0;
  for await (const file of glob('**/*.ts', { cwd: folder })) {
    files += 1;
    const source = readFileSync(`${folder}/${file}`, 'utf8');
    assert.doesNotMatch(source, /createPrivateKey|BEGIN |'pem'/, file);
  }
  assert.ok(files > 20, `${files} files seen`);
});
