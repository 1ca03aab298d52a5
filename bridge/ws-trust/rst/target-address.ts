// Addresses in a request: AppliesTo (WS-PolicyAttachment §3.4), Participants and Issuer (WS-Trust 1.3 §9.1, §9.5).

import { isAddressing, readAddress } from '#bridge/soap/endpoint-reference.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { onlyChild, trimmedTextOf } from '#bridge/xml/reader.ts';
import { elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { POLICY_NAMESPACES, type TrustNames } from '../names.ts';

/** The one address of an AppliesTo: an endpoint reference, or a URI of the policy namespace.
 * @throws {XmlFailure} `element-unexpected`, `element-missing`, `element-repeated`, `text-malformed` */
export function readAppliesTo(appliesTo: XmlElement): string {
  const child = onlyChild(appliesTo);
  if (!POLICY_NAMESPACES.has(child.uri) || child.local !== 'URI') return readReference(child);
  const uri = trimmedTextOf(child);
  if (uri === '') throw new XmlFailure('text-malformed', 'empty URI');
  return uri;
}

/** The addresses of all participants, the primary first.
 * @throws {XmlFailure} `element-unexpected`, `element-missing`, `element-repeated`, `text-malformed` */
export function readParticipants(participants: XmlElement, trust: TrustNames): readonly string[] {
  const children = elementsOf(participants);
  const isPrimary = (child: XmlElement) => isNamed(child, trust.namespace, 'Primary');
  const others = children.filter((child) => !isPrimary(child));
  const primary = children.filter(isPrimary);
  if (primary.length > 1) throw new XmlFailure('element-repeated', 'two Primary');
  if (
    children.length === 0 ||
    !others.every(({ uri, local }) => uri === trust.namespace && local === 'Participant')
  )
    throw new XmlFailure('element-unexpected', 'Participants');
  return [...primary, ...others].map((child) => readReference(onlyChild(child)));
}

/** The address of the issuer that is asked for: the element is an endpoint reference itself.
 * @throws {XmlFailure} `element-unexpected`, `element-missing`, `element-repeated`, `text-malformed` */
export function readIssuer(issuer: XmlElement): string {
  const namespace = elementsOf(issuer)[0]?.uri ?? '';
  if (!isAddressing(namespace)) throw new XmlFailure('element-unexpected', 'Issuer');
  return readAddress(issuer, namespace);
}

function readReference(reference: XmlElement): string {
  if (!isAddressing(reference.uri) || reference.local !== 'EndpointReference')
    throw new XmlFailure('element-unexpected', `${reference.local} in the place of an address`);
  return readAddress(reference, reference.uri);
}
