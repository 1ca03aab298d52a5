import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { DS_NS, SAML2_NS, SAML11_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { attributeOf, elementsOf, lookupNamespace } from '#bridge/xml/tree.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

const refusals: readonly [title: string, text: string, reason: XmlFailureReason][] = [
  ['XML V2: refuses a document type declaration', '<!DOCTYPE a><a/>', 'doctype-refused'],
  [
    'XML C1: refuses an external entity',
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    'doctype-refused',
  ],
  [
    'XML C1: refuses an entity bomb',
    '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    'doctype-refused',
  ],
  [
    'XML V2: refuses a document type declaration after the root',
    '<a/><!DOCTYPE a>',
    'doctype-refused',
  ],
  ['XML V2: refuses a processing instruction', '<a><?p d?></a>', 'processing-instruction-refused'],
  [
    'XML A3: refuses a processing instruction before the root',
    '<?p d?><a/>',
    'processing-instruction-refused',
  ],
  [
    'XML A3: refuses a processing instruction after the root',
    '<a/><?p?>',
    'processing-instruction-refused',
  ],
  [
    'XML V2: refuses an XML declaration inside the document',
    '<a><?xml version="1.0"?></a>',
    'processing-instruction-refused',
  ],
  [
    'XML V2: refuses an XML declaration after whitespace',
    ' <?xml version="1.0"?><a/>',
    'processing-instruction-refused',
  ],
  ['XML V2: refuses XML 1.1', '<?xml version="1.1"?><a/>', 'encoding-refused'],
  [
    'XML V2: refuses another encoding declaration',
    '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    'encoding-refused',
  ],
  ['XML C4: refuses UTF-7', '<?xml version="1.0" encoding="UTF-7"?><a/>', 'encoding-refused'],
  ['XML V2: refuses an unknown entity', '<a>&nbsp;</a>', 'not-well-formed'],
  [
    'XML V2: refuses an entity named like an object property',
    '<a>&constructor;</a>',
    'not-well-formed',
  ],
  ['XML V2: refuses a reference to an illegal character', '<a>&#0;</a>', 'not-well-formed'],
  ['XML V2: refuses a reference to a surrogate', '<a>&#xD800;</a>', 'not-well-formed'],
  ['XML V2: refuses a reference beyond Unicode', '<a>&#x110000;</a>', 'not-well-formed'],
  ['XML V2: refuses a bare control character', '<a>\u0001</a>', 'not-well-formed'],
  ['XML V2: refuses U+FFFE', '<a>\uFFFE</a>', 'not-well-formed'],
  ['XML V2: refuses an undeclared element prefix', '<p:a/>', 'not-well-formed'],
  ['XML V2: refuses an undeclared attribute prefix', '<a p:b="1"/>', 'not-well-formed'],
  ['XML V2: refuses a repeated attribute', '<a b="1" b="2"/>', 'not-well-formed'],
  [
    'XML V2: refuses attributes equal by namespace and local name',
    '<a xmlns:p="u:x" xmlns:q="u:x" p:b="1" q:b="2"/>',
    'not-well-formed',
  ],
  [
    'XML V2: refuses one repeated attribute among many',
    `<a ${Array.from({ length: 20 }, (_, i) => `b${i}=""`).join(' ')} b7=""/>`,
    'not-well-formed',
  ],
  [
    'XML V2: refuses one attribute among many that is equal by namespace and local name',
    `<a xmlns:p="u:x" xmlns:q="u:x" ${Array.from({ length: 20 }, (_, i) => `b${i}=""`).join(' ')} p:b7="" q:b7=""/>`,
    'not-well-formed',
  ],
  ['XML V2: refuses a repeated declaration', '<a xmlns:p="u:x" xmlns:p="u:x"/>', 'not-well-formed'],
  [
    'XML V2: refuses a name part that starts with a digit',
    '<p:1a xmlns:p="u:x"/>',
    'not-well-formed',
  ],
  [
    'XML V2: refuses a declared prefix that starts with a digit',
    '<a xmlns:1p="u:x"/>',
    'not-well-formed',
  ],
  [
    'XML V2: refuses an attribute name part that starts with a hyphen',
    '<a xmlns:p="u:x" p:-b="1"/>',
    'not-well-formed',
  ],
  ['XML V2: refuses two colons in a name', '<a:b:c xmlns:a="u:x"/>', 'not-well-formed'],
  ['XML V2: refuses rebinding of xml', '<a xmlns:xml="u:x"/>', 'namespace-refused'],
  [
    'XML V2: refuses the xml prefix declared to its own namespace',
    '<a xmlns:xml="http://www.w3.org/XML/1998/namespace"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses a declaration of xmlns',
    '<a xmlns:xmlns="http://www.w3.org/2000/xmlns/"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses a declaration of xmlns for another namespace',
    '<a xmlns:xmlns="u:x"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses another prefix for the namespace of declarations',
    '<a xmlns:x="http://www.w3.org/2000/xmlns/"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses the namespace of declarations as the default',
    '<a xmlns="http://www.w3.org/2000/xmlns/"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses another prefix for the xml namespace',
    '<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses an undeclared prefix by an empty value',
    '<a xmlns:p="u:x"><b xmlns:p=""/></a>',
    'namespace-refused',
  ],
  ['XML A5: refuses a relative namespace name', '<a xmlns="relative"/>', 'namespace-refused'],
  [
    'XML A5: refuses a namespace name that starts with a slash',
    '<a xmlns="/x"/>',
    'namespace-refused',
  ],
  ['XML A7: refuses a quote in a namespace name', '<a xmlns="u:&quot;x"/>', 'namespace-refused'],
  ['XML A7: refuses an apostrophe in a namespace name', '<a xmlns="u:\'x"/>', 'namespace-refused'],
  [
    'XML A7: refuses an ampersand in a namespace name',
    '<a xmlns:p="u:a&amp;b"/>',
    'namespace-refused',
  ],
  ['XML A7: refuses markup in a namespace name', '<a xmlns:p="u:&lt;b>"/>', 'namespace-refused'],
  ['XML V2: refuses a space around a namespace name', '<a xmlns=" u:x"/>', 'namespace-refused'],
  [
    'XML V2: refuses a namespace name with a broken escape',
    '<a xmlns="u:%zz"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses a namespace name with two fragments',
    '<a xmlns="u:a#b#c"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses a namespace name whose port is no number',
    '<a xmlns="http://a:b/"/>',
    'namespace-refused',
  ],
  [
    'XML V2: refuses characters beyond ASCII in a namespace name',
    '<a xmlns="u:é"/>',
    'namespace-refused',
  ],
  ['XML V2: refuses an empty document', '', 'not-well-formed'],
  ['XML V2: refuses text only', 'text', 'not-well-formed'],
  ['XML V2: refuses two roots', '<a/><b/>', 'not-well-formed'],
  ['XML V2: refuses text after the root', '<a/>x', 'not-well-formed'],
  ['XML V2: refuses CDATA after the root', '<a/><![CDATA[x]]>', 'not-well-formed'],
  ['XML V2: refuses an open element at the end', '<a><b></b>', 'not-well-formed'],
  ['XML V2: refuses crossed tags', '<a><b></a></b>', 'not-well-formed'],
  ['XML V2: refuses a less-than sign in an attribute', '<a b="<"/>', 'not-well-formed'],
  ['XML V2: refuses the end of CDATA in text', '<a>]]></a>', 'not-well-formed'],
  ['XML V2: refuses an unquoted attribute', '<a b=c/>', 'not-well-formed'],
  ['XML V2: refuses an unfinished comment', '<a/><!-- x', 'not-well-formed'],
  ['XML V2: refuses two hyphens in a comment', '<a/><!-- x -- y -->', 'not-well-formed'],
  [
    'XML V3: refuses a comment in a text-only element',
    '<a>admin<!-- -->.evil</a>',
    'comment-refused',
  ],
  ['XML V3: refuses a comment as the only content', '<a><!-- --></a>', 'comment-refused'],
  ['XML V3: refuses a comment beside text and elements', '<a>x<b/><!-- --></a>', 'comment-refused'],
  ['XML A2: refuses a comment in front of a text', '<a><!-- -->text</a>', 'comment-refused'],
  [
    'XML V3: refuses a comment in ds:Signature',
    `<Signature xmlns="${DS_NS}"><a/><!-- --></Signature>`,
    'comment-refused',
  ],
  [
    'XML B2: refuses a comment below ds:Signature',
    `<Signature xmlns="${DS_NS}"><SignedInfo><a/><!-- --><a/></SignedInfo></Signature>`,
    'comment-refused',
  ],
  [
    'XML V4: refuses two equal wsu:Id',
    `<a xmlns:u="${WSU_NS}" u:Id="i"><b u:Id="i"/></a>`,
    'id-duplicate',
  ],
  [
    'XML B12: refuses one ID spelled in two vocabularies',
    `<a xmlns:u="${WSU_NS}" u:Id="i"><s:Assertion xmlns:s="${SAML2_NS}" ID="i"/></a>`,
    'id-duplicate',
  ],
  [
    'XML V4: refuses one ID twice on one element',
    `<s:Assertion xmlns:s="${SAML2_NS}" xmlns:u="${WSU_NS}" ID="i" u:Id="i"/>`,
    'id-duplicate',
  ],
  ['XML V4: refuses an empty ID', `<s:Assertion xmlns:s="${SAML2_NS}" ID=""/>`, 'id-duplicate'],
];

for (const [title, text, reason] of refusals) {
  test(title, () => {
    assertRefused(() => parse(text), reason);
  });
}

const TEN_ATTRIBUTES = Array.from({ length: 10 }, (_, i) => ` b${i}=""`).join('');

const bytesRefused: readonly [title: string, bytes: Buffer, reason: XmlFailureReason][] = [
  [
    'XML C4: refuses UTF-16 with its mark',
    Buffer.from('\uFEFF<a/>', 'utf16le'),
    'encoding-refused',
  ],
  ['XML C4: refuses UTF-16 without its mark', Buffer.from('<a/>', 'utf16le'), 'not-well-formed'],
  [
    'XML C4: refuses an overlong sequence',
    Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xbc]),
    'encoding-refused',
  ],
  [
    'XML C4: refuses a lone surrogate in UTF-8',
    Buffer.from([0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80]),
    'encoding-refused',
  ],
  ['XML V2: refuses two byte order marks', Buffer.from('\uFEFF\uFEFF<a/>'), 'not-well-formed'],
  [
    'XML V2: refuses a body over the limit',
    Buffer.alloc(DEFAULT_LIMITS.maxBytes + 1, 0x20),
    'too-large',
  ],
  [
    'XML C3: refuses depth over the limit',
    Buffer.from('<a>'.repeat(65) + '</a>'.repeat(65)),
    'too-complex',
  ],
  [
    'XML C3: refuses too many elements',
    Buffer.from(`<a>${'<b/>'.repeat(5000)}</a>`),
    'too-complex',
  ],
  [
    'XML C3: refuses too many attributes',
    Buffer.from(`<a ${Array.from({ length: 65 }, (_, i) => `b${i}=""`).join(' ')}/>`),
    'too-complex',
  ],
  [
    'XML C3: counts declarations as attributes',
    Buffer.from(`<a ${Array.from({ length: 65 }, (_, i) => `xmlns:b${i}="u:x"`).join(' ')}/>`),
    'too-complex',
  ],
  [
    'XML C3: refuses more elements, attributes and declarations than one in 20 bytes of what it may have',
    Buffer.from(`<a>${`<b${TEN_ATTRIBUTES}/>`.repeat(1192)}</a>`),
    'too-complex',
  ],
  [
    'XML C3: refuses a long attribute',
    Buffer.from(`<a b="${'x'.repeat(16 * 1024 + 1)}"/>`),
    'too-complex',
  ],
];

for (const [title, bytes, reason] of bytesRefused) {
  test(title, () => {
    assertRefused(() => parseXml(bytes), reason);
  });
}

test('XML C3: counts markup by the longest document that is taken, not by this one', () => {
  const limits = { ...DEFAULT_LIMITS, maxBytes: 2000 };
  // With the root 100, of which 11 each.
  const text = `<a>${`<b${TEN_ATTRIBUTES}/>`.repeat(9)}</a>`;

  assert.equal(parseXml(Buffer.from(text), limits).root.children.length, 9);
  assertRefused(
    () => parseXml(Buffer.from(text.replace('</a>', '<b/></a>')), limits),
    'too-complex',
  );
});

test('XML C3: accepts a document at its limits', () => {
  const attributes = Array.from({ length: 64 }, (_, i) => `b${i}=""`).join(' ');
  const deep = '<a>'.repeat(63) + '</a>'.repeat(63);

  const { root } = parse(`<r ${attributes}>${deep}${'<b/>'.repeat(5000 - 64)}</r>`);

  assert.equal(root.children.length, 1 + 5000 - 64);
});

test('XML V2: accepts equal local names of different namespaces, few and many', () => {
  const many = Array.from({ length: 20 }, (_, i) => `b${i}="" p:b${i}=""`).join(' ');
  const { root } = parse(`<a xmlns:p="u:x" ${many}><c d="1" p:d="2"/></a>`);

  const [inner] = elementsOf(root);
  assert.equal(root.attributes.length, 40);
  assert.equal(attributeOf(inner ?? root, 'd', 'u:x'), '2');
});

test('XML V2: accepts one byte order mark, a UTF-8 declaration and the five entities', () => {
  const { root } = parse(
    '\uFEFF<?xml version="1.0" encoding="utf-8"?>\n<a>&amp;&lt;&gt;&quot;&apos;&#65;</a>\n',
  );

  assert.deepEqual(root.children, ['&<>"\'A']);
});

test('XML V1: joins text and CDATA into one child and normalises line ends', () => {
  const { root } = parse('<a>x\r\ny<![CDATA[<z>]]>\rw</a>');

  assert.deepEqual(root.children, ['x\ny<z>\nw']);
});

test('XML V3: accepts comments between elements and outside the root', () => {
  const { root } = parse('<!-- 1 --><a> <!-- 2 --><b/><c/></a><!-- 3 -->');

  assert.equal(root.commented, true);
  assert.deepEqual(
    elementsOf(root).map((element) => element.commented),
    [false, false],
  );
});

test('XML V4: types IDs by expanded name and ignores lookalikes', () => {
  const document = parse(
    `<a Id="x1" ID="x2" id="x3" xml:id="x4" xmlns:w="u:other" w:Id="x5" xmlns:u="${WSU_NS}" u:Id="i1">` +
      `<s2:Assertion xmlns:s2="${SAML2_NS}" ID="i2" Id="x6" AssertionID="x7"/>` +
      `<s1:Assertion xmlns:s1="${SAML11_NS}" AssertionID="i3" ID="x8"/>` +
      `<ds:Object xmlns:ds="${DS_NS}" Id="i4" ID="x9"/></a>`,
  );

  assert.deepEqual([...document.ids.keys()], ['i1', 'i2', 'i3', 'i4']);
});

test('XML A8: an attribute whose name begins with xmlns is an attribute', () => {
  const { root } = parse('<a xmlnsRole="admin"/>');

  assert.equal(attributeOf(root, 'xmlnsRole'), 'admin');
  assert.equal(root.declarations.length, 0);
});

test('XML A7: an inner rebinding of a prefix changes the expanded name', () => {
  const { root } = parse(
    '<p:a xmlns:p="u:one"><p:b xmlns:p="u:two"/><c xmlns="u:d"><e xmlns=""/></c></p:a>',
  );

  const [inner, plain] = elementsOf(root);
  assert.equal(inner?.uri, 'u:two');
  assert.equal(plain?.uri, 'u:d');
  assert.equal(elementsOf(plain ?? root)[0]?.uri, '');
  assert.equal(lookupNamespace(root, 'nowhere'), undefined);
});

test('XML V2: accepts names beyond ASCII', () => {
  const { root } = parse('<é xmlns:ñ="u:x" ñ:ü="1"/>');

  assert.equal(attributeOf(root, 'ü', 'u:x'), '1');
});
