import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { createOutput, openTag } from '#bridge/xml/canonical/canonical-tag.ts';
import { toAsciiWire } from '#bridge/xml/canonical/escape.ts';
import { compareCodePoints } from '#bridge/xml/characters.ts';
import { childrenNamed } from '#bridge/xml/reader.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

const corpus: readonly string[] = [
  '<a/>',
  '<a  b = "1"   a="2"  ></a >',
  '<a>&amp;&lt;&gt;&quot;&apos;&#13;&#9;\r\n</a>',
  '<a b="&amp;&lt;&gt;&quot;&apos;&#13;&#9;&#10; \t\n"/>',
  '<a><![CDATA[<x>&]]>y</a>',
  '<p:a xmlns:p="u:p" xmlns:q="u:q"><q:b p:z="1" z="2" q:a="3"/></p:a>',
  '<a xmlns="u:d"><b xmlns=""><c xmlns="u:d"/></b></a>',
  '<p:a xmlns:p="u:p" xmlns="u:d"><b/><p:c><b xmlns="u:e"/></p:c></p:a>',
  '<p:a xmlns:p="u:1"><p:a xmlns:p="u:2"><p:a xmlns:p="u:1"/></p:a><p:a/></p:a>',
  '<a xml:lang="en" xml:space="preserve"><b xml:lang="de"/></a>',
  '<a xmlns:b="u:x" xmlns:B="u:X" xmlns:c="u:xx" B:z="1" b:z="2" c:a="3" z="4" Z="5"/>',
  '<a xmlnsRole="admin" xmlns:x="u:x" x:xmlns="1"/>',
  '<a> <!-- c --> <b/> <!-- d --></a>',
  '<a \u{10000}="1" \uFA00="2"/>',
  '<a>\u{1F600} é \u2028</a>',
];

test('XML §1: gives the canonical bytes of libxml2 over the corpus', () => {
  for (const text of corpus) {
    assert.equal(canonicalize(parse(text).root), libxml2Canonical(Buffer.from(text)), text);
  }
});

test('XML §1: gives the inclusive canonical bytes of libxml2 over the corpus', () => {
  for (const text of corpus) {
    const ours = canonicalize(parse(text).root, { inclusive: true });
    assert.equal(ours, libxml2Canonical(Buffer.from(text), { inclusive: true }), text);
  }
});

const nested =
  '<r xmlns="u:d" xmlns:p="u:p" xmlns:q="u:q" xmlns:n="u:n" xml:lang="en" xml:base="http://x/">' +
  '<p:m xml:base="http://y/"><p:apex><b q:x="1"/><n:c xmlns:n="u:n2"><c xmlns=""/></n:c></p:apex></p:m></r>';

function apexOf(text: string): XmlElement {
  const [middle] = elementsOf(parse(text).root);
  assert.ok(middle);
  const [apex] = elementsOf(middle);
  assert.ok(apex);
  return apex;
}

for (const prefixes of [[], ['#default'], ['n'], ['q', 'n', '#default', 'unknown', 'xml']]) {
  test(`XML §1: agrees with libxml2 on a subtree with the PrefixList "${prefixes.join(' ')}"`, () => {
    const prefixList = prefixes.map((prefix) => (prefix === '#default' ? '' : prefix));

    const ours = canonicalize(apexOf(nested), { prefixList });

    const apex = '//*[local-name()="apex"]';
    assert.equal(ours, libxml2Canonical(Buffer.from(nested), { prefixes, apex }));
  });
}

test('XML §1: the inclusive form of a subtree takes over namespaces and xml attributes', () => {
  const ours = canonicalize(apexOf(nested), { inclusive: true });

  const apex = '//*[local-name()="apex"]';
  assert.equal(ours, libxml2Canonical(Buffer.from(nested), { inclusive: true, apex }));
  assert.match(ours, /xml:base="http:\/\/y\/" xml:lang="en"/);
});

test('XML V8: leaves out exactly the omitted element', () => {
  const { root } = parse('<a><b/>x<c/><b/></a>');
  const [first] = childrenNamed(root, '', 'b');
  assert.ok(first);

  assert.equal(canonicalize(root, { omit: first }), '<a>x<c></c><b></b></a>');
});

test('XML A5: refuses a canonical form with nothing in it', () => {
  const { root } = parse('<a/>');

  assertRefused(() => canonicalize(root, { omit: root }), 'reference-refused');
});

test('XML C3: refuses namespaces that multiply in canonical form', () => {
  const text = `<r xmlns:p="u:${'x'.repeat(10_000)}">${'<p:a/>'.repeat(4000)}</r>`;

  assertRefused(() => canonicalize(parse(text).root), 'canonical-too-large');
});

test('XML C3: counts the cap in bytes, not in characters', () => {
  const { root } = parse(`<a>${'é'.repeat(50)}</a>`);

  assertRefused(() => canonicalize(root, { maxBytes: 100 }), 'canonical-too-large');
  assert.equal(canonicalize(root, { maxBytes: 107 }).length, 57);
});

test('WSS 1.1 §8.3: writes an empty default namespace on the apex when none is in scope', () => {
  assert.equal(
    canonicalize(parse('<p:a xmlns:p="u:p"><b/><p:c/></p:a>').root, { emptyDefault: true }),
    '<p:a xmlns="" xmlns:p="u:p"><b></b><p:c></p:c></p:a>',
  );
  assert.equal(canonicalize(parse('<a/>').root, { emptyDefault: true }), '<a xmlns=""></a>');
  assert.equal(
    canonicalize(parse('<p:a xmlns="u:d" xmlns:p="u:p"/>').root, {
      emptyDefault: true,
      prefixList: [''],
    }),
    '<p:a xmlns="u:d" xmlns:p="u:p"></p:a>',
  );
});

test('XML §1: sorts by code point, not by UTF-16 unit', () => {
  assert.ok(compareCodePoints('\u{10000}', '\uFA00') > 0);
  assert.ok(compareCodePoints('a', 'ab') < 0);
  assert.equal(compareCodePoints('ab', 'ab'), 0);
});

test('XML S6: the ASCII wire form is ASCII and has the same canonical form', () => {
  const canonical = canonicalize(parse('<a b="é">\u{1F600}ü&#13;</a>').root);

  const wire = toAsciiWire(canonical);

  assert.equal(wire, '<a b="&#xE9;">&#x1F600;&#xFC;&#xD;</a>');
  assert.equal(canonicalize(parse(wire).root), canonical);
});

test('XML C3: the cap stops the writing, not only its result', () => {
  const output = createOutput(3);
  const tag = { prefix: '', uri: '', local: 'abc', attributes: [] };
  openTag(output, tag, []);

  assertRefused(() => openTag(output, tag, []), 'canonical-too-large');
});
