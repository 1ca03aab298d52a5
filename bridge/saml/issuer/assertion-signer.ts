// From our signing keys to the signer of an assertion: names of algorithms, the certificate, verify after signing (S8).

import { X509Certificate } from 'node:crypto';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { x509KeyInfo } from '#bridge/xml/keys/key-info.ts';
import { type TrustedPublicKey, trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { DSIG_MORE } from '#bridge/xml/namespaces.ts';
import type { SignOptions } from '#bridge/xml/signature/sign.ts';
import { type Signer, verifyAfterSigning } from '#bridge/xml/signature/signer.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';

/** A key of ours that signs assertions. */
interface SamlSigningKey {
  /** `RS256`, `ES256` and so on. */
  readonly algorithm: string;
  readonly certificatePem: string;
  /** Whether its crypto library verifies each signature with the public key before it hands it out. Absent: each is verified
   * here (S8). */
  readonly verifiesItself?: boolean;
  /** The signature value as XML-DSig wants it: raw `r‖s` for ECDSA. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Our signing keys. */
export interface SamlSigningKeys {
  /** The key that signs at `now`, of one algorithm where several are configured. */
  samlSigner(now: Instant, algorithm?: string): SamlSigningKey;
}

const IDENTIFIERS: ReadonlyMap<string, string> = new Map([
  ['RS256', `${DSIG_MORE}rsa-sha256`],
  ['RS384', `${DSIG_MORE}rsa-sha384`],
  ['RS512', `${DSIG_MORE}rsa-sha512`],
  ['ES256', `${DSIG_MORE}ecdsa-sha256`],
  ['ES384', `${DSIG_MORE}ecdsa-sha384`],
]);

interface PublicHalf {
  readonly keyInfo: Markup;
  readonly trusted: TrustedPublicKey;
}

/** Chooses the signer for a decision and the KeyInfo that names its certificate. Certificates are parsed once (S9).
 * @throws {Error} when there is no such key or it cannot sign assertions */
export function createSignerSource(
  keys: SamlSigningKeys,
): (wanted: Pick<TokenSpec, 'issuedAt'> & Partial<TokenSpec>) => Required<SignOptions> {
  const halves = new Map<string, PublicHalf>();
  function publicHalf(pem: string): PublicHalf {
    const known = halves.get(pem);
    if (known) return known;
    const certificate = new X509Certificate(pem);
    const { publicKey, raw } = certificate;
    const half = { keyInfo: x509KeyInfo(raw), trusted: trustPublicKey(publicKey) };
    halves.set(pem, half);
    return half;
  }
  return ({ algorithm, issuedAt }) => {
    const key = keys.samlSigner(issuedAt, algorithm);
    const identifier = IDENTIFIERS.get(key.algorithm);
    if (identifier === undefined) throw new Error(`${key.algorithm} cannot sign an assertion`);
    const { keyInfo, trusted } = publicHalf(key.certificatePem);
    const signer = { algorithm: identifier, sign: signWith(key) };
    return { signer: key.verifiesItself ? signer : verifyAfterSigning(signer, trusted), keyInfo };
  };
}

function signWith(key: SamlSigningKey): Signer['sign'] {
  return async (bytes) => {
    try {
      return await key.sign(bytes);
    } catch (cause) {
      throw new ExchangeFailure('dependency-unavailable', 'the signing key cannot be used', {
        cause,
      });
    }
  };
}
