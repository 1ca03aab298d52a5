// Endpoint references (WS-Addressing 1.0 Core §2, and the submission of August 2004): their address, and nothing that
// would change whom it names.

import { element, type Markup, type MarkupName } from '#bridge/xml/canonical/markup.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { requiredChild, trimmedTextOf } from '#bridge/xml/reader.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { WSA_2004_NS, WSA_NS } from './namespaces.ts';

const IDENTITY_NS = 'http://schemas.xmlsoap.org/ws/2006/02/addressingidentity';
/** Children that describe the endpoint and do not name another one. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(['Metadata', 'PortType', 'ServiceName']);
/** Children that do name another one, unless they are empty. */
const PARAMETERS: ReadonlySet<string> = new Set(['ReferenceParameters', 'ReferenceProperties']);

/** Whether the namespace is one of the two of WS-Addressing. */
export function isAddressing(uri: string): boolean {
  return uri === WSA_NS || uri === WSA_2004_NS;
}

/** The address of an element of the type EndpointReference whose children are in `namespace`.
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `element-unexpected`, `text-malformed` */
export function readAddress(reference: XmlElement, namespace: string): string {
  const address = requiredChild(reference, namespace, 'Address');
  for (const child of elementsOf(reference)) {
    if (child !== address) requireDescription(child, namespace);
  }
  const text = trimmedTextOf(address);
  if (text === '') throw new XmlFailure('text-malformed', 'empty Address');
  return text;
}

/** An EndpointReference of WS-Addressing 1.0 that has an address only: some readers take its first child, some refuse another. */
export function writeEndpointReference(address: string, prefix = 'wsa'): Markup {
  const wsa = (local: string): MarkupName => ({ prefix, uri: WSA_NS, local });
  return element(wsa('EndpointReference'), [], [element(wsa('Address'), [], [address])]);
}

function requireDescription(child: XmlElement, namespace: string): void {
  const isOfAddressing = child.uri === namespace;
  if (child.uri === IDENTITY_NS || (isOfAddressing && DESCRIPTIONS.has(child.local))) return;
  if (isOfAddressing && PARAMETERS.has(child.local) && elementsOf(child).length === 0) return;
  throw new XmlFailure('element-unexpected', `${child.local} in an endpoint reference`);
}
