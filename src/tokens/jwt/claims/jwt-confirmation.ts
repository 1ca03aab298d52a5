// `cnf` (RFC 7800 §3.1, RFC 8705 §3.1, RFC 9449 §6.1), read and written.
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { ClaimValue } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { isRsaKey } from '#core/foreign/rsa-key.ts';
import { BEARER, type Confirmation, type PublicJwk } from '#core/token/confirmation.ts';
import { type JsonMembers, membersOf } from '../jws/strict-json.ts';
import { stringClaim } from './claim-reader.ts';

const malformed = (detail: string): ExchangeFailure =>
  new ExchangeFailure('token-malformed', detail);

/** The key the token is bound to. A binding we cannot check is a refusal: it must not become bearer.
 * @throws {ExchangeFailure} `token-malformed` */
export function parseConfirmation(claims: JsonMembers): Confirmation {
  if (!claims.has('cnf')) return BEARER;
  const members = membersOf(claims.get('cnf'), 'cnf');
  const [name, ...others] = members.keys();
  if (others.length > 0) throw malformed('cnf has several confirmations');
  switch (name) {
    case 'jkt':
      return { method: 'public-key', jwkThumbprint: parseThumbprint(members, name) };
    case 'x5t#S256':
      return { method: 'public-key', certificateThumbprint: parseThumbprint(members, name) };
    case 'jwk':
      return parseKey(membersOf(members.get(name), name));
    case 'jwe':
      return parseEncryptedKey(members);
    case undefined:
    default:
      throw malformed('cnf has a confirmation that cannot be checked');
  }
}

// SHA-256 in base64url: 43 characters, of which the last has two bits to spare.
const THUMBPRINT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

function parseThumbprint(members: JsonMembers, name: string): string {
  const thumbprint = stringClaim(members, name) ?? '';
  if (!THUMBPRINT.test(thumbprint)) throw malformed('cnf has no SHA-256 thumbprint');
  return thumbprint;
}

const COMPACT_JWE = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){4}$/;

// A secret that is encrypted to the relying party (RFC 7800 §3.3): nobody can prove it to us.
function parseEncryptedKey(members: JsonMembers): Confirmation {
  if (!COMPACT_JWE.test(stringClaim(members, 'jwe') ?? '')) throw malformed('jwe is no JWE');
  return { method: 'symmetric-key' };
}

function parseKey(members: JsonMembers): Confirmation {
  const key = keyOf(Object.fromEntries(members));
  requireStrength(key);
  const jwk = jwkOf(key);
  // RFC 7638 §3: the required members, in the order of their names.
  const named =
    jwk.kty === 'RSA'
      ? { e: jwk.e, kty: jwk.kty, n: jwk.n }
      : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
  const jwkThumbprint = hash('sha256', JSON.stringify(named), 'base64url');
  return { method: 'public-key', jwk, jwkThumbprint };
}

function keyOf(key: Readonly<Record<string, ClaimValue>>): KeyObject {
  // A private or symmetric key in a token is no secret any more.
  if ('d' in key || 'k' in key) throw malformed('jwk is not a public key');
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    throw malformed('jwk is no key');
  }
}

const MIN_RSA_BITS = 2048;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function requireStrength(key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails } = key;
  const isStrong = type === 'rsa' ? isStrongRsa(key) : CURVES.has(asymmetricKeyDetails?.namedCurve);
  if (!isStrong) throw malformed('jwk is of another kind or too weak');
}

function isStrongRsa(key: KeyObject): boolean {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const isKey = isRsaKey(Buffer.from(n, 'base64url'), Buffer.from(e, 'base64url'));
  return modulusLength >= MIN_RSA_BITS && isKey;
}

// Members as the runtime writes them: leading zeros in what was read would make another name for the same key.
function jwkOf(key: KeyObject): PublicJwk {
  const { kty, crv = '', x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  return kty === 'RSA' ? { kty, n, e } : { kty: 'EC', crv, x, y };
}

/** `cnf` for a decision: the certificate where there is one, for that is what TLS proves, else the key. A secret comes as a JWE
 * to the relying party.
 * @throws {ExchangeFailure} `confirmation-missing` for a secret without its JWE */
export function confirmationMember(
  confirmation: Confirmation,
  encryptedKey: string | undefined,
): { readonly cnf?: Readonly<Record<string, string>> } {
  if (confirmation.method === 'bearer') return {};
  if (confirmation.method === 'symmetric-key') {
    if (encryptedKey === undefined)
      throw new ExchangeFailure('confirmation-missing', 'a secret without its recipient');
    return { cnf: { jwe: encryptedKey } };
  }
  const { certificateThumbprint, jwkThumbprint } = confirmation;
  if (certificateThumbprint !== undefined) return { cnf: { 'x5t#S256': certificateThumbprint } };
  if (jwkThumbprint === undefined) throw new Error('a confirmation that names no key');
  return { cnf: { jkt: jwkThumbprint } };
}
