// SignWith and EncryptWith (WS-Trust 1.3 §9.2): what the key of the token will be used with. It is not used here: honoured is what
// a key of its kind can do, and what no relying party should take is refused.

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { Confirmation } from '#core/confirmation.ts';
import type { RequestedAlgorithms } from '../rst/rst-request.ts';

type KeyFamily = 'secret' | 'RSA' | 'EC';

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
const HASHES = ['sha256', 'sha384', 'sha512'];

const SIGNATURES: Readonly<Record<KeyFamily, ReadonlySet<string>>> = {
  // The suites of WS-SecurityPolicy mean HMAC-SHA1, and nothing is known against it.
  secret: new Set([`${DS}hmac-sha1`, ...HASHES.map((hash) => `${MORE}hmac-${hash}`)]),
  RSA: new Set(HASHES.flatMap((hash) => [`${MORE}rsa-${hash}`, `${MORE_2007}${hash}-rsa-MGF1`])),
  EC: new Set(HASHES.map((hash) => `${MORE}ecdsa-${hash}`)),
};
const SIZES = [128, 192, 256].map(String);
const ENCRYPTIONS: Readonly<Record<KeyFamily, ReadonlySet<string>>> = {
  secret: new Set(
    SIZES.flatMap((bits) => [
      `${XENC}aes${bits}-cbc`,
      `${XENC}kw-aes${bits}`,
      `${XENC11}aes${bits}-gcm`,
    ]),
  ),
  RSA: new Set([`${XENC}rsa-oaep-mgf1p`, `${XENC11}rsa-oaep`]),
  EC: new Set(),
};

/** Refuses a use that a key of this kind has not.
 * @throws {SecurityFailure} `unsupported-algorithm` */
export function requireUsable(
  { signWith, encryptWith }: RequestedAlgorithms,
  confirmation: Confirmation,
): void {
  const family = familyOf(confirmation);
  if (family === undefined) return;
  requireOneOf(SIGNATURES[family], signWith);
  requireOneOf(ENCRYPTIONS[family], encryptWith);
}

// A bearer token has no key, and no request with one of these gets so far.
function familyOf(confirmation: Confirmation): KeyFamily | undefined {
  if (confirmation.method === 'symmetric-key') return 'secret';
  return confirmation.method === 'public-key' ? confirmation.jwk?.kty : undefined;
}

function requireOneOf(known: ReadonlySet<string>, asked: string | undefined): void {
  if (asked !== undefined && !known.has(asked))
    throw new SecurityFailure('unsupported-algorithm', 'a use that the key has not');
}
