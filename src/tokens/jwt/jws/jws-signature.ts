// Signatures of JWS (RFC 7518 §3, RFC 8037 §3.1, RFC 9864) with node:crypto, on its thread pool. One algorithm, one kind of
// key, one curve: what is not in the table neither signs nor verifies.
import { constants, type KeyObject, sign, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { derOfSignature, signatureOfDer } from './ecdsa-form.ts';

interface SignatureMethod {
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** As node:crypto calls it; null: the algorithm has its own. */
  readonly digest: string | null;
  readonly isPss?: true;
  /** OpenSSL's name of the curve. */
  readonly curve?: string;
  /** The length of r and of s. */
  readonly coordinateBytes?: number;
}

const METHODS: Readonly<Record<string, SignatureMethod>> = {
  RS256: { keyType: 'rsa', digest: 'sha256' },
  RS384: { keyType: 'rsa', digest: 'sha384' },
  RS512: { keyType: 'rsa', digest: 'sha512' },
  PS256: { keyType: 'rsa', digest: 'sha256', isPss: true },
  PS384: { keyType: 'rsa', digest: 'sha384', isPss: true },
  PS512: { keyType: 'rsa', digest: 'sha512', isPss: true },
  ES256: { keyType: 'ec', digest: 'sha256', curve: 'prime256v1', coordinateBytes: 32 },
  ES384: { keyType: 'ec', digest: 'sha384', curve: 'secp384r1', coordinateBytes: 48 },
  ES512: { keyType: 'ec', digest: 'sha512', curve: 'secp521r1', coordinateBytes: 66 },
  EdDSA: { keyType: 'ed25519', digest: null },
  Ed25519: { keyType: 'ed25519', digest: null },
};

/** Whether anybody can verify the signatures of an algorithm and only the issuer can make them: a shared secret or `none` proves no
 * issuer, and has no row. */
export const isAsymmetric = (algorithm: string): boolean => Object.hasOwn(METHODS, algorithm);

const MIN_RSA_BITS = 2048;

/** What signs or verifies, and with which algorithm. */
export interface JwsKey {
  readonly algorithm: string;
  readonly key: KeyObject;
}

/** The method of an algorithm, if the key is for it (RFC 7518 §3.3, §3.4, RFC 8725 §3.1).
 * @throws {Error} else: with another kind of key the algorithm would not be the one that was chosen */
function methodFor({ algorithm, key }: JwsKey): SignatureMethod {
  const method = isAsymmetric(algorithm) ? METHODS[algorithm] : undefined;
  if (!method) throw new Error(`${algorithm} is no signature algorithm of ours`);
  const { asymmetricKeyType, asymmetricKeyDetails: details } = key;
  const isLongEnough = method.keyType !== 'rsa' || (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
  if (asymmetricKeyType !== method.keyType || details?.namedCurve !== method.curve || !isLongEnough)
    throw new Error(`the key is not for ${algorithm}`);
  return method;
}

function keyInput(key: KeyObject, { isPss }: SignatureMethod): KeyObject | VerifyKeyObjectInput {
  if (!isPss) return key;
  return {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
}

const BITS_PER_BYTE = 8;

const modulusBytes = ({ asymmetricKeyDetails: details }: KeyObject): number =>
  Math.ceil((details?.modulusLength ?? 0) / BITS_PER_BYTE);

/** Whether this is the signature over `input`.
 * @throws {Error} when the key is not for the algorithm */
export async function verifyJws(
  jwsKey: JwsKey,
  input: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const method = methodFor(jwsKey);
  const { coordinateBytes, digest } = method;
  // RFC 7518 §3.4: exactly two coordinates. Shorter or longer, the halves would be other numbers.
  if (coordinateBytes !== undefined && signature.length !== 2 * coordinateBytes) return false;
  // RFC 8017 §8.1.2: OpenSSL takes a PSS signature without its leading zeros, and so a second spelling of one in 256.
  if (method.keyType === 'rsa' && signature.length !== modulusBytes(jwsKey.key)) return false;
  const value = coordinateBytes === undefined ? signature : derOfSignature(signature);
  return new Promise((resolve, reject) => {
    verify(digest, input, keyInput(jwsKey.key, method), value, (error, isGood) => {
      if (error) reject(error);
      else resolve(isGood);
    });
  });
}

/** Signs `input`.
 * @throws {Error} when the key is not for the algorithm */
export async function signJws(jwsKey: JwsKey, input: Uint8Array): Promise<Buffer> {
  const method = methodFor(jwsKey);
  const { coordinateBytes, digest } = method;
  return new Promise((resolve, reject) => {
    sign(digest, input, keyInput(jwsKey.key, method), (error, value) => {
      if (error) reject(error);
      else resolve(coordinateBytes === undefined ? value : signatureOfDer(value, coordinateBytes));
    });
  });
}
