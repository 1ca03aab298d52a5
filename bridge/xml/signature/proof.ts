// The proof: signature first, digests after, and only then branded nodes (xml-security V7-V9).
// This file is the only one that can brand. There is no boolean result and no verifier state to reuse.

import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';
import { canonicalize } from '../canonical/canonical.ts';
import { XmlFailure } from '../failure.ts';
import type { TrustedKey } from '../keys/trusted-key.ts';
import { DS_NS } from '../namespaces.ts';
import { MAX_CANONICAL_BYTES } from '../parser/limits.ts';
import { childrenNamed, optionalChild, requiredChild } from '../reader.ts';
import { isAssertion, isNamed, type XmlDocument, type XmlElement } from '../tree.ts';
import type { HashName } from './algorithms.ts';
import type { ReferenceShape, SignatureShape } from './signature-shape.ts';
import { findTargets, type Target } from './signature-targets.ts';
import { verifySignatureValue } from './signature-value.ts';
import { canonicalToken, type TokenResolver } from './str-transform.ts';

declare const verified: unique symbol;

/** A node whose canonical form was digested under a valid signature. Only this file makes one. */
export type Verified<Node> = Node & { readonly [verified]: true };

/** What one valid signature proved. */
export interface Proof {
  readonly signer: TrustedKey;
  /** The decoded SignatureValue: SignatureConfirmation echoes it (S10). */
  readonly signatureValue: Uint8Array;
  /** SHA-256 over the canonical SignedInfo: replay keys are made from it (E1). Of a value of ECDSA anybody can make another
   * one that verifies as well; of what was signed nobody can. */
  readonly signedInfoDigest: Uint8Array;
  /** Whether SHA-1 took part: to be audited. */
  readonly usedSha1: boolean;
  /** The covered nodes, at least one. Ask by identity: a copy elsewhere is another node (V10). */
  readonly covered: ReadonlySet<XmlElement>;
  readonly [verified]: true;
}

/** What a proof needs besides the signature. */
export interface ProofContext {
  readonly document: XmlDocument;
  readonly signer: TrustedKey;
  readonly resolveToken?: TokenResolver | undefined;
  /** Over all references; absent: what any document may cost. */
  readonly maxCanonicalBytes?: number | undefined;
}

/** Proves a signature of acceptable shape with a trusted key.
 * @throws {XmlFailure} `algorithm-refused`, `signature-invalid`, `reference-refused`, `comment-refused`,
 * `digest-mismatch`, `canonical-too-large` */
export function proveSignature(signature: SignatureShape, context: ProofContext): Proof {
  const { signer, maxCanonicalBytes = MAX_CANONICAL_BYTES } = context;
  const { algorithm, value, rules } = signature;
  const budget: Budget = { remaining: maxCanonicalBytes };
  const data = spend(
    budget,
    canonicalize(signature.signedInfo, { ...signature.method, maxBytes: budget.remaining }),
  );
  verifySignatureValue({ algorithm, data, value, legacySha1: rules.legacySha1 }, signer);
  // From here on the work is what the signer asked for; before it only SignedInfo was canonicalised (B10).
  const covered = new Set<XmlElement>();
  for (const target of findTargets(signature.references, context)) {
    digestTarget(target, signature, budget);
    for (const node of target.nodes) covered.add(node);
  }
  const usedSha1 =
    signature.references.some((reference) => reference.hash === 'sha1') ||
    algorithm.endsWith('sha1');
  const proof: Omit<Proof, typeof verified> = {
    signer,
    signatureValue: value,
    signedInfoDigest: hash('sha256', data, 'buffer'),
    usedSha1,
    covered,
  };
  return proof as Proof;
}

interface Budget {
  remaining: number;
}

function digestTarget(
  { reference, element, token }: Target,
  signature: SignatureShape,
  budget: Budget,
): void {
  const { method, transform } = reference;
  const maxBytes = budget.remaining;
  const omitted = transform === 'enveloped' && { omit: signature.element };
  const canonical = token
    ? canonicalToken(element, token, { method, maxBytes })
    : canonicalize(element, { ...method, maxBytes, ...omitted });
  verifyDigest(reference, spend(budget, canonical));
}

function spend(budget: Budget, canonical: string): Buffer {
  const bytes = Buffer.from(canonical);
  budget.remaining -= bytes.byteLength;
  return bytes;
}

function verifyDigest(reference: ReferenceShape, canonical: Buffer): void {
  const actual = digest(reference.hash, canonical);
  const { digest: expected } = reference;
  if (expected.byteLength !== actual.byteLength || !timingSafeEqual(expected, actual)) {
    throw new XmlFailure('digest-mismatch', `digest of #${reference.id}`);
  }
}

function digest(name: HashName, canonical: Buffer): Buffer {
  // The digest of nothing is what a canonicaliser that failed silently leaves behind (A5).
  if (canonical.byteLength === 0) throw new XmlFailure('reference-refused', 'empty canonical form');
  return hash(name, canonical, 'buffer');
}

/** The node as a verified one, if this very node was covered (V10).
 * @throws {XmlFailure} `not-covered` */
export function verifiedNode(proof: Proof, element: XmlElement): Verified<XmlElement> {
  if (!proof.covered.has(element))
    throw new XmlFailure('not-covered', `${element.local} not covered`);
  return brand(element);
}

/** The one child of this name of a verified element.
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `not-covered` */
export function verifiedChild(
  parent: Verified<XmlElement>,
  uri: string,
  local: string,
): Verified<XmlElement> {
  return inherit(requiredChild(parent, uri, local));
}

/** The one child of this name of a verified element, or `undefined`.
 * @throws {XmlFailure} `element-repeated`, `not-covered` */
export function optionalVerifiedChild(
  parent: Verified<XmlElement>,
  uri: string,
  local: string,
): Verified<XmlElement> | undefined {
  const child = optionalChild(parent, uri, local);
  return child === undefined ? undefined : inherit(child);
}

/** All children of this name of a verified element.
 * @throws {XmlFailure} `not-covered` */
export function verifiedChildren(
  parent: Verified<XmlElement>,
  uri: string,
  local: string,
): readonly Verified<XmlElement>[] {
  return childrenNamed(parent, uri, local).map(inherit);
}

// The enveloped signature was left out of the digest, and an assertion inside gets no trust from what is around it
// (V11): it must be verified by its own signature.
function inherit(child: XmlElement): Verified<XmlElement> {
  if (isAssertion(child) || isNamed(child, DS_NS, 'Signature')) {
    throw new XmlFailure('not-covered', `${child.local} has no trust from its parent`);
  }
  return brand(child);
}

function brand(element: XmlElement): Verified<XmlElement> {
  return element as Verified<XmlElement>;
}
