// Logins by password digest (UsernameToken Profile 1.1.1 §3.1): SHA-1 over nonce, created and password. Only for users whose
// password is kept where it can be read; everything else is the login with that password.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isPossibleUserName } from '#core/request/user-name.ts';

/** What a front puts into the `digest` of evidence of type `username`. */
export interface PasswordDigest {
  readonly value: Uint8Array;
  readonly nonce: Uint8Array;
  /** As it is written. */
  readonly created: string;
}

/** The password of a user that may be kept readable; undefined for all others. */
export type RecoverPassword = (name: string) => string | undefined;

/** The password to log in with: the user's own where the digest was made of it, else one that is nobody's. So a wrong digest
 * costs and counts what a wrong password does, and an unknown user is not told from a known one. */
export function passwordOf(
  { name, digest }: { readonly name: string; readonly digest: PasswordDigest },
  recover: RecoverPassword,
): string {
  // Before it is known whose it is: to compare names takes time quadratic in their length (xml-security C3).
  const password = isPossibleUserName(name) ? recover(name) : undefined;
  const nobodys = randomBytes(32).toString('hex');
  const expected = createHash('sha1')
    .update(digest.nonce)
    .update(digest.created)
    .update(password ?? nobodys)
    .digest();
  const isEqual =
    digest.value.byteLength === expected.byteLength && timingSafeEqual(digest.value, expected);
  return isEqual && password !== undefined ? password : nobodys;
}
