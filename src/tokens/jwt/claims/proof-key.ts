// The secret of a token as a JWE to its relying party (RFC 7800 §3.3): the encrypted form of a JWK of type `oct`.
import { X509Certificate } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { ExchangeFailure } from '#core/failure.ts';
import type { SymmetricKeyConfirmation } from '#core/token/confirmation.ts';
import type { Encryption } from '#core/token/token-spec.ts';

// The JOSE names of the pairs (RFC 7518 §4.3, §5.3).
const TRANSPORTS: Readonly<Record<Encryption['keyTransport'], string>> = {
  'rsa-oaep-sha256': 'RSA-OAEP-256',
  'rsa-oaep-mgf1p': 'RSA-OAEP',
};
const CONTENTS: Readonly<Record<Encryption['content'], string>> = {
  'aes128-gcm': 'A128GCM',
  'aes192-gcm': 'A192GCM',
  'aes256-gcm': 'A256GCM',
};

/** The secret as a JWE.
 * @throws {ExchangeFailure} `confirmation-missing` when secret or recipient is not known */
export async function encryptProofKey(
  { secret }: SymmetricKeyConfirmation,
  recipient: Encryption | undefined,
): Promise<string> {
  if (!secret || !recipient)
    throw new ExchangeFailure('confirmation-missing', 'a secret without its recipient');
  const k = Buffer.from(secret.base64, 'base64').toString('base64url');
  const plain = new TextEncoder().encode(JSON.stringify({ kty: 'oct', k }));
  return new CompactEncrypt(plain)
    .setProtectedHeader({
      alg: TRANSPORTS[recipient.keyTransport],
      enc: CONTENTS[recipient.content],
      cty: 'jwk+json',
    })
    .encrypt(new X509Certificate(recipient.certificate).publicKey);
}
