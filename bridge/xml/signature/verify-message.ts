// Verifies a WS-Security signature over several parts of one message (WSS 1.1 §8, xml-security V5-V10).
// Which header, how many signatures and what must be covered is the policy of the endpoint, not of this file.

import { XmlFailure } from '../failure.ts';
import { DS_NS } from '../namespaces.ts';
import { isNamed, type XmlDocument, type XmlElement } from '../tree.ts';
import { type Proof, proveSignature } from './proof.ts';
import { readSignatureShape } from './signature-shape.ts';
import type { TokenResolver } from './str-transform.ts';
import type { KeySelector } from './verify-enveloped.ts';

/** How to verify a message signature. */
export interface MessageOptions {
  readonly selectKey: KeySelector;
  /** Resolves the references that STR-Transform meets. */
  readonly resolveToken?: TokenResolver;
  readonly legacySha1?: boolean;
  /** Over all references. */
  readonly maxCanonicalBytes?: number;
}

/** Verifies one signature of a message; each attempt starts anew and a throw leaves nothing behind. Read nodes through `verifiedNode`.
 * @throws {XmlFailure} `element-unexpected`, `signature-shape`, `algorithm-refused`, `key-refused`, `reference-refused`,
 * `comment-refused`, `signature-invalid`, `digest-mismatch`, `canonical-too-large` */
export async function verifyMessageSignature(
  document: XmlDocument,
  signature: XmlElement,
  options: MessageOptions,
): Promise<Proof> {
  const { selectKey, legacySha1 = false, ...work } = options;
  if (!isNamed(signature, DS_NS, 'Signature'))
    throw new XmlFailure('element-unexpected', 'no Signature');
  const shape = readSignatureShape(signature, {
    place: 'message',
    legacySha1,
    inclusiveC14n: false,
  });
  const signer = await selectKey(shape.keyInfo);
  return proveSignature(shape, { document, signer, ...work });
}
