// A token that is bound to a secret says no more than that. Who finds the secret can tell whether it was proved.
import type { SymmetricKeyConfirmation } from '../token/confirmation.ts';
import { acceptToken, type ValidatedToken } from '../token/security-token.ts';

/** The same token, with the name of the secret that it is bound to: SHA-256 over it, base64url. */
export function withKnownSecret(token: ValidatedToken, thumbprint: string): ValidatedToken {
  const { confirmation } = token;
  if (confirmation.method !== 'symmetric-key') throw new Error('the token is bound to no secret');
  if (confirmation.thumbprint === thumbprint) return token;
  if (confirmation.thumbprint !== undefined) throw new Error('the token is bound to another');
  const known: SymmetricKeyConfirmation = { method: 'symmetric-key', thumbprint };
  return acceptToken({ ...token, confirmation: known });
}
