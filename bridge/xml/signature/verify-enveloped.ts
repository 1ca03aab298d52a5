// Verifies an element signed from within: a SAML assertion, a protocol message, metadata (xml-security V11,
// SAML Core 2.0 §5.4, SAML 1.1 §5.4).

import { XmlFailure } from '../failure.ts';
import type { TrustedKey } from '../keys/trusted-key.ts';
import { DS_NS, SAML2_NS, SAML2MD_NS, SAML2P_NS, SAML11_NS } from '../namespaces.ts';
import { ownIdOf } from '../parser/ids.ts';
import { requiredChild } from '../reader.ts';
import { isAssertion, isNamed, type XmlDocument, type XmlElement } from '../tree.ts';
import { type Proof, proveSignature, type Verified, verifiedNode } from './proof.ts';
import { readSignatureShape } from './signature-shape.ts';

/** Chooses the key for a signature among keys already trusted; KeyInfo is a hint. Throws an XmlFailure when there is none. */
export type KeySelector = (keyInfo: XmlElement | undefined) => TrustedKey | Promise<TrustedKey>;

/** How to verify. Both switches are per trusted issuer, dated and audited by the caller. */
export interface EnvelopedOptions {
  readonly selectKey: KeySelector;
  readonly legacySha1?: boolean;
  readonly inclusiveC14n?: boolean;
}

/** A verified element with its proof. */
export interface VerifiedElement {
  readonly element: Verified<XmlElement>;
  readonly proof: Proof;
}

/** Verifies a SAML 1.1 or 2.0 assertion by its own signature. Nothing else in it gets trust but what is read through it.
 * @throws {XmlFailure} `element-unexpected`, and those of {@link verifyEnveloped} */
export async function verifyAssertion(
  document: XmlDocument,
  assertion: XmlElement,
  options: EnvelopedOptions,
): Promise<VerifiedElement> {
  if (!isAssertion(assertion)) throw new XmlFailure('element-unexpected', 'no assertion');
  return verifyEnveloped(document, assertion, options);
}

/** Verifies an element by the ds:Signature that is its direct child, in the place its schema demands, with exactly one
 * reference to the element's own ID.
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `comment-refused`, `signature-shape`, `algorithm-refused`,
 * `key-refused`, `reference-refused`, `signature-invalid`, `digest-mismatch`, `canonical-too-large` */
export async function verifyEnveloped(
  document: XmlDocument,
  element: XmlElement,
  options: EnvelopedOptions,
): Promise<VerifiedElement> {
  const { selectKey, legacySha1 = false, inclusiveC14n = false } = options;
  // Metadata may be commented between elements; a token may not at all (V3).
  if (element.commented && element.uri !== SAML2MD_NS) {
    throw new XmlFailure('comment-refused', 'comment in a signed element');
  }
  const signature = requiredChild(element, DS_NS, 'Signature');
  requirePlace(element, signature);
  const shape = readSignatureShape(signature, { place: 'enveloped', legacySha1, inclusiveC14n });
  const [reference] = shape.references;
  const isOwn = reference !== undefined && reference.id === ownIdOf(element);
  // The reference must name this element by its own vocabulary, and this element must be the one the ID map holds (A1, A6).
  if (shape.references.length !== 1 || !isOwn || document.ids.get(reference.id) !== element) {
    throw new XmlFailure('reference-refused', 'one reference to the own ID expected');
  }
  const signer = await selectKey(shape.keyInfo);
  const proof = proveSignature(shape, { document, signer });
  return { element: verifiedNode(proof, element), proof };
}

function requirePlace(element: XmlElement, signature: XmlElement): void {
  const children = element.children.filter((child) => typeof child !== 'string');
  if (!isPlaced(element.uri, children, children.indexOf(signature)))
    throw new XmlFailure('signature-shape', `Signature not in its place in ${element.local}`);
}

function isPlaced(uri: string, children: readonly XmlElement[], at: number): boolean {
  const [first] = children;
  const isBehindIssuer = at === 1 && first !== undefined && isNamed(first, SAML2_NS, 'Issuer');
  switch (uri) {
    case SAML11_NS:
      return at === children.length - 1;
    case SAML2_NS:
      return isBehindIssuer;
    case SAML2P_NS:
      // Issuer is optional in protocol messages.
      return at === 0 || isBehindIssuer;
    case SAML2MD_NS:
      return at === 0;
    default:
      return false;
  }
}
