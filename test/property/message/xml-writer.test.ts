import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import {
  type AttributePair,
  element,
  type Markup,
  type MarkupName,
} from '#bridge/xml/canonical/markup.ts';
import { toWireBytes, writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { XML_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { legalText } from '#test/support/legal-text.ts';
import { anEcKey } from '#test/support/xml/keys.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { parse } from '#test/support/xml/refusal.ts';
import { aSignedAssertion } from '#test/support/xml/signed.ts';

const legal = legalText('&#x');
const local = fc.constantFrom('a', 'b', 'A', 'B-1', '_c');
// Prefixes that rebind, differ in case only, and URIs that are prefixes of each other.
const name = fc.oneof(
  fc.record({
    prefix: fc.constantFrom('p', 'P', 'q'),
    uri: fc.constantFrom('u:x', 'u:xx', 'u:X', 'u:%C3%A9'),
    local,
  }),
  fc.record({ prefix: fc.constant(''), uri: fc.constantFrom('', 'u:x', 'u:d'), local }),
);
const attribute = fc.oneof(
  fc.tuple(local, legal),
  fc.tuple(
    fc.record({
      prefix: fc.constantFrom('p', 'r', 'xml'),
      uri: fc.constantFrom('u:x', 'u:r'),
      local,
    }),
    legal,
  ),
);

const tree = fc.letrec<{ node: Markup }>((tie) => ({
  node: fc
    .tuple(
      name,
      fc.uniqueArray(attribute, {
        maxLength: 4,
        selector: ([key]) => (typeof key === 'string' ? key : key.local),
      }),
      fc.array(fc.oneof({ maxDepth: 3 }, legal, tie('node')), { maxLength: 4 }),
    )
    .map(([key, attributes, children]) => build(key, attributes, children)),
})).node;

function build(
  key: MarkupName,
  attributes: readonly AttributePair[],
  children: readonly (Markup | string)[],
): Markup {
  const fixed = attributes.map(([attributeName, value]): AttributePair => {
    if (typeof attributeName === 'string') return [attributeName, value];
    // One prefix must have one meaning in a tag.
    const meanings: Readonly<Record<string, string>> = {
      xml: XML_NS,
      r: 'u:r',
      p: 'u:x',
      [key.prefix]: key.uri,
    };
    const uri = meanings[attributeName.prefix] ?? attributeName.uri;
    return [{ ...attributeName, uri }, value];
  });
  return element(key, fixed, children);
}

test('XML S6: what is written is its own canonical form, for us and for libxml2', () => {
  fc.assert(
    fc.property(tree, (markup) => {
      const { text } = writeCanonical(markup);
      assert.equal(canonicalize(parse(text).root), text);
      assert.equal(libxml2Canonical(Buffer.from(text)), text);
    }),
    { numRuns: 1000 },
  );
});

test('XML S6: the ASCII wire form has the same canonical form', () => {
  fc.assert(
    fc.property(tree, (markup) => {
      const wire = toWireBytes(markup);
      assert.ok(wire.every((byte) => byte < 0x80));
      assert.equal(canonicalize(parseXml(wire).root), writeCanonical(markup).text);
    }),
    { numRuns: 500 },
  );
});

test('XML §1: exclusive and inclusive canonical form of random trees agree with libxml2 under a PrefixList', () => {
  fc.assert(
    fc.property(tree, fc.subarray(['p', 'P', 'q', 'r', '#default']), (markup, prefixes) => {
      const text = writeCanonical(markup).text;
      const prefixList = prefixes.map((prefix) => (prefix === '#default' ? '' : prefix));
      const { root } = parse(text);
      assert.equal(
        canonicalize(root, { prefixList }),
        libxml2Canonical(Buffer.from(text), { prefixes }),
      );
      assert.equal(
        canonicalize(root, { inclusive: true }),
        libxml2Canonical(Buffer.from(text), { inclusive: true }),
      );
    }),
    { numRuns: 500 },
  );
});

test('XML V8: no change of a signed assertion verifies unless its canonical form is the same', async () => {
  const key = anEcKey();
  const signed = await aSignedAssertion(key);
  const edit = fc.record({
    at: fc.nat({ max: signed.length }),
    remove: fc.nat({ max: 3 }),
    insert: fc.constantFrom(
      '',
      ' ',
      'x',
      '"',
      '<b></b>',
      '<!---->',
      '&#x41;',
      '=',
      'A',
      '\n',
      '<![CDATA[x]]>',
    ),
  });
  const verified = async (text: string): Promise<string | undefined> => {
    try {
      const document = parse(text);
      const { element: node } = await verifyAssertion(document, document.root, {
        selectKey: () => key.trusted,
      });
      return canonicalize(node);
    } catch (error) {
      assert.ok(error instanceof XmlFailure, String(error));
      return undefined;
    }
  };
  const withoutSignature = (text: string): string =>
    text.replace(/<ds:Signature .*<\/ds:Signature>/s, '');
  const expected = withoutSignature(signed);

  await fc.assert(
    fc.asyncProperty(edit, async ({ at, remove, insert }) => {
      const result = await verified(signed.slice(0, at) + insert + signed.slice(at + remove));
      if (result !== undefined) assert.equal(withoutSignature(result), expected);
    }),
    { numRuns: 1500 },
  );
});
