// How a bearer of a token shows that it is theirs: not at all, or by a key that only they have.

/** A public key as plain data: the members of RFC 7518 §6.2 and §6.3, base64url. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string };

/** A public key, as far as it is known. Where the key itself is, so is its thumbprint; a certificate names its key too. */
export interface PublicKeyConfirmation {
  readonly method: 'public-key';
  /** SHA-256 over the JWK (RFC 7638), base64url. */
  readonly jwkThumbprint?: string;
  readonly jwk?: PublicJwk;
  /** SHA-256 over the DER, base64url. */
  readonly certificateThumbprint?: string;
  /** DER, base64. */
  readonly certificate?: string;
}

/** A secret that we made, or agreed on, with the one who is to hold it. */
export interface SymmetricKeyConfirmation {
  readonly method: 'symmetric-key';
  /** SHA-256 over the secret, base64url; absent where all we have is the secret encrypted to another. */
  readonly thumbprint?: string;
  /** The secret itself: in a decision only. Never on record, in a log, or in what was read from a token. */
  readonly secret?: { readonly base64: string; readonly sizeBits: number };
}

export type Confirmation =
  | { readonly method: 'bearer' }
  | PublicKeyConfirmation
  | SymmetricKeyConfirmation;

const CURVE_BITS: Readonly<Record<string, number>> = { 'P-256': 256, 'P-384': 384, 'P-521': 521 };

/** The size of a public key in bits; undefined for a curve that we do not know. */
export function publicKeyBits(jwk: PublicJwk): number | undefined {
  return jwk.kty === 'RSA' ? Math.floor((jwk.n.length * 3) / 4) * 8 : CURVE_BITS[jwk.crv];
}

export const BEARER: Confirmation = { method: 'bearer' };

const isEqual = (required: string | undefined, proved: string | undefined): boolean =>
  required !== undefined && required === proved;

/** Whether `proved` is the very key that `required` names. A bearer confirmation requires nothing. The key decides where it is
 * known, since certificates of one key are many; a token that names the certificate alone wants that very one (RFC 8705 §3.1). */
export function isConfirmed(required: Confirmation, proved: Confirmation): boolean {
  if (required.method === 'bearer') return true;
  if (required.method === 'symmetric-key')
    return proved.method === required.method && isEqual(required.thumbprint, proved.thumbprint);
  if (proved.method !== required.method) return false;
  return required.jwkThumbprint === undefined
    ? isEqual(required.certificateThumbprint, proved.certificateThumbprint)
    : isEqual(required.jwkThumbprint, proved.jwkThumbprint);
}
