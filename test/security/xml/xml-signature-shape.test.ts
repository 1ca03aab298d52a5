// Attacks on the form of ds:Signature (xml-security B1-B3, B8-B14). The signature value is right wherever a signer could
// make it so: what refuses is the rule.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { RSA_SHA256 } from '#bridge/xml/signature/algorithms.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { assertRejected, parse } from '#test/support/xml/refusal.ts';
import { aSignedAssertion } from '#test/support/xml/signed.ts';
import { cut, edited, resigned } from '#test/support/xml/tamper.ts';

const key = anRsaKey();
const signed = await aSignedAssertion(key);
const EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

async function refuseAssertion(text: string, reason: XmlFailureReason): Promise<void> {
  const document = parse(text);
  await assertRejected(
    verifyAssertion(document, document.root, { selectKey: () => key.trusted }),
    reason,
  );
}

const reference = cut(signed, 'ds:Reference');
const signedInfo = cut(signed, 'ds:SignedInfo');
const transforms = cut(signed, 'ds:Transforms');
const digestValue = cut(signed, 'ds:DigestValue');
const evil = (info: string): string => info.replaceAll('_a1', '_evil');

type Edit = readonly [
  title: string,
  search: string | RegExp,
  replacement: string,
  reason: XmlFailureReason,
];

const edits: readonly Edit[] = [
  [
    'XML B1: refuses two SignedInfo, the signed one first',
    signedInfo,
    signedInfo + evil(signedInfo),
    'signature-shape',
  ],
  [
    'XML B1: refuses two SignedInfo, the signed one last',
    signedInfo,
    evil(signedInfo) + signedInfo,
    'signature-shape',
  ],
  [
    'XML B3: refuses a ds:Object in front of SignedInfo',
    signedInfo,
    `<ds:Object>${evil(signedInfo)}</ds:Object>${signedInfo}`,
    'signature-shape',
  ],
  [
    'XML B3: refuses a ds:Object after the value',
    '</ds:SignatureValue>',
    '</ds:SignatureValue><ds:Object></ds:Object>',
    'signature-shape',
  ],
  [
    'XML V6: refuses a missing SignatureValue',
    /<ds:SignatureValue>.*<\/ds:SignatureValue>/,
    '',
    'signature-shape',
  ],
  [
    'XML V6: refuses two SignatureValue',
    '</ds:SignatureValue>',
    '</ds:SignatureValue><ds:SignatureValue>AAAA</ds:SignatureValue>',
    'signature-shape',
  ],
  [
    'XML V6: refuses an unknown attribute on Signature',
    '<ds:Signature ',
    '<ds:Signature x="1" ',
    'signature-shape',
  ],
  [
    'XML V6: refuses a namespaced attribute on SignedInfo',
    '<ds:SignedInfo',
    '<ds:SignedInfo xml:lang="en"',
    'signature-shape',
  ],
  [
    'XML V6: refuses a known attribute in a namespace',
    '<ds:SignedInfo',
    '<ds:SignedInfo ds:Id="x"',
    'signature-shape',
  ],
  [
    'XML V6: refuses an unknown attribute on SignatureValue',
    '<ds:SignatureValue',
    '<ds:SignatureValue x="1"',
    'signature-shape',
  ],
  ['XML V6: refuses text in SignedInfo', '<ds:SignedInfo>', '<ds:SignedInfo>x', 'signature-shape'],
  [
    'XML V6: refuses methods in another order',
    /(<ds:CanonicalizationMethod.*<\/ds:CanonicalizationMethod>)/,
    '',
    'signature-shape',
  ],
  ['XML V6: refuses a SignedInfo without reference', reference, '', 'signature-shape'],
  [
    'XML V6: refuses something else among the references',
    '</ds:SignedInfo>',
    '<ds:Other></ds:Other></ds:SignedInfo>',
    'signature-shape',
  ],
  [
    'XML V11: refuses a second reference in an assertion',
    reference,
    reference + reference,
    'reference-refused',
  ],
  [
    'XML B4: refuses a second digest in one reference',
    digestValue,
    digestValue + digestValue,
    'signature-shape',
  ],
  [
    'XML B2: refuses an element inside DigestValue',
    '<ds:DigestValue>',
    '<ds:DigestValue><x></x>',
    'text-malformed',
  ],
  [
    'XML B14: refuses loose base64 in DigestValue',
    /=<\/ds:DigestValue>/,
    '</ds:DigestValue>',
    'text-malformed',
  ],
  [
    'XML B6: refuses HMACOutputLength',
    '</ds:SignatureMethod>',
    '<ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>',
    'signature-shape',
  ],
  [
    'XML §5: refuses parameters of a digest',
    '</ds:DigestMethod>',
    '<x></x></ds:DigestMethod>',
    'signature-shape',
  ],
  [
    'XML V6: refuses a method without algorithm',
    ` Algorithm="${RSA_SHA256}"`,
    '',
    'signature-shape',
  ],
  ['XML §5: refuses an unknown signature algorithm', RSA_SHA256, 'urn:none', 'algorithm-refused'],
  [
    'XML §5: refuses MD5',
    RSA_SHA256,
    'http://www.w3.org/2001/04/xmldsig-more#rsa-md5',
    'algorithm-refused',
  ],
  ['XML §5: refuses DSA', RSA_SHA256, `${DSIG}dsa-sha1`, 'algorithm-refused'],
  ['XML B13: refuses RSA with SHA-1', RSA_SHA256, `${DSIG}rsa-sha1`, 'algorithm-refused'],
  ['XML §5: refuses HMAC with SHA-1', RSA_SHA256, `${DSIG}hmac-sha1`, 'algorithm-refused'],
  [
    'XML §5: refuses PSS with parameters of its own',
    RSA_SHA256,
    'http://www.w3.org/2007/05/xmldsig-more#rsa-pss',
    'algorithm-refused',
  ],
  [
    'XML B13: refuses a SHA-1 digest',
    'http://www.w3.org/2001/04/xmlenc#sha256',
    `${DSIG}sha1`,
    'algorithm-refused',
  ],
  [
    'XML §5: refuses an MD5 digest',
    'http://www.w3.org/2001/04/xmlenc#sha256',
    'http://www.w3.org/2001/04/xmldsig-more#md5',
    'algorithm-refused',
  ],
  [
    'XML §5: refuses an algorithm named like an object property',
    'http://www.w3.org/2001/04/xmlenc#sha256',
    'constructor',
    'algorithm-refused',
  ],
  [
    'XML §5: refuses canonical form with comments',
    `<ds:CanonicalizationMethod Algorithm="${EXC}"`,
    `<ds:CanonicalizationMethod Algorithm="${EXC}WithComments"`,
    'algorithm-refused',
  ],
  [
    'XML §5: refuses a transform to canonical form with comments',
    /xml-exc-c14n#"><\/ds:Transform>/,
    'xml-exc-c14n#WithComments"></ds:Transform>',
    'algorithm-refused',
  ],
  [
    'XML V6: refuses an unknown parameter of canonical form',
    '</ds:CanonicalizationMethod>',
    '<x></x></ds:CanonicalizationMethod>',
    'signature-shape',
  ],
  [
    'XML B9: refuses XPath',
    `${DSIG}enveloped-signature`,
    'http://www.w3.org/TR/1999/REC-xpath-19991116',
    'algorithm-refused',
  ],
  [
    'XML B9: refuses XPath Filter 2',
    `${DSIG}enveloped-signature`,
    'http://www.w3.org/2002/06/xmldsig-filter2',
    'algorithm-refused',
  ],
  [
    'XML B9: refuses XSLT',
    `${DSIG}enveloped-signature`,
    'http://www.w3.org/TR/1999/REC-xslt-19991116',
    'algorithm-refused',
  ],
  [
    'XML B9: refuses the base64 transform',
    `${DSIG}enveloped-signature`,
    `${DSIG}base64`,
    'algorithm-refused',
  ],
  [
    'XML B9: refuses the decryption transform',
    `${DSIG}enveloped-signature`,
    'http://www.w3.org/2002/07/decrypt#XML',
    'algorithm-refused',
  ],
  [
    'XML B9: refuses a chain of three transforms',
    '</ds:Transforms>',
    `<ds:Transform Algorithm="${EXC}"></ds:Transform></ds:Transforms>`,
    'signature-shape',
  ],
  [
    'XML B9: refuses no transform at all',
    transforms,
    '<ds:Transforms></ds:Transforms>',
    'signature-shape',
  ],
  ['XML V8: refuses a reference without Transforms', transforms, '', 'signature-shape'],
  [
    'XML V8: refuses canonical form before the enveloped transform',
    transforms,
    `<ds:Transforms><ds:Transform Algorithm="${EXC}"></ds:Transform><ds:Transform Algorithm="${DSIG}enveloped-signature"></ds:Transform></ds:Transforms>`,
    'algorithm-refused',
  ],
  [
    'XML V11: refuses an assertion whose reference has no enveloped transform',
    transforms,
    `<ds:Transforms><ds:Transform Algorithm="${EXC}"></ds:Transform></ds:Transforms>`,
    'algorithm-refused',
  ],
  ['XML B11: refuses an empty URI', 'URI="#_a1"', 'URI=""', 'reference-refused'],
  ['XML B11: refuses a reference without URI', ' URI="#_a1"', '', 'reference-refused'],
  [
    'XML B11: refuses an XPointer to the root',
    'URI="#_a1"',
    'URI="#xpointer(/)"',
    'reference-refused',
  ],
  [
    'XML B11: refuses an XPointer to an ID',
    'URI="#_a1"',
    'URI="#xpointer(id(\'_a1\'))"',
    'reference-refused',
  ],
  [
    'XML B11: refuses a reference without the number sign',
    'URI="#_a1"',
    'URI="_a1"',
    'reference-refused',
  ],
  [
    'XML B8: refuses a reference to a file',
    'URI="#_a1"',
    'URI="file:///etc/passwd"',
    'reference-refused',
  ],
  [
    'XML B8: refuses a reference to a server',
    'URI="#_a1"',
    'URI="http://169.254.169.254/#_a1"',
    'reference-refused',
  ],
  ['XML V11: refuses a reference to another ID', 'URI="#_a1"', 'URI="#_b"', 'reference-refused'],
  [
    'XML V6: refuses an unknown attribute on a reference',
    '<ds:Reference',
    '<ds:Reference x="1"',
    'signature-shape',
  ],
  [
    'XML V6: refuses an attribute on DigestValue',
    '<ds:DigestValue>',
    '<ds:DigestValue Id="x">',
    'signature-shape',
  ],
  [
    'XML B8: refuses RetrievalMethod',
    '</ds:SignatureValue>',
    '</ds:SignatureValue><ds:KeyInfo><ds:RetrievalMethod URI="http://169.254.169.254/"></ds:RetrievalMethod></ds:KeyInfo>',
    'signature-shape',
  ],
  [
    'XML B8: refuses RetrievalMethod beside a hint',
    '</ds:SignatureValue>',
    '</ds:SignatureValue><ds:KeyInfo><ds:KeyName>x</ds:KeyName><ds:RetrievalMethod URI="http://169.254.169.254/"></ds:RetrievalMethod></ds:KeyInfo>',
    'signature-shape',
  ],
  [
    'XML V6: refuses an empty KeyInfo',
    '</ds:SignatureValue>',
    '</ds:SignatureValue><ds:KeyInfo></ds:KeyInfo>',
    'signature-shape',
  ],
  ...[
    ['X509Data', 'urn:x'],
    ['SecurityTokenReference', 'urn:x'],
    ['Reference', WSSE_NS],
  ].map(
    ([local, uri]) =>
      [
        `XML V12: refuses a ${local} of the namespace ${uri} as a key hint`,
        '</ds:SignatureValue>',
        `</ds:SignatureValue><ds:KeyInfo><x:${local} xmlns:x="${uri}"></x:${local}></ds:KeyInfo>`,
        'signature-shape',
      ] as const,
  ),
  [
    'XML V6: refuses a flood of key hints',
    '</ds:SignatureValue>',
    `</ds:SignatureValue><ds:KeyInfo>${'<ds:KeyName>x</ds:KeyName>'.repeat(5)}</ds:KeyInfo>`,
    'signature-shape',
  ],
  [
    'XML V6: refuses KeyInfo twice',
    '</ds:SignatureValue>',
    `</ds:SignatureValue>${'<ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo>'.repeat(2)}`,
    'signature-shape',
  ],
  [
    'XML A7: refuses a signature element in another namespace',
    signedInfo,
    edited(signedInfo, '<ds:SignedInfo', '<ds:SignedInfo xmlns:ds="urn:other"'),
    'signature-shape',
  ],
];

for (const [title, search, replacement, reason] of edits) {
  test(title, async () => {
    const text = edited(signed, search, replacement);
    const isResignable = text.includes('<ds:SignatureValue>') && text.includes('<ds:SignedInfo>');

    await refuseAssertion(isResignable ? resigned(text, key) : text, reason);
  });
}

test('XML B13: an algorithm that no table has is refused before anybody is asked for a key', async () => {
  const text = edited(signed, `Algorithm="${RSA_SHA256}"`, 'Algorithm="urn:unknown"');
  const document = parse(text);
  const asked: string[] = [];

  await assertRejected(
    verifyAssertion(document, document.root, {
      selectKey: () => {
        asked.push('a key');
        return key.trusted;
      },
    }),
    'algorithm-refused',
  );

  assert.deepEqual(asked, []);
});

test('XML V6: accepts four hints, of which a signer needs two', async () => {
  const hints = '<ds:KeyName>x</ds:KeyName>'.repeat(4);
  const document = parse(
    edited(signed, '</ds:SignatureValue>', `</ds:SignatureValue><ds:KeyInfo>${hints}</ds:KeyInfo>`),
  );

  assert.ok(await verifyAssertion(document, document.root, { selectKey: () => key.trusted }));
});

test('XML V6: accepts whitespace in a signature, as other signers write it, when it was signed', async () => {
  const spaced = resigned(
    signed.replaceAll(/<ds:(?!Signature )/g, '\n$&').replaceAll('</ds:', '\n</ds:'),
    key,
  );
  const document = parse(spaced);

  const { proof } = await verifyAssertion(document, document.root, {
    selectKey: () => key.trusted,
  });

  assert.equal(proof.covered.size, 1);
});

test('XML B14: refuses another alphabet in SignatureValue', async () => {
  await refuseAssertion(
    edited(signed, '<ds:SignatureValue>', '<ds:SignatureValue>-'),
    'text-malformed',
  );
});
