// Opens the parts of a message that are encrypted under one key (WSS 1.1.1 §9) into a new document: what was verified or found in the
// old one counts for nothing there (xml-security V1, D6).

import { XmlFailure } from '../failure.ts';
import type { XmlLimits } from '../parser/limits.ts';
import type { XmlDocument, XmlElement } from '../tree.ts';
import type { KeyUnwrappers } from './decrypt.ts';
import { decryptContent, exactly, unwrapSecret } from './decrypt.ts';
import type { ContentName, TransportName } from './encryption-algorithms.ts';
import type { GraftedDocument } from './graft.ts';
import { graft, parseInPlace } from './graft.ts';
import type { EncryptedPart } from './shared-key-shape.ts';
import { readSharedKey } from './shared-key-shape.ts';

/** Decrypts all that one key of a message opens into a new document, from which that key is gone.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed` before any key is used; then only
 * `decryption-failed` */
export async function decryptParts(
  document: XmlDocument,
  key: XmlElement,
  { unwrappers, limits, requireParts }: PartsRules,
): Promise<DecryptedParts> {
  const shape = readSharedKey(key, document);
  if (shape.named !== key) throw new XmlFailure('encryption-shape', 'of another key');
  requireParts(shape.parts);
  const { keyBytes, name } = shape.parts[0].content;
  const secret = await unwrapSecret(shape, unwrappers, exactly(keyBytes));
  return {
    document: decryptUnder(document, shape.parts, { secret, removed: [key], limits }),
    content: name,
    transport: shape.transport.name,
  };
}

/** What came of it, and by which algorithms. */
interface DecryptedParts {
  readonly document: GraftedDocument;
  readonly content: ContentName;
  readonly transport: TransportName;
}

/** What is opened, and how. */
interface PartsRules {
  readonly unwrappers: KeyUnwrappers;
  readonly limits: XmlLimits;
  /** Throws where a part may not stand; before any key is used. */
  readonly requireParts: (parts: readonly EncryptedPart[]) => void;
}

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
