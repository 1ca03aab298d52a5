// Signature wrapping over an assertion (xml-security A1; R3, R5, R8, R9): the signed one moves, a forged one about `admin` stands
// where the reader looks.
import { edited } from '#test/support/xml/tamper.ts';

const SIGNATURE = /<(ds:)?Signature .*<\/(ds:)?Signature>/s;

/** The pieces of a signed assertion, to be put together wrongly. */
export function piecesOf(original: string) {
  const signature = SIGNATURE.exec(original)?.[0] ?? '';
  const bare = edited(original, signature, '');
  const prefix = /^<(\w+):Assertion/.exec(original)?.[1] ?? '';
  const end = `</${prefix}:Assertion>`;
  const id = / (?:AssertionID|ID)="([^"]+)"/.exec(original)?.[1] ?? '';
  const sameId = bare.replaceAll('alice', 'admin');
  const forged = edited(sameId, `"${id}"`, '"_evil"');
  const isSaml2 = original.includes('SAML:2.0:assertion"');
  /** Puts a signature where the version wants it. */
  const withSignature = (into: string, what: string): string =>
    isSaml2
      ? edited(into, `</${prefix}:Issuer>`, `</${prefix}:Issuer>${what}`)
      : edited(into, end, what + end);
  const within = (name: string, content: string): string =>
    `<${prefix}:${name}>${content}</${prefix}:${name}>`;
  /** Puts markup in front of the first statement. */
  const before = (into: string, what: string): string =>
    into.replace(/<\w+:Auth(entication|n)Statement/, (found) => what + found);
  const value = (into: string, what: string): string =>
    into.replace(/(<\w+:AttributeValue[^>]*>)[^<]*/, (_, tag: string) => tag + what);
  return { signature, bare, end, id, sameId, forged, withSignature, within, before, value };
}

/** The eight classic positions, then more. */
export function wrappings(original: string): readonly (readonly [string, string])[] {
  const { signature, bare, end, sameId, forged, withSignature, within, before, value } =
    piecesOf(original);
  const object = (content: string): string =>
    signature.replace(
      /<\/((ds:)?)Signature>$/,
      (_, ds: string) => `<${ds}Object>${content}</${ds}Object></${ds}Signature>`,
    );
  const signedForged = withSignature(forged, signature);
  return [
    ['1, the original as last child of the forged one', edited(forged, end, original + end)],
    [
      '2, the signature in the forged one, the original beside it',
      edited(signedForged, end, bare + end),
    ],
    ['3, the forged one inside the original', edited(original, end, forged + end)],
    [
      '4, the original in an Object of the signature of the forged one',
      withSignature(forged, object(bare)),
    ],
    [
      '5, the original in Advice of the forged one, which has the signature',
      before(signedForged, within('Advice', bare)),
    ],
    [
      '6, the signed original in Advice of the forged one',
      before(forged, within('Advice', original)),
    ],
    [
      '7, the original in an extension of the forged one',
      before(signedForged, `<x:Extensions xmlns:x="urn:x">${bare}</x:Extensions>`),
    ],
    [
      '8, the signed original in an Object of the forged one',
      before(
        forged,
        `<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${original}</ds:Object>`,
      ),
    ],
    ['the same ID twice', edited(sameId, end, original + end)],
    [
      'the same ID twice, the signature in the forged one',
      before(withSignature(sameId, signature), within('Advice', bare)),
    ],
    ['the original in an attribute value', value(signedForged, bare)],
    ['the signed original in an attribute value', value(forged, original)],
    [
      'a second signature in the forged one',
      withSignature(
        withSignature(forged, signature),
        signature.replace(/URI="[^"]*"/, 'URI="#_evil"'),
      ),
    ],
    ['a signature over another element', edited(original, /(?<=URI="#)[^"]*/, '_evil')],
    [
      'a second name beside the first',
      original.replace(
        /<\w+:(NameID|NameIdentifier) .*?<\/\w+:\1>/,
        (found) => found.replace('alice', 'admin') + found,
      ),
    ],
    [
      'a second subject before the first',
      original.replace(
        /<(\w+:Subject)>.*?<\/\1>/s,
        (found) => found.replace('alice', 'admin') + found,
      ),
    ],
  ];
}
