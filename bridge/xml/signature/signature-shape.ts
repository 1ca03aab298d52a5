// Reads ds:Signature before any arithmetic (xml-security V6, XMLDSig 1.0 §4): children, order, count, attributes and
// algorithms. ds:Object, Manifest, RetrievalMethod and every transform not on the list are left out on purpose.

import { parseBase64 } from '../base64.ts';
import { isNcName } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { DS_NS, WSSE_NS } from '../namespaces.ts';
import { textOf } from '../reader.ts';
import {
  readInOrder,
  readShape,
  requireAttributes,
  requiredAttribute,
  shapedChildren,
} from '../shape.ts';
import type { XmlElement } from '../tree.ts';
import {
  digestMethod,
  ENVELOPED_SIGNATURE,
  type HashName,
  requireSignatureAlgorithm,
  STR_TRANSFORM,
} from './algorithms.ts';
import {
  type CanonicalMethod,
  INCLUSIVE_DEFAULT,
  readCanonicalMethod,
} from './canonical-method.ts';

const MAX_REFERENCES = 16;
const HINTS: ReadonlySet<string> = new Set(['KeyName', 'KeyValue', 'X509Data']);
const MAX_HINTS = 4;

/** What may appear in a signature, by the place it stands in and the caller's settings. */
export interface SignatureRules {
  /** `enveloped`: enveloped-signature and c14n. `message`: c14n, also after an enveloped-signature that removes nothing, or
   * STR-Transform. */
  readonly place: 'enveloped' | 'message';
  readonly legacySha1: boolean;
  readonly inclusiveC14n: boolean;
}

/** One reference, with its digest beside it: never paired up later by position (B4). */
export interface ReferenceShape {
  readonly id: string;
  readonly transform: 'enveloped' | 'plain' | 'token-reference';
  readonly method: CanonicalMethod;
  readonly hash: HashName;
  readonly digest: Uint8Array;
}

declare const shaped: unique symbol;

/** A signature whose shape and algorithms are acceptable; nothing in it is proved yet. Only the reader below makes one:
 * a proof over a made-up list of references would brand what nobody signed. */
export interface SignatureShape {
  readonly element: XmlElement;
  readonly signedInfo: XmlElement;
  readonly method: CanonicalMethod;
  readonly algorithm: string;
  readonly references: readonly ReferenceShape[];
  readonly value: Uint8Array;
  readonly keyInfo: XmlElement | undefined;
  readonly rules: SignatureRules;
  readonly [shaped]: true;
}

/** Reads the shape of a ds:Signature.
 * @throws {XmlFailure} `signature-shape`, `algorithm-refused`, `reference-refused`, `text-malformed` */
export function readSignatureShape(element: XmlElement, rules: SignatureRules): SignatureShape {
  const children = readShape(element, ['Id']);
  const signedInfo = children.take(DS_NS, 'SignedInfo');
  const value = children.take(DS_NS, 'SignatureValue');
  const keyInfo = children.takeIf(DS_NS, 'KeyInfo');
  children.end();
  requireAttributes(value, ['Id']);
  if (keyInfo !== undefined) requireHints(keyInfo);
  const shape: Omit<SignatureShape, typeof shaped> = {
    element,
    signedInfo,
    value: parseBase64(textOf(value)),
    keyInfo,
    rules,
    ...readSignedInfo(signedInfo, rules),
  };
  return shape as SignatureShape;
}

// KeyInfo selects a key, it never provides one (V7, B7). A RetrievalMethod would send us elsewhere (B8).
function requireHints(keyInfo: XmlElement): void {
  const hints = shapedChildren(keyInfo, ['Id']);
  const isKnown = ({ uri, local }: XmlElement): boolean =>
    (uri === DS_NS && HINTS.has(local)) || (uri === WSSE_NS && local === 'SecurityTokenReference');
  if (hints.length === 0 || hints.length > MAX_HINTS || !hints.every(isKnown)) {
    throw new XmlFailure('signature-shape', 'KeyInfo');
  }
}

function readSignedInfo(
  signedInfo: XmlElement,
  rules: SignatureRules,
): Pick<SignatureShape, 'method' | 'algorithm' | 'references'> {
  const all = shapedChildren(signedInfo, ['Id']);
  // Counted before anything is read: 200 references must cost nothing (B10).
  if (all.length > MAX_REFERENCES + 2)
    throw new XmlFailure('signature-shape', 'too many references');
  const children = readInOrder(all);
  const method = readCanonicalMethod(
    children.take(DS_NS, 'CanonicalizationMethod'),
    rules.inclusiveC14n,
  );
  const algorithm = readAlgorithm(children.take(DS_NS, 'SignatureMethod'));
  requireSignatureAlgorithm(algorithm, rules.legacySha1);
  const references: ReferenceShape[] = [];
  do references.push(readReference(children.take(DS_NS, 'Reference'), rules));
  while (references.length < all.length - 2);
  children.end();
  return { method, algorithm, references };
}

// No children: HMACOutputLength would truncate the check (B6), RSAPSSParams would choose a weak one.
function readAlgorithm(element: XmlElement): string {
  readShape(element, ['Algorithm']).end();
  return requiredAttribute(element, 'Algorithm');
}

function readReference(element: XmlElement, rules: SignatureRules): ReferenceShape {
  const children = readShape(element, ['Id', 'URI', 'Type']);
  const transforms = children.take(DS_NS, 'Transforms');
  const hash = digestMethod(readAlgorithm(children.take(DS_NS, 'DigestMethod')), rules.legacySha1);
  const value = children.take(DS_NS, 'DigestValue');
  children.end();
  requireAttributes(value, []);
  return {
    id: readTarget(element),
    ...readTransforms(transforms, rules),
    hash,
    digest: parseBase64(textOf(value)),
  };
}

// Only `#ncname`: an empty URI signs a document of unknown shape, a pointer or address makes us fetch (B8, B11).
function readTarget(reference: XmlElement): string {
  const uri = requiredAttribute(reference, 'URI', 'reference-refused');
  const id = uri.slice(1);
  if (!uri.startsWith('#') || !isNcName(id))
    throw new XmlFailure('reference-refused', 'reference URI');
  return id;
}

function readTransforms(
  element: XmlElement,
  rules: SignatureRules,
): Pick<ReferenceShape, 'transform' | 'method'> {
  // At most two: a long chain is only a way to make us work (B9).
  const children = readShape(element, []);
  const first = children.take(DS_NS, 'Transform');
  const second = children.takeIf(DS_NS, 'Transform');
  children.end();
  if (rules.place === 'enveloped') return readEnveloped(first, second, rules);
  if (second !== undefined) return readDetachedPair(first, second, rules);
  if (requiredAttribute(first, 'Algorithm') === STR_TRANSFORM) {
    return { transform: 'token-reference', method: readTokenTransform(first) };
  }
  return { transform: 'plain', method: readCanonicalMethod(first, rules.inclusiveC14n) };
}

// Script signers write enveloped-signature on parts that hold no signature (ws-trust §7): nothing is removed, and were there
// something to remove, the digest would not fit.
function readDetachedPair(
  first: XmlElement,
  second: XmlElement,
  rules: SignatureRules,
): Pick<ReferenceShape, 'transform' | 'method'> {
  if (readAlgorithm(first) !== ENVELOPED_SIGNATURE)
    throw new XmlFailure('algorithm-refused', 'two transforms');
  return { transform: 'plain', method: readCanonicalMethod(second, rules.inclusiveC14n) };
}

function readEnveloped(
  first: XmlElement,
  second: XmlElement | undefined,
  rules: SignatureRules,
): Pick<ReferenceShape, 'transform' | 'method'> {
  if (readAlgorithm(first) !== ENVELOPED_SIGNATURE) {
    throw new XmlFailure('algorithm-refused', 'enveloped-signature expected');
  }
  if (second !== undefined) {
    return { transform: 'enveloped', method: readCanonicalMethod(second, rules.inclusiveC14n) };
  }
  // XMLDSig 1.0 §4.4.3.2: without a c14n transform the inclusive form is meant.
  if (!rules.inclusiveC14n) throw new XmlFailure('algorithm-refused', 'inclusive canonical form');
  return { transform: 'enveloped', method: INCLUSIVE_DEFAULT };
}

// WSS 1.1 §8.3: the canonical form is a parameter of the transform.
function readTokenTransform(transform: XmlElement): CanonicalMethod {
  const children = readShape(transform, ['Algorithm']);
  const parameters = readShape(children.take(WSSE_NS, 'TransformationParameters'), []);
  children.end();
  const method = parameters.take(DS_NS, 'CanonicalizationMethod');
  parameters.end();
  return readCanonicalMethod(method, false);
}
