// Opens the parts of a message that are encrypted under one key (WSS 1.1.1 §9) into a new document: what was verified or found in the
// old one counts for nothing there (xml-security V1, D6).

import { XmlFailure } from '../failure.ts';
import type { XmlLimits } from '../parser/limits.ts';
import type { XmlDocument, XmlElement } from '../tree.ts';
import { decryptContent } from './decrypt.ts';
import { type GraftedDocument, graft, parseInPlace } from './graft.ts';
import type { EncryptedPart } from './shared-key-shape.ts';

/** How a message is opened once its key is known. */
interface OpeningKey {
  /** As long as the method of the parts wants it. */
  readonly secret: Uint8Array;
  /** Elements that the new document is to be without, such as the key. */
  readonly removed: readonly XmlElement[];
  readonly limits: XmlLimits;
}

/** Decrypts parts into a new document.
 * @throws {XmlFailure} only `decryption-failed`: what was authentic and cannot stand there is no better than what was not */
export function decryptUnder(
  document: XmlDocument,
  parts: readonly EncryptedPart[],
  { secret, removed, limits }: OpeningKey,
): GraftedDocument {
  try {
    const grafts = parts.map(
      ({ element, content, body }) =>
        [element, parseInPlace(decryptContent(content, body, secret), element, limits)] as const,
    );
    const gone = removed.map((element) => [element, []] as const);
    return graft(document, new Map([...gone, ...grafts]), limits);
  } catch (error) {
    if (error instanceof XmlFailure) throw new XmlFailure('decryption-failed', 'decryption failed');
    throw error;
  }
}
