// Header blocks: whom they are for and whether they must be understood (SOAP 1.1 §4.2, SOAP 1.2 Part 1 §5.2).

import { XmlFailure } from '#bridge/xml/failure.ts';
import type { ExpandedName } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { EnvelopeFailure } from './envelope-failure.ts';
import { SOAP_SPELLING, type SoapVersion } from './soap-version.ts';

/** A header block that is for us. */
export interface HeaderBlock {
  readonly element: XmlElement;
  readonly mustUnderstand: boolean;
}

/** The blocks of a header that are for us: for the next node or for the last. Blocks for others are not read at all.
 * @throws {XmlFailure} `element-unexpected`, `text-malformed` */
export function readHeaderBlocks(header: XmlElement, version: SoapVersion): readonly HeaderBlock[] {
  const blocks: HeaderBlock[] = [];
  for (const element of elementsOf(header)) {
    // A block without a namespace has no owner (SOAP 1.2 Part 1 §5.2.1).
    if (element.uri === '') throw new XmlFailure('element-unexpected', 'header without namespace');
    const mustUnderstand = readMustUnderstand(element, version);
    if (isForUs(element, version)) blocks.push({ element, mustUnderstand });
  }
  return blocks;
}

/** Refuses a block for us that must be understood and is not on the list.
 * @throws {EnvelopeFailure} `must-understand` */
export function requireUnderstood(
  blocks: readonly HeaderBlock[],
  understood: readonly ExpandedName[],
): void {
  for (const { element, mustUnderstand } of blocks) {
    const isUnderstood = understood.some(({ uri, local }) => isNamed(element, uri, local));
    if (mustUnderstand && !isUnderstood)
      throw new EnvelopeFailure('must-understand', `header ${element.local} is not understood`);
  }
}

function isForUs(element: XmlElement, version: SoapVersion): boolean {
  const { namespace, ourRoles, roleAttribute } = SOAP_SPELLING[version];
  const role = attributeOf(element, roleAttribute, namespace) ?? '';
  return role === '' || ourRoles.includes(role);
}

function readMustUnderstand(element: XmlElement, version: SoapVersion): boolean {
  const text = attributeOf(element, 'mustUnderstand', SOAP_SPELLING[version].namespace) ?? '0';
  if (text === '1' || text === '0') return text === '1';
  // SOAP 1.1 has digits only (§4.2.3).
  if (version === '1.2' && (text === 'true' || text === 'false')) return text === 'true';
  throw new XmlFailure('text-malformed', 'mustUnderstand');
}
