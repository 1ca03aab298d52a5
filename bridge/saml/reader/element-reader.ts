// Small readers over verified elements that both versions share (xml-security V12).

import { parseBase64 } from '#bridge/xml/base64.ts';
import { parseDateTime } from '#bridge/xml/date-time.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { DS_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import { defined, resolveQName, textOf, trimmedTextOf } from '#bridge/xml/reader.ts';
import { type Verified, verifiedChildren } from '#bridge/xml/signature/proof.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import { refuse } from '../refusal.ts';
import type { SamlName } from './saml-assertion.ts';

/** An attribute that must be there.
 * @throws {XmlFailure} `attribute-missing` */
export function nonEmptyAttribute(element: Verified<XmlElement>, local: string): string {
  const value = attributeOf(element, local);
  if (value === undefined || value === '')
    throw new XmlFailure('attribute-missing', `${local} of ${element.local}`);
  return value;
}

/** An instant that must be there.
 * @throws {XmlFailure} `attribute-missing`, `text-malformed` */
export function requiredInstant(element: Verified<XmlElement>, local: string): Instant {
  return parseDateTime(nonEmptyAttribute(element, local));
}

/** An instant, or undefined.
 * @throws {XmlFailure} `text-malformed` */
export function instantOf(element: Verified<XmlElement>, local: string): Instant | undefined {
  const value = attributeOf(element, local);
  return value === undefined ? undefined : parseDateTime(value);
}

/** The text of a URI, without the whitespace that its type collapses.
 * @throws {XmlFailure} `text-malformed` when there is none */
export function uriOf(element: Verified<XmlElement>): string {
  const text = trimmedTextOf(element);
  if (text === '') throw new XmlFailure('text-malformed', `${element.local} is empty`);
  return text;
}

/** Decodes base64 of an element.
 * @throws {XmlFailure} `text-malformed` */
export function bytesOf(element: Verified<XmlElement>): Uint8Array {
  return parseBase64(textOf(element));
}

/** Refuses children that are not of this vocabulary or not on the list: what is not understood may restrict.
 * @throws {XmlFailure} `element-unexpected` */
export function requireKnownChildren(
  element: Verified<XmlElement>,
  locals: readonly string[],
): void {
  const isKnown = (child: XmlElement): boolean =>
    (child.uri === element.uri && locals.includes(child.local)) ||
    (locals.includes('Signature') && isNamed(child, DS_NS, 'Signature'));
  const unknown = elementsOf(element).find((child) => !isKnown(child));
  if (unknown) throw new XmlFailure('element-unexpected', `${unknown.local} in ${element.local}`);
}

/** Whether an element has these attributes alone, and is of a type that its schema gives it: one that was derived of that type may say
 * more, and its name does not tell.
 * @throws {XmlFailure} `text-malformed` for a type that is no name */
export function isPlain(
  element: XmlElement,
  attributes: readonly string[],
  types: readonly string[] = [`${element.local}Type`],
): boolean {
  const isOwnType = (text: string): boolean => {
    const { local, uri } = resolveQName(element, text);
    return uri === element.uri && types.includes(local);
  };
  return element.attributes.every(({ local, uri, value }) =>
    uri === XSI_NS && local === 'type'
      ? isOwnType(value)
      : uri === '' && attributes.includes(local),
  );
}

/** The audiences of a restriction, which are URIs and nothing else.
 * @throws {XmlFailure} reading reasons
 * @throws {ExchangeFailure} `token-type-unsupported` */
export function readAudiences(restriction: Verified<XmlElement>): readonly string[] {
  requireKnownChildren(restriction, ['Audience']);
  return verifiedChildren(restriction, restriction.uri, 'Audience').map((audience) => {
    if (audience.attributes.length > 0)
      refuse('token-type-unsupported', 'an audience that is not understood');
    return uriOf(audience);
  });
}

/** Reads a NameID or NameIdentifier.
 * @throws {XmlFailure} `text-malformed` also for space around it: two spellings would be one name to some readers */
export function readName(element: Verified<XmlElement>): SamlName {
  const value = textOf(element);
  const nameQualifier = qualifierOf(element, 'NameQualifier');
  const spNameQualifier = qualifierOf(element, 'SPNameQualifier');
  const parts = [value, nameQualifier, spNameQualifier];
  if (value === '' || parts.some((part) => part?.trim() !== part))
    throw new XmlFailure('text-malformed', `${element.local} is empty or has space around it`);
  return defined<SamlName>({
    value,
    format: attributeOf(element, 'Format'),
    nameQualifier,
    spNameQualifier,
  });
}

// An empty one qualifies nothing. Taken for the name of an issuer it would be one that no token can carry.
function qualifierOf(element: Verified<XmlElement>, local: string): string | undefined {
  const qualifier = attributeOf(element, local);
  return qualifier === '' ? undefined : qualifier;
}
