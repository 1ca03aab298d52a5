// The signature over a list of revocation or an OCSP response: `{ to be signed, algorithm, signature }`.
import { type KeyObject, verify } from 'node:crypto';
import { algorithmOf } from './certificate.ts';
import { bitStringOf, type Der, type MemberReader, TAG } from './der.ts';
import { SIGNATURE_HASHES } from './path.ts';

/** The three parts of a signed structure, read in order. */
export interface SignedStructure {
  readonly content: Der;
  readonly algorithm: string;
  readonly signature: Buffer;
}

/** How far ahead of ours the clock of who answers may be. */
const TOLERANCE_SECONDS = 300;

/** Whether an answer is of this time. Its end is its end: only its beginning may be a little ahead. */
export function isFresh(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number },
  now: number,
): boolean {
  return thisUpdate <= now + TOLERANCE_SECONDS && now < nextUpdate;
}

/** Reads the three parts.
 * @throws {DerFailure} */
export function readSigned(members: MemberReader): SignedStructure {
  const content = members.take(TAG.sequence);
  const algorithm = algorithmOf(members.take(TAG.sequence));
  return { content, algorithm, signature: bitStringOf(members.take(TAG.bitString)) };
}

/** Whether the signature is of this key, by an algorithm we take. */
export function isSignedWith(
  { content, algorithm, signature }: SignedStructure,
  key: KeyObject,
): boolean {
  const hash = SIGNATURE_HASHES.get(algorithm);
  if (hash === undefined) return false;
  try {
    return verify(hash, content.raw, key, signature);
  } catch {
    // An algorithm of another kind of key.
    return false;
  }
}
