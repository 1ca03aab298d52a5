// The attributes of a request and of its parameters (WS-Trust 1.3 §3.1, §4): each is known, as each child is. One that is passed over would
// be a wish that is: with `allow="false"` a token could be renewed that shall not be.

import { SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { WSU_NS, XML_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import type { XmlAttribute, XmlElement } from '#bridge/xml/tree.ts';
import { attributeOf } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';

const KNOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ['RequestSecurityToken', ['Context']],
  ['Renewing', ['Allow', 'OK']],
  ['UseKey', ['Sig']],
  ['Claims', ['Dialect']],
  // Apache Rampart writes of what kind its child is, and a dialect of its own with the prefix of WS-Trust; both tell of themselves.
  ['Entropy', ['Type']],
  ['BinarySecret', ['Type']],
]);

/** What says nothing of the token: names of parts, languages, types of XML Schema and encodings of SOAP. */
const NEUTRAL: ReadonlySet<string> = new Set([
  ' Id',
  `${WSU_NS} Id`,
  ...['lang', 'space', 'base', 'id'].map((local) => `${XML_NS} ${local}`),
  ...['type', 'schemaLocation'].map((local) => `${XSI_NS} ${local}`),
  ...Object.values(SOAP_SPELLING).map(({ namespace }) => `${namespace} encodingStyle`),
]);

/** Refuses an attribute that nobody reads.
 * @throws {ExchangeFailure} `operation-unsupported` */
export function requireKnownAttributes(element: XmlElement): void {
  const unknown = element.attributes.find((attribute) => !isKnown(element, attribute));
  if (unknown)
    throw new ExchangeFailure(
      'operation-unsupported',
      `unknown attribute ${unknown.local} of ${element.local}`,
    );
}

function isKnown({ local, uri }: XmlElement, attribute: XmlAttribute): boolean {
  if (NEUTRAL.has(`${attribute.uri} ${attribute.local}`)) return true;
  if (!KNOWN.get(local)?.includes(attribute.local)) return false;
  return attribute.uri === '' || attribute.uri === uri;
}

/** An attribute of a parameter. Microsoft's library for .NET writes those of WS-Trust with its prefix: to look over one would be to
 * take another wish for what was said.
 * @throws {XmlFailure} `element-repeated` */
export function parameterAttribute(element: XmlElement, local: string): string | undefined {
  const plain = attributeOf(element, local);
  const qualified = attributeOf(element, local, element.uri);
  if (plain !== undefined && qualified !== undefined)
    throw new XmlFailure('element-repeated', `two ${local} of one ${element.local}`);
  return plain ?? qualified;
}
