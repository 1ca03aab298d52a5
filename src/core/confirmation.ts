// How a bearer of a token shows that it is theirs: not at all, or by a key that was proved.

export type Confirmation =
  | { readonly method: 'bearer' }
  | { readonly method: 'jwk-thumbprint'; readonly thumbprint: string }
  | { readonly method: 'certificate-thumbprint'; readonly thumbprint: string };

export const BEARER: Confirmation = { method: 'bearer' };

/** Whether `proved` is the very key that `required` names. A bearer confirmation requires nothing. */
export function isConfirmed(required: Confirmation, proved: Confirmation): boolean {
  if (required.method === 'bearer') return true;
  return proved.method === required.method && proved.thumbprint === required.thumbprint;
}
