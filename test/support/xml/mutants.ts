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

interface Edit {
  /** Where it is, as a part of the length. */
  readonly at: number;
  /** Moves the edit to where markup of its kind may stand: behind a tag, or at the end of one. */
  readonly to?: 'content' | 'tag';
  readonly remove: number;
  readonly insert: string;
}

const place = fc.double({ min: 0, max: 1, noNaN: true });
const breaking: fc.Arbitrary<Edit> = fc.record({
  at: place,
  remove: fc.integer({ min: 0, max: 4 }),
  insert: fc.oneof(fc.constant(''), fc.constantFrom(...SNIPPETS)),
});
// What breaks a document is refused by everybody. Where parsers differ is in what most of them take.
const inserting = (to: 'content' | 'tag', pieces: readonly string[]): fc.Arbitrary<Edit> =>
  fc.record({
    at: place,
    to: fc.constant(to),
    remove: fc.constant(0),
    insert: fc.constantFrom(...pieces),
  });
const gentle = fc.oneof(
  inserting('content', [
    ' \r\n',
    '&amp;',
    '&#13;',
    '&#x1F600;',
    ']]',
    '\u0085\u2028',
    '\u{10000}',
    '<b/>',
    '<b xmlns="u:q"/>',
    '<b xmlns:p="u:q" p:a="1"/>',
    '<b xmlns=""><p:c xmlns:p="u:r"></p:c ></b>',
    '<!-- c -->',
    '<![CDATA[<y>&]]>',
  ]),
  inserting('tag', [
    ' ',
    '\n',
    ' a="1"',
    " Z='&lt;&#9;\"'",
    ' b = "\t\r\n&amp;"',
    ' xmlns:q="u:%41"',
    ' xmlns:B="u:x" B:z="2"',
    ' xml:lang="en"',
    ' xmlnsRole="x"',
  ]),
);

function startOf(text: string, { at, to }: Edit): number {
  const start = Math.floor(at * text.length);
  const end = to === undefined ? -1 : text.indexOf('>', start);
  if (end < 0) return start;
  if (to === 'content') return end + 1;
  return text[end - 1] === '/' ? end - 1 : end;
}

/** The bytes of a document that was edited in one to three places. */
export const mutant = fc
  .tuple(
    fc.constantFrom(...SMALL_DOCUMENTS, soapMessage(20)),
    fc.oneof(
      fc.array(breaking, { minLength: 1, maxLength: 3 }),
      fc.array(gentle, { minLength: 1, maxLength: 3 }),
    ),
  )
  .map(([text, edits]) => {
    let bytes = Buffer.from(text);
    for (const change of edits) {
      // One character for each byte: a place within one of several bytes is a place too.
      const start = startOf(bytes.toString('latin1'), change);
      bytes = Buffer.concat([
        bytes.subarray(0, start),
        Buffer.from(change.insert),
        bytes.subarray(start + change.remove),
      ]);
    }
    return bytes;
  });
