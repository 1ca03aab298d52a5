// The compact form of a signed JWT (RFC 7515 §7.1), written and read strictly: one token, one spelling.
import type { ClaimValue } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { type JwsKey, signJws, verifyJws } from './jws-signature.ts';
import { type JsonMembers, parseStrictObject } from './strict-json.ts';

/** The longest that is read, and so the longest that is written: one that we cannot read we could not revoke. */
export const MAX_COMPACT_CHARACTERS = 16 * 1024;

// Three parts, none empty: `none` has an empty signature, JWE has five parts.
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** What a token says before anybody vouched for it: good for choosing keys, for nothing else. */
export interface UnverifiedJwt {
  readonly header: JsonMembers;
  readonly claims: JsonMembers;
  /** What is signed: header and claims as sent (RFC 7515 §5.2). */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

declare const verified: unique symbol;

/** The claims of a token whose signature was verified. Only `verifyJwt` makes it. */
export type VerifiedClaims = JsonMembers & { readonly [verified]: true };

function decodePart(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  // Bits after the last octet would let one token have several spellings, and slip past a list of seen tokens.
  if (bytes.toString('base64url') !== part)
    throw new ExchangeFailure('token-malformed', 'a part of the JWT is not canonical base64url');
  return bytes;
}

/** Parses a compact JWT. No trust yet.
 * @throws {ExchangeFailure} `token-malformed` */
export function parseJwt(text: string): UnverifiedJwt {
  if (text.length > MAX_COMPACT_CHARACTERS)
    throw new ExchangeFailure('token-malformed', 'the JWT is too long');
  if (!COMPACT.test(text))
    throw new ExchangeFailure('token-malformed', 'this is not a signed JWT in compact form');
  const [header = '', claims = '', signature = ''] = text.split('.');
  return {
    signature: decodePart(signature),
    header: parseStrictObject(decodePart(header), 'the JWT header'),
    claims: parseStrictObject(decodePart(claims), 'the JWT claims set'),
    signingInput: Buffer.from(text.slice(0, text.lastIndexOf('.')), 'latin1'),
  };
}

/** Verifies the signature with this algorithm and no other (RFC 8725 §3.1).
 * @throws {ExchangeFailure} `signature-invalid` */
export async function verifyJwt(jwt: UnverifiedJwt, key: JwsKey): Promise<VerifiedClaims> {
  try {
    if (await verifyJws(key, jwt.signingInput, jwt.signature)) return jwt.claims as VerifiedClaims;
  } catch (cause) {
    throw new ExchangeFailure('signature-invalid', 'the signature of the JWT cannot be verified', {
      cause,
    });
  }
  throw new ExchangeFailure('signature-invalid', 'the signature of the JWT does not verify');
}

/** The members of a JSON object to be written. */
export type JsonObject = { readonly [name: string]: ClaimValue };

const writePart = (members: JsonObject): string =>
  Buffer.from(JSON.stringify(members)).toString('base64url');

/** Signs a JWT and writes it.
 * @throws {Error} when the key is not for the algorithm */
export async function signJwt(
  { header, claims }: { readonly header: JsonObject; readonly claims: JsonObject },
  key: JwsKey,
): Promise<string> {
  const input = `${writePart(header)}.${writePart(claims)}`;
  const signature = await signJws(key, Buffer.from(input, 'latin1'));
  return `${input}.${signature.toString('base64url')}`;
}
