// Hostile messages of about 64 KB, for time limits (xml-security §3, §10).

import { Buffer } from 'node:buffer';
import { cut, edited } from '#test/support/xml/tamper.ts';

const SIZE = 64 * 1024;

function filled(head: string, unit: string, tail: string): string {
  return head + unit.repeat(Math.floor((SIZE - head.length - tail.length) / unit.length)) + tail;
}

function numbered(count: number, unit: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => unit(index)).join('');
}

/** Hostile documents by name. `request` is a well-formed signed request to start from. */
export function hostileDocuments(request: string): ReadonlyMap<string, Buffer> {
  const reference = cut(request, 'ds:Reference');
  const attributes = numbered(60, (i) => ` a${i}="1"`);
  const declarations = numbered(60, (i) => ` xmlns:p${i}="u:${i}"`);
  const texts: readonly [string, string][] = [
    ['references', edited(request, '</ds:SignedInfo>', `${reference.repeat(130)}</ds:SignedInfo>`)],
    ['depth', filled('', '<a>', '')],
    ['elements', filled('<a>', '<b/>', '</a>')],
    ['attributes', filled('<a', ' b="1"', '/>')],
    ['distinct attributes', `<a${numbered(6000, (i) => ` b${i}="1"`)}/>`],
    ['attributes everywhere', filled('<a>', `<b${attributes}/>`, '</a>')],
    ['declarations everywhere', filled('<a>', `<b${declarations}/>`, '</a>')],
    [
      'nested declarations',
      `${numbered(60, (i) => `<a${numbered(50, (j) => ` xmlns:p${j}="u:${i}"`)}>`)}${'<p1:b/>'.repeat(2000)}`,
    ],
    ['entities', filled('<a>', '&amp;', '</a>')],
    ['character references', filled('<a>', '&#x41;', '</a>')],
    ['unfinished entity', filled('<a>&', 'x', '')],
    ['CDATA sections', filled('<a>', '<![CDATA[x]]>', '</a>')],
    ['comments', filled('<a>', '<!-- --><b/>', '</a>')],
    ['brackets', filled('<a>', ']', '</a>')],
    ['document type', filled('<!DOCTYPE a [', '<!ENTITY x "y">', ']><a/>')],
    ['end tags', filled('<a>', '</b>', '')],
    ['long name', filled('<', 'a', '/>')],
    ['long attribute', filled('<a b="', 'x', '"/>')],
    ['long namespace name', filled('<a xmlns="u:', 'x', '"/>')],
    ['long namespace name with escapes', `<a xmlns="u:${'%41'.repeat(5000)}!&quot;"/>`],
    ['whitespace', filled('', ' ', '<a')],
    [
      'same ID',
      filled('<a xmlns:ds="http://www.w3.org/2000/09/xmldsig#">', '<ds:b Id="i"/>', '</a>'),
    ],
    [
      'prefix list',
      edited(
        request,
        '</ds:CanonicalizationMethod>',
        `<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${'p '.repeat(8000)}"></ec:InclusiveNamespaces></ds:CanonicalizationMethod>`,
      ),
    ],
    [
      'signature value',
      edited(
        request,
        '<ds:SignatureValue>',
        `<ds:SignatureValue>${'A'.repeat(SIZE - request.length)}`,
      ),
    ],
    ['quotes', filled('<a b="', "'", '"')],
  ];
  return new Map(texts.map(([name, text]) => [name, Buffer.from(text)]));
}
