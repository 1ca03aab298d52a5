// Canonical form where namespaces are declared that nothing uses, bound anew and taken back: of such a document the exclusive form, a
// PrefixList and the inclusive form each write something else (Exclusive XML Canonicalization 1.0 §3).
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { parse } from '#test/support/xml/refusal.ts';

const declarations = fc
  .uniqueArray(
    fc.oneof(
      fc.tuple(fc.constantFrom('p', 'q', 'r', ''), fc.constantFrom('u:1', 'u:2')),
      fc.constant(['', ''] as const),
    ),
    { maxLength: 3, selector: ([prefix]) => prefix },
  )
  .map((bindings) =>
    bindings.map(([prefix, uri]) => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${uri}"`).join(''),
  );
const tree: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc
    .record({
      name: fc.constantFrom('b', 'p:b', 'q:b'),
      declared: declarations,
      attribute: fc.constantFrom('', ' p:z="1"', ' q:z="1"', ' xml:lang="en"'),
      content: fc.array(fc.oneof({ maxDepth: 3 }, fc.constant('t'), tie('node')), { maxLength: 2 }),
    })
    .map(
      ({ name, declared, attribute, content }) =>
        `<${name}${declared}${attribute}>${content.join('')}</${name}>`,
    ),
})).node;

const around = (xml: string): string =>
  `<p:o xmlns:p="u:1" xmlns:q="u:2" xmlns:r="u:1" xml:space="preserve"><a xmlns="u:d">${xml}</a></p:o>`;

const firstChild = (element: XmlElement): XmlElement => {
  const [child] = element.children;
  assert.ok(typeof child === 'object');
  return child;
};

test('XML §1: what is declared and not used is written as libxml2 writes it, in each form and from each apex', () => {
  fc.assert(
    fc.property(tree, fc.subarray(['p', 'q', 'r', '#default']), (xml, prefixes) => {
      const text = around(xml);
      const bytes = Buffer.from(text);
      const { root } = parse(text);
      const prefixList = prefixes.map((prefix) => (prefix === '#default' ? '' : prefix));

      for (const [node, apex] of [
        [root, '/*'],
        [firstChild(firstChild(root)), '/*/*/*'],
      ] as const) {
        assert.equal(
          canonicalize(node, { prefixList }),
          libxml2Canonical(bytes, { prefixes, apex }),
        );
        assert.equal(
          canonicalize(node, { inclusive: true }),
          libxml2Canonical(bytes, { inclusive: true, apex }),
        );
      }
    }),
    { numRuns: 1000 },
  );
});
