import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { mutant, SNIPPETS } from '#test/support/xml/mutants.ts';
import { ownEvents, saxesEvents } from '#test/support/xml/saxes.ts';

function canonicalOrRefused(bytes: Uint8Array): string | undefined {
  try {
    return canonicalize(parseXml(bytes).root);
  } catch (error) {
    assert.ok(error instanceof XmlFailure, String(error));
    return undefined;
  }
}

test('XML §11: whatever we accept of a mutated document, libxml2 accepts with the same bytes', () => {
  let taken = 0;

  fc.assert(
    fc.property(mutant, (bytes) => {
      const ours = canonicalOrRefused(bytes);
      if (ours === undefined) return;
      taken += 1;
      assert.equal(ours, libxml2Canonical(bytes));
    }),
    { numRuns: 4000 },
  );
  assert.ok(taken > 800, `${taken} mutants were taken`);
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

const orRefused = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

test('XML V2: what another strict tokenizer reads of a mutated document we read alike, and we take none that it refuses', () => {
  let taken = 0;
  const heap = fc.array(fc.constantFrom(...SNIPPETS), { maxLength: 12 });
  const document = fc.oneof(
    mutant.map((bytes) => bytes.toString().replace(/^\uFEFF+/, '')),
    heap.map((pieces) => `<a>${pieces.join('')}</a>`),
  );

  fc.assert(
    fc.property(document, (text) => {
      const theirs = orRefused(() => saxesEvents(text));
      const isTaken = canonicalOrRefused(Buffer.from(text)) !== undefined;
      if (theirs !== undefined) {
        taken += 1;
        assert.deepEqual(ownEvents(text), theirs);
      } else assert.equal(isTaken, false);
    }),
    { numRuns: 6000 },
  );
  assert.ok(taken > 300, `${taken} documents were taken`);
});
