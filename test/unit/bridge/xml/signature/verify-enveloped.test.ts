import assert from 'node:assert/strict';
import { createHash, createSign, sign } from 'node:crypto';
import { test } from 'node:test';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { DS_NS, SAML2_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed, textOf } from '#bridge/xml/reader.ts';
import { ECDSA_SHA256, RSA_SHA256 } from '#bridge/xml/signature/algorithms.ts';
import {
  optionalVerifiedChild,
  verifiedChild,
  verifiedChildren,
  verifiedNode,
} from '#bridge/xml/signature/proof.ts';
import { signEnveloped } from '#bridge/xml/signature/sign.ts';
import { createSecretSigner } from '#bridge/xml/signature/signer.ts';
import {
  type EnvelopedOptions,
  verifyAssertion,
  verifyEnveloped,
} from '#bridge/xml/signature/verify-enveloped.ts';
import { anEcKey, anRsaKey, aSecret } from '#test/support/xml/keys.ts';
import { assertRefused, assertRejected, parse } from '#test/support/xml/refusal.ts';
import { aSaml11Markup, aSignedAssertion } from '#test/support/xml/signed.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';
import { cut, edited, resigned } from '#test/support/xml/tamper.ts';

const key = anRsaKey();
const options: EnvelopedOptions = { selectKey: () => key.trusted };

async function verifyText(text: string, settings: EnvelopedOptions = options) {
  const document = parse(text);
  return verifyAssertion(document, document.root, settings);
}

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#';

for (const algorithm of [
  RSA_SHA256,
  `${MORE}rsa-sha384`,
  `${MORE}rsa-sha512`,
  `${MORE_2007}sha256-rsa-MGF1`,
  `${MORE_2007}sha384-rsa-MGF1`,
  `${MORE_2007}sha512-rsa-MGF1`,
]) {
  test(`XML §5: verifies an assertion signed with ${algorithm}`, async () => {
    const signer = createKeySigner({ algorithm, key: key.privateKey });

    const { element, proof } = await verifyText(await aSignedAssertion({ signer }));

    assert.equal(proof.signer, key.trusted);
    assert.equal(proof.usedSha1, false);
    assert.deepEqual([...proof.covered], [element]);
  });
}

for (const [curve, hash] of [
  ['P-256', 'sha256'],
  ['P-384', 'sha384'],
  ['P-521', 'sha512'],
] as const) {
  test(`XML §5: verifies an assertion signed with ECDSA on ${curve}`, async () => {
    const ec = anEcKey(curve, `${MORE}ecdsa-${hash}`);

    const { proof } = await verifyText(await aSignedAssertion(ec), { selectKey: () => ec.trusted });

    assert.equal(proof.signer, ec.trusted);
  });
}

test('XML §5: verifies an HMAC with a secret we hold', async () => {
  const secret = aSecret();

  const text = await aSignedAssertion({ signer: createSecretSigner(secret) });

  await verifyText(text, { selectKey: () => trustSecretKey(secret) });
  await assertRejected(
    verifyText(text, { selectKey: () => trustSecretKey(aSecret()) }),
    'signature-invalid',
  );
});

test('XML V9: children of a verified element are verified when they are read through it', async () => {
  const { element } = await verifyText(await aSignedAssertion(key));

  const subject = verifiedChild(element, SAML2_NS, 'Subject');
  assert.equal(textOf(verifiedChild(subject, SAML2_NS, 'NameID')), 'alice@example.org');
  assert.equal(verifiedChildren(element, SAML2_NS, 'AttributeStatement').length, 1);
  assert.equal(optionalVerifiedChild(element, SAML2_NS, 'Advice'), undefined);
  assert.ok(optionalVerifiedChild(element, SAML2_NS, 'Conditions'));
  assertRefused(() => verifiedChild(element, SAML2_NS, 'Advice'), 'element-missing');
});

test('XML V9: the enveloped signature is not verified content', async () => {
  const { element, proof } = await verifyText(await aSignedAssertion(key));

  assertRefused(() => verifiedChild(element, DS_NS, 'Signature'), 'not-covered');
  const [subject] = childrenNamed(element, SAML2_NS, 'Subject');
  assert.ok(subject);
  assertRefused(() => verifiedNode(proof, subject), 'not-covered');
});

test('XML V11: an assertion nested in a verified one gets no trust from it', async () => {
  const inner = `<saml:Advice><saml:Assertion ID="_n"></saml:Assertion></saml:Advice>`;
  const unsigned = edited(
    await aSignedAssertion(key),
    '</saml:Conditions>',
    `</saml:Conditions>${inner}`,
  );
  const { element } = await verifyText(redigested(unsigned));

  const advice = verifiedChild(element, SAML2_NS, 'Advice');
  assertRefused(() => verifiedChild(advice, SAML2_NS, 'Assertion'), 'not-covered');
  assertRefused(() => optionalVerifiedChild(advice, SAML2_NS, 'Assertion'), 'not-covered');
  assertRefused(() => verifiedChildren(advice, SAML2_NS, 'Assertion'), 'not-covered');
});

// The signer's own text with another content: digest and signature are made again.
function redigested(text: string, name: 'sha256' | 'sha1' = 'sha256', inclusive = false): string {
  const { root } = parse(text);
  const [signature] = childrenNamed(root, DS_NS, 'Signature');
  assert.ok(signature);
  const canonical = canonicalize(root, { omit: signature, inclusive });
  const digest = createHash(name).update(canonical).digest('base64');
  const withDigest = text.replace(/(<ds:DigestValue>)[^<]*/, (_, tag: string) => `${tag}${digest}`);
  return resigned(withDigest, key, name);
}

test('XML V11: refuses an element that is no assertion', async () => {
  const document = parse(await aSignedAssertion(key));
  const [subject] = childrenNamed(document.root, SAML2_NS, 'Subject');
  assert.ok(subject);

  await assertRejected(verifyAssertion(document, subject, options), 'element-unexpected');
});

test('XML V11: refuses an assertion without its own signature', async () => {
  const signed = await aSignedAssertion(key);

  await assertRejected(
    verifyText(edited(signed, cut(signed, 'ds:Signature'), '')),
    'element-missing',
  );
});

test('XML V11: refuses two signatures in one assertion', async () => {
  const signed = await aSignedAssertion(key);
  const signature = cut(signed, 'ds:Signature');

  await assertRejected(
    verifyText(edited(signed, signature, signature + signature)),
    'element-repeated',
  );
});

test('XML V11: refuses a signature that is not directly after the Issuer', async () => {
  const signed = await aSignedAssertion(key);
  const signature = cut(signed, 'ds:Signature');
  const without = edited(signed, signature, '');

  for (const anchor of ['</saml:Subject>', '</saml:Conditions>', '</saml:AttributeStatement>']) {
    await assertRejected(
      verifyText(edited(without, anchor, anchor + signature)),
      'signature-shape',
    );
  }
  const first = edited(without, '<saml:Issuer>', `${signature}<saml:Issuer>`);
  await assertRejected(verifyText(first), 'signature-shape');
  const second = edited(signed, '<saml:Issuer>', '<saml:Other></saml:Other><saml:Issuer>');
  await assertRejected(verifyText(second), 'signature-shape');
});

test('XML S3: a SAML 1.1 assertion is signed by AssertionID, last', async () => {
  const final = await signEnveloped(aSaml11Markup(), { ...key, id: '_a11' });

  const { proof } = await verifyText(final.canonical);
  assert.equal(proof.covered.size, 1);
  const moved = edited(
    final.canonical,
    '</ds:Signature>',
    '</ds:Signature><saml1:Advice></saml1:Advice>',
  );
  await assertRejected(verifyText(moved), 'signature-shape');
});

test('XML V11: metadata carries its signature first and may be commented between elements', async () => {
  const text = redigested(
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_m" entityID="urn:e">' +
      `${cut(await aSignedAssertion(key, '_m'), 'ds:Signature')}<!-- note --><md:Organization></md:Organization></md:EntityDescriptor>`,
  );
  const document = parse(text);

  const { element } = await verifyEnveloped(document, document.root, options);

  assert.equal(element.local, 'EntityDescriptor');
  await assertRejected(verifyAssertion(document, document.root, options), 'element-unexpected');
});

test('XML V11: a protocol message carries its signature first or after its Issuer', async () => {
  const signature = cut(await aSignedAssertion(key, '_r'), 'ds:Signature');
  const open = `<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="${SAML2_NS}" ID="_r">`;
  const issuer = '<saml:Issuer>i</saml:Issuer>';

  for (const text of [
    `${open}${signature}</p:Response>`,
    `${open}${issuer}${signature}</p:Response>`,
  ]) {
    const document = parse(redigested(text));
    await verifyEnveloped(document, document.root, options);
  }
  const commented = parse(
    redigested(`${open}${signature}<!-- --><p:Status></p:Status></p:Response>`),
  );
  await assertRejected(verifyEnveloped(commented, commented.root, options), 'comment-refused');
  const document = parse(redigested(`${open}<p:Status></p:Status>${signature}</p:Response>`));
  await assertRejected(verifyEnveloped(document, document.root, options), 'signature-shape');
});

test('XML V4: an element of a vocabulary without own IDs cannot be signed from within', async () => {
  const document = parse(`<x>${cut(await aSignedAssertion(key), 'ds:Signature')}</x>`);

  await assertRejected(verifyEnveloped(document, document.root, options), 'signature-shape');
});

test('XML V11: refuses a second reference, whatever it names', async () => {
  const signed = edited(
    await aSignedAssertion(key),
    '<saml:Subject>',
    `<saml:Subject xmlns:u="${WSU_NS}" u:Id="_s">`,
  );
  const reference = cut(signed, 'ds:Reference');
  const two = edited(signed, reference, reference + edited(reference, '#_a1', '#_s'));

  await assertRejected(verifyText(two), 'reference-refused');
});

test('XML V1: refuses an element of another parse', async () => {
  const text = await aSignedAssertion(key);

  await assertRejected(
    verifyAssertion(parse(text), parse(text).root, options),
    'reference-refused',
  );
});

test('XML V3: refuses a comment anywhere inside a signed assertion', async () => {
  const signed = await aSignedAssertion(key);

  const commented = edited(signed, '<saml:Conditions', '<!-- --><saml:Conditions');

  await assertRejected(verifyText(commented), 'comment-refused');
});

test('XML V7: refuses when the key is another one', async () => {
  const other = anRsaKey('other');

  await assertRejected(
    verifyText(await aSignedAssertion(key), { selectKey: () => other.trusted }),
    'signature-invalid',
  );
});

test('XML V7: the selector sees KeyInfo only after the shape is checked', async () => {
  const signed = await aSignedAssertion(key);
  let calls = 0;
  const selectKey = () => {
    calls += 1;
    return key.trusted;
  };

  const broken = edited(
    signed,
    '</ds:SignatureValue>',
    '</ds:SignatureValue><ds:Object></ds:Object>',
  );
  await assertRejected(verifyText(broken, { selectKey }), 'signature-shape');
  assert.equal(calls, 0);
  await verifyText(signed, { selectKey });
  assert.equal(calls, 1);
});

test('XML V8: refuses a changed value, attribute or name', async () => {
  const signed = await aSignedAssertion(key);

  for (const [from, to] of [
    ['alice@', 'admin@'],
    ['Name="role"', 'Name="rule"'],
    ['Version="2.0"', 'Version="2.1"'],
  ] as const) {
    await assertRejected(verifyText(edited(signed, from, to)), 'digest-mismatch');
  }
});

test('XML §5: SHA-1 is refused unless the issuer is marked, and then it is reported', async () => {
  const sha1 = edited(
    edited(await aSignedAssertion(key), RSA_SHA256, `${DS_NS}rsa-sha1`),
    'http://www.w3.org/2001/04/xmlenc#sha256',
    `${DS_NS}sha1`,
  );
  const text = redigested(sha1, 'sha1');

  await assertRejected(verifyText(text), 'algorithm-refused');
  const { proof } = await verifyText(text, { ...options, legacySha1: true });
  assert.equal(proof.usedSha1, true);
});

test('XML §5: a SHA-1 digest under a modern signature is refused and reported as well', async () => {
  const mixed = edited(
    await aSignedAssertion(key),
    'http://www.w3.org/2001/04/xmlenc#sha256',
    `${DS_NS}sha1`,
  );
  const { root } = parse(mixed);
  const [signature] = childrenNamed(root, DS_NS, 'Signature');
  assert.ok(signature);
  const digest = createHash('sha1')
    .update(canonicalize(root, { omit: signature }))
    .digest('base64');
  const text = resigned(
    edited(mixed, cut(mixed, 'ds:DigestValue'), `<ds:DigestValue>${digest}</ds:DigestValue>`),
    key,
  );

  await assertRejected(verifyText(text), 'algorithm-refused');
  const { proof } = await verifyText(text, { ...options, legacySha1: true });
  assert.equal(proof.usedSha1, true);
});

test('XML §1: inclusive canonical form is refused unless the issuer is marked', async () => {
  const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
  const signed = edited(await aSignedAssertion(key), ' ID=', ' xmlns:unused="u:x" ID=');
  const transform = edited(
    signed,
    /(<ds:Transform Algorithm=")http:\/\/www.w3.org\/2001\/10\/xml-exc-c14n#/,
    `<ds:Transform Algorithm="${inclusive}`,
  );
  const method = edited(transform, 'http://www.w3.org/2001/10/xml-exc-c14n#', inclusive);
  const { root } = parse(method);
  const [signature] = childrenNamed(root, DS_NS, 'Signature');
  const [signedInfo] = childrenNamed(signature ?? root, DS_NS, 'SignedInfo');
  assert.ok(signature && signedInfo);
  const digest = createHash('sha256')
    .update(canonicalize(root, { omit: signature, inclusive: true }))
    .digest('base64');
  const text = edited(
    method,
    cut(method, 'ds:DigestValue'),
    `<ds:DigestValue>${digest}</ds:DigestValue>`,
  );
  const again = parse(text);
  const [freshSignature] = childrenNamed(again.root, DS_NS, 'Signature');
  const [freshInfo] = childrenNamed(freshSignature ?? root, DS_NS, 'SignedInfo');
  assert.ok(freshInfo);
  const value = createSign('sha256')
    .update(canonicalize(freshInfo, { inclusive: true }))
    .sign(key.privateKey, 'base64');
  const complete = edited(
    text,
    cut(text, 'ds:SignatureValue'),
    `<ds:SignatureValue>${value}</ds:SignatureValue>`,
  );

  await assertRejected(verifyText(complete), 'algorithm-refused');
  await verifyText(complete, { ...options, inclusiveC14n: true });
});

test('XML §1: without a c14n transform the inclusive form is meant, and needs the same mark', async () => {
  const second =
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>';
  const signed = edited(await aSignedAssertion(key), ' ID=', ' xmlns:unused="u:x" ID=');
  const text = redigested(edited(signed, second, ''), 'sha256', true);

  await assertRejected(verifyText(text), 'algorithm-refused');
  await verifyText(text, { ...options, inclusiveC14n: true });
});

test('XML B15: refuses an ECDSA signature in DER', async () => {
  const ec = anEcKey('P-256', ECDSA_SHA256);
  const signed = await aSignedAssertion(ec);
  const { root } = parse(signed);
  const [signature] = childrenNamed(root, DS_NS, 'Signature');
  const [signedInfo] = childrenNamed(signature ?? root, DS_NS, 'SignedInfo');
  assert.ok(signedInfo);
  const der = sign('sha256', Buffer.from(canonicalize(signedInfo)), ec.privateKey).toString(
    'base64',
  );
  const text = edited(
    signed,
    cut(signed, 'ds:SignatureValue'),
    `<ds:SignatureValue>${der}</ds:SignatureValue>`,
  );

  await assertRejected(verifyText(text, { selectKey: () => ec.trusted }), 'signature-invalid');
});

test('XML A6, V11: a reference by another id than that of its own vocabulary is none to the assertion', async () => {
  const wider = edited(
    await aSignedAssertion({
      signer: createKeySigner({ algorithm: RSA_SHA256, key: key.privateKey }),
    }),
    / ID="_a1"/,
    ` xmlns:wsu="${WSU_NS}" ID="_a1" wsu:Id="w"`,
  );
  const unsigned = canonicalize(parse(edited(wider, cut(wider, 'ds:Signature'), '')).root);
  const digest = createHash('sha256').update(unsigned).digest('base64');
  const digested = wider.replace(/(<ds:DigestValue>)[^<]*/, `$1${digest}`);

  assert.ok(await verifyText(resigned(digested, key)));
  await assertRejected(
    verifyText(resigned(edited(digested, 'URI="#_a1"', 'URI="#w"'), key)),
    'reference-refused',
  );
});
