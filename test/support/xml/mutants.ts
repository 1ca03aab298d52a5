// Documents with a few places broken, and heaps of markup.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { SMALL_DOCUMENTS, soapMessage } from './samples.ts';

/** Pieces of markup that mean something somewhere. */
export const SNIPPETS: readonly string[] = [
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
  '\n',
  '\r\n',
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
  '&#x9;',
  '&lt;',
  '<![CDATA[y]]>',
  '<!-- c -->',
  '\uFFFE',
  ' p:a="1"',
  ' a="1"',
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
/** The bytes of a document that was edited in one to three places. */
export const mutant = fc
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
