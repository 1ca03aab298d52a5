import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalize } from '#bridge/xml/canonical.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { parseXml } from '#bridge/xml/parser.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { SMALL_DOCUMENTS, soapMessage } from '#test/support/xml/samples.ts';

const SNIPPETS: readonly string[] = [
  '<',
  '>',
  '/',
  '&',
  '"',
  "'",
  '=',
  ' ',
  ':',
  '-',
  '!',
  '?',
  '#',
  ';',
  '\0',
  '\r',
  '\t',
  '1',
  'x',
  'é',
  '\u{1F600}',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?x?>',
  '<!DOCTYPE a>',
  '&#x',
  '&amp;',
  '&#13;',
  ' xmlns="',
  ' xmlns=""',
  'xmlns:p="u:q"',
  '<b/>',
  '</a>',
  ' Id="i"',
  'xml:',
  'xmlns',
  '%',
  '<?xml version="1.0"?>',
  '\uFEFF',
  '\u0085',
  '\u2028',
  '::',
  '//',
  '[',
];

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.integer({ min: 0, max: 4 }),
  insert: fc.oneof(fc.constant(''), fc.constantFrom(...SNIPPETS)),
});
const mutant = fc
  .tuple(
    fc.constantFrom(...SMALL_DOCUMENTS, soapMessage(20)),
    fc.array(edit, { minLength: 1, maxLength: 3 }),
  )
  .map(([text, edits]) => {
    let bytes = Buffer.from(text);
    for (const { at, remove, insert } of edits) {
      const start = Math.floor(at * bytes.length);
      bytes = Buffer.concat([
        bytes.subarray(0, start),
        Buffer.from(insert),
        bytes.subarray(start + remove),
      ]);
    }
    return bytes;
  });

function canonicalOrRefused(bytes: Uint8Array): string | undefined {
  try {
    return canonicalize(parseXml(bytes).root);
  } catch (error) {
    assert.ok(error instanceof XmlFailure, String(error));
    return undefined;
  }
}

test('XML §11: whatever we accept of a mutated document, libxml2 accepts with the same bytes', () => {
  fc.assert(
    fc.property(mutant, (bytes) => {
      const ours = canonicalOrRefused(bytes);
      if (ours !== undefined) assert.equal(ours, libxml2Canonical(bytes));
    }),
    { numRuns: 4000 },
  );
});

test('XML V2: random bytes throw nothing but XmlFailure', () => {
  const fragments = fc.array(
    fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ unit: 'binary', maxLength: 5 })),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fragments.map((parts) => Buffer.from(`<a>${parts.join('')}</a>`)),
  );

  fc.assert(
    fc.property(bytes, (input) => {
      const ours = canonicalOrRefused(input);
      if (ours !== undefined) assert.equal(ours, libxml2Canonical(input));
    }),
    { numRuns: 3000 },
  );
});

test('XML §1: the canonical form is a fixed point', () => {
  fc.assert(
    fc.property(mutant, (bytes) => {
      const once = canonicalOrRefused(bytes);
      if (once !== undefined) assert.equal(canonicalize(parseXml(Buffer.from(once)).root), once);
    }),
    { numRuns: 1000 },
  );
});
