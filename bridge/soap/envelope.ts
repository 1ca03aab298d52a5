// The SOAP envelope, 1.1 and 1.2: one Header at most, one Body with at most one child, nothing else
// (SOAP 1.1 §4, SOAP 1.2 Part 1 §5). Encoding, attachments and several body entries are left out on purpose.

import { XmlFailure } from '#bridge/xml/failure.ts';
import { readInOrder } from '#bridge/xml/shape.ts';
import { elementsOf, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import { EnvelopeFailure } from './envelope-failure.ts';
import { type HeaderBlock, readHeaderBlocks } from './header-block.ts';
import { type SoapVersion, versionOfNamespace } from './soap-version.ts';

/** An envelope as received. Nothing in it is trusted yet. */
export interface Envelope {
  readonly version: SoapVersion;
  readonly document: XmlDocument;
  /** The header blocks that are for us. */
  readonly headers: readonly HeaderBlock[];
  readonly body: XmlElement;
  /** The one child of the Body; absent when it is empty. */
  readonly payload: XmlElement | undefined;
}

/** The SOAP version of a document.
 * @throws {EnvelopeFailure} `version-mismatch`; {XmlFailure} `element-unexpected` when it is no envelope at all */
export function readVersion({ root }: XmlDocument): SoapVersion {
  if (root.local !== 'Envelope') throw new XmlFailure('element-unexpected', 'no Envelope');
  const version = versionOfNamespace(root.uri);
  if (version === undefined) throw new EnvelopeFailure('version-mismatch', 'envelope namespace');
  return version;
}

/** Reads an envelope. A second Body is refused: the one that is verified and the one that is read could differ (A9).
 * @throws {EnvelopeFailure} `version-mismatch`
 * @throws {XmlFailure} `element-unexpected`, `element-repeated`, `text-malformed` */
export function readEnvelope(document: XmlDocument): Envelope {
  const version = readVersion(document);
  const { root } = document;
  const children = readInOrder(elementsOf(root), 'element-unexpected');
  const header = children.takeIf(root.uri, 'Header');
  const body = children.take(root.uri, 'Body');
  children.end();
  const [payload, second] = elementsOf(body);
  if (second !== undefined) throw new XmlFailure('element-repeated', 'two children of Body');
  const headers = header === undefined ? [] : readHeaderBlocks(header, version);
  return { version, document, headers, body, payload };
}
