// Signatures by authorities, over certificates, lists of revocation and OCSP responses: `{ to be signed, algorithm, signature }`.
import { type KeyObject, verify } from 'node:crypto';
import { algorithmOf } from './certificate.ts';
import { bitStringOf, type Der, type MemberReader, TAG } from './der.ts';

/** The three parts of a signed structure, read in order. */
export interface SignedStructure {
  readonly content: Der;
  readonly algorithm: string;
  readonly signature: Buffer;
}

/** Algorithms of signatures by authorities: RSA and ECDSA with SHA-2, Ed25519. SHA-1 can be made to fit another certificate. */
export const SIGNATURE_HASHES: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
]);

/** How far the clock of the responder may be ahead of ours. */
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
