// DerivedKeyToken (WS-SecureConversation 1.3 §7, February 2005 §8): a key computed from the secret of another token, for one use.
// Properties are left out, and so are keys derived from derived keys: one could be derived from itself.

import { Buffer } from 'node:buffer';
import { type KeyObject, randomBytes } from 'node:crypto';
import { parseBase64, writeBase64 } from '#bridge/xml/base64.ts';
import {
  type AttributePair,
  element,
  type Markup,
  type MarkupChild,
} from '#bridge/xml/canonical/markup.ts';
import { WSSE_NS, WSU_ID } from '#bridge/xml/namespaces.ts';
import { optionalChild, requiredChild, textOf, trimmedTextOf } from '#bridge/xml/reader.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { eitherAttribute } from '../known-attributes.ts';
import { readSecurely, SecurityFailure } from '../security-failure.ts';
import { computePSha1 } from './p-sha1.ts';

/** How a key is computed; lengths in bytes. */
export interface KeyDerivation {
  /** The SecurityTokenReference to the token whose secret it is computed of. */
  readonly reference: XmlElement;
  readonly label: string;
  readonly nonce: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** Each side's label, one after the other, where the token gives none (§7). */
const DEFAULT_LABEL = 'WS-SecureConversationWS-SecureConversation';
const DEFAULT_LENGTH = 32;
/** A shorter key could be guessed; a longer one is of no use to any algorithm of ours. */
const MIN_LENGTH = 16;
const MAX_LENGTH = 64;
/** The bytes before the offset are computed too: this bounds the work that an unknown sender can cause. */
const MAX_OFFSET = 1024;
/** What stacks send; with a shorter one, two keys of one secret could be the same. */
const MIN_NONCE = 16;
const MAX_NONCE = 128;
const MAX_LABEL = 256;
const CHILDREN = ['SecurityTokenReference', 'Generation', 'Offset', 'Length', 'Label', 'Nonce'];

/** Reads the token. Nothing is computed yet.
 * @throws {SecurityFailure} `unsupported-algorithm`, `invalid-security-token`, `unknown-derivation-source` */
export function readDerivedKey(token: XmlElement): KeyDerivation {
  return readSecurely('invalid-security-token', () => {
    requireAlgorithm(token);
    requireChildren(token);
    const length = readCount(token, 'Length') ?? DEFAULT_LENGTH;
    if (length < MIN_LENGTH || length > MAX_LENGTH) throw malformed('Length');
    const label = optionalChild(token, token.uri, 'Label');
    return {
      reference: readSource(token),
      label: label ? readLabel(label) : DEFAULT_LABEL,
      nonce: readNonce(requiredChild(token, token.uri, 'Nonce')),
      offset: readOffset(token, length),
      length,
    };
  });
}

/** The key itself: bytes `offset` to `offset + length` of P_SHA1(secret, label + nonce). */
export function deriveKey(secret: KeyObject, derivation: Omit<KeyDerivation, 'reference'>): Buffer {
  const { label, length, nonce, offset } = derivation;
  const seed = Buffer.concat([Buffer.from(label, 'utf8'), nonce]);
  return computePSha1(secret, seed, offset + length).subarray(offset);
}

// The standard lets the source follow from the context of the message. Here it must be named.
function readSource(token: XmlElement): XmlElement {
  const reference = optionalChild(token, WSSE_NS, 'SecurityTokenReference');
  if (reference) return reference;
  throw new SecurityFailure('unknown-derivation-source', 'a derived key that names no source');
}

/** A key to be derived for a message of ours. */
interface NewKey {
  /** The namespace of WS-SecureConversation. */
  readonly wsc: string;
  /** Of the token. */
  readonly id: string;
  readonly bytes: number;
  /** The SecurityTokenReference to the secret. */
  readonly reference: Markup;
}

/** A new key of a secret, and the token that tells how it is computed. */
export function makeDerivedKey(
  secret: KeyObject,
  { bytes: length, id, reference, wsc }: NewKey,
): { readonly key: Buffer; readonly token: Markup } {
  const nonce = randomBytes(MIN_NONCE);
  const key = deriveKey(secret, { label: DEFAULT_LABEL, nonce, offset: 0, length });
  const part = (
    local: string,
    attributes: readonly AttributePair[],
    children: readonly MarkupChild[],
  ) => element({ prefix: 'wsc', uri: wsc, local }, attributes, children);
  const token = part(
    'DerivedKeyToken',
    [[WSU_ID, id]],
    [
      reference,
      part('Offset', [], ['0']),
      part('Length', [], [String(length)]),
      part('Nonce', [], [writeBase64(nonce)]),
    ],
  );
  return { key, token };
}

function requireAlgorithm(token: XmlElement): void {
  const algorithm = eitherAttribute(token, 'Algorithm') ?? `${token.uri}/dk/p_sha1`;
  if (algorithm !== `${token.uri}/dk/p_sha1`)
    throw new SecurityFailure('unsupported-algorithm', `key derivation: ${algorithm}`);
}

// What is not understood could be a part of the computation.
function requireChildren(token: XmlElement): void {
  const isKnown = ({ local, uri }: XmlElement): boolean =>
    CHILDREN.includes(local) && uri === (local === 'SecurityTokenReference' ? WSSE_NS : token.uri);
  if (!elementsOf(token).every(isKnown)) throw malformed('child');
}

// §7: one of the two, and a generation is as long as the key.
function readOffset(token: XmlElement, length: number): number {
  const offset = readCount(token, 'Offset');
  const generation = readCount(token, 'Generation');
  if (offset !== undefined && generation !== undefined) throw malformed('Offset and Generation');
  const bytes = offset ?? (generation ?? 0) * length;
  if (bytes > MAX_OFFSET) throw malformed('Offset');
  return bytes;
}

function readCount(token: XmlElement, local: string): number | undefined {
  const child = optionalChild(token, token.uri, local);
  if (child === undefined) return undefined;
  const text = trimmedTextOf(child);
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) throw malformed(local);
  return Number(text);
}

// Without one the seed would be the nonce alone, which could be what WS-Trust computes a key of (`symmetric-key.ts`).
function readLabel(child: XmlElement): string {
  const label = textOf(child);
  if (label === '' || label.length > MAX_LABEL) throw malformed('Label');
  return label;
}

function readNonce(child: XmlElement): Buffer {
  const nonce = parseBase64(textOf(child));
  if (nonce.length < MIN_NONCE || nonce.length > MAX_NONCE) throw malformed('Nonce');
  return nonce;
}

function malformed(what: string): SecurityFailure {
  return new SecurityFailure('invalid-security-token', `${what} of a derived key`);
}
