// SignWith and EncryptWith (WS-Trust 1.3 §9.2): what the key of the token will be used with. It is not used here: honoured is what
// a key of its kind can do, and what no relying party should take is refused.

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { DS_NS, DSIG_MORE, DSIG_MORE_2007, XENC_NS, XENC11_NS } from '#bridge/xml/namespaces.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { RequestedAlgorithms } from '../rst/rst-request.ts';

type KeyFamily = 'secret' | 'RSA' | 'EC';

const HASHES = ['sha256', 'sha384', 'sha512'];

const SIGNATURES: Readonly<Record<KeyFamily, ReadonlySet<string>>> = {
  // The suites of WS-SecurityPolicy mean HMAC-SHA1, and nothing is known against it.
  secret: new Set([`${DS_NS}hmac-sha1`, ...HASHES.map((hash) => `${DSIG_MORE}hmac-${hash}`)]),
  RSA: new Set(
    HASHES.flatMap((hash) => [`${DSIG_MORE}rsa-${hash}`, `${DSIG_MORE_2007}${hash}-rsa-MGF1`]),
  ),
  EC: new Set(HASHES.map((hash) => `${DSIG_MORE}ecdsa-${hash}`)),
};
const SIZES = [128, 192, 256].map(String);
const ENCRYPTIONS: Readonly<Record<KeyFamily, ReadonlySet<string>>> = {
  secret: new Set(
    SIZES.flatMap((bits) => [
      `${XENC_NS}aes${bits}-cbc`,
      `${XENC_NS}kw-aes${bits}`,
      `${XENC11_NS}aes${bits}-gcm`,
    ]),
  ),
  RSA: new Set([`${XENC_NS}rsa-oaep-mgf1p`, `${XENC11_NS}rsa-oaep`]),
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
