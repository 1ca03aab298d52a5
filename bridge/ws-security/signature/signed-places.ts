// Where a signed part may stand (xml-security A1, A9): only where it is read. Else, at an address that wants the Timestamp alone to be
// signed, whoever received a message could move its signed Body and To aside and forward the header to us with a Body of their own.

import { addressingHeaders } from '#bridge/soap/addressing.ts';
import { isAddressing } from '#bridge/soap/endpoint-reference.ts';
import type { Envelope } from '#bridge/soap/envelope.ts';
import { DS_NS, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed } from '#bridge/xml/reader.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { SecurityFailure } from '../security-failure.ts';
import type { SecurityHeader } from '../security-header.ts';

interface ReadParts {
  readonly envelope: Envelope;
  readonly security: SecurityHeader;
  /** Of the Security header, and those that the Body is about. */
  readonly tokens: readonly XmlElement[];
}

/** Refuses a part that is covered and out of place.
 * @throws {SecurityFailure} `authentication-bad-elements` */
export function requireInPlace(
  covered: ReadonlySet<XmlElement>,
  { envelope, security, tokens }: ReadParts,
): void {
  const { body, payload } = envelope;
  const read = new Set([
    body,
    payload,
    ...addressingHeaders(envelope),
    ...elementsOf(security.element),
    ...security.signatures.flatMap(namedIn),
    ...tokens,
  ]);
  const isInPlace = (part: XmlElement): boolean =>
    read.has(part) || (covered.has(body) && isForeignHeader(part, envelope));
  const aside = [...covered].find((part) => !isInPlace(part));
  if (aside)
    throw new SecurityFailure(
      'authentication-bad-elements',
      `${aside.local} is signed and out of place`,
    );
}

// Only references in KeyInfo, from which the key is read. Nobody reads other places below the Security header: a Body whose one child is
// a token could be hidden there.
function namedIn(signature: XmlElement): readonly XmlElement[] {
  const references = childrenNamed(signature, DS_NS, 'KeyInfo').flatMap((keyInfo) =>
    childrenNamed(keyInfo, WSSE_NS, 'SecurityTokenReference'),
  );
  const embedded = references.flatMap((each) => childrenNamed(each, WSSE_NS, 'Embedded'));
  return [...references, ...embedded.flatMap((each) => elementsOf(each))];
}

// A header of the client's own, which nobody reads here (WS-SecurityPolicy 1.2 §4.1.1). Allowed only where the Body itself is signed: if
// just the child of the Body were, the client could have signed this element as the Body, and the other as a header.
const isForeignHeader = ({ parent, uri }: XmlElement, { body }: Envelope): boolean =>
  parent?.parent === body.parent && !isAddressing(uri) && uri !== WSSE_NS;
