// The compact form of a signed JWT (RFC 7515 §7.1), read strictly: one token, one spelling.
import { type CryptoKey, compactVerify } from 'jose';
import { ExchangeFailure } from '#core/failure.ts';
import { type JsonMembers, parseStrictObject } from './strict-json.ts';

const MAX_COMPACT_CHARACTERS = 16 * 1024;

// Three parts, none empty: `none` has an empty signature, JWE has five parts.
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** What a token says before anybody vouched for it: good for choosing keys, for nothing else. */
export interface UnverifiedJwt {
  readonly text: string;
  readonly header: JsonMembers;
  readonly claims: JsonMembers;
  /** What `claims` was read from. */
  readonly payload: Buffer;
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
  decodePart(signature);
  const payload = decodePart(claims);
  return {
    text,
    header: parseStrictObject(decodePart(header), 'the JWT header'),
    claims: parseStrictObject(payload, 'the JWT claims set'),
    payload,
  };
}

/** Verifies the signature with this algorithm and no other (RFC 8725 §3.1).
 * @throws {ExchangeFailure} `signature-invalid` */
export async function verifyJwt(
  jwt: UnverifiedJwt,
  algorithm: string,
  key: CryptoKey,
): Promise<VerifiedClaims> {
  try {
    const { payload } = await compactVerify(jwt.text, key, { algorithms: [algorithm] });
    // Only what was verified counts. It is what was parsed before, unless two decoders of one text differ.
    if (!jwt.payload.equals(payload)) throw new Error('other claims were verified than parsed');
    return jwt.claims as VerifiedClaims;
  } catch (cause) {
    throw new ExchangeFailure('signature-invalid', 'the signature of the JWT does not verify', {
      cause,
    });
  }
}
