// Status List Tokens in JWT form (draft-ietf-oauth-status-list §4.2, §5.1).
import { deflateSync } from 'node:zlib';
import type { Instant } from '#core/instant.ts';
import type { StatusListContent } from '#core/status-list/status-list.ts';
import { statusListUri } from './claims/status-claim.ts';
import { signJwt } from './jws/compact-jwt.ts';
import type { JwtSigningKeys } from './jwt-issuer.ts';

/** The list as it stands in the token: one bit for each place, zlib at its highest level, base64url. */
export const encodeStatusBits = (bits: Uint8Array): string =>
  deflateSync(bits, { level: 9 }).toString('base64url');

interface StatusListTerms {
  readonly issuer: string;
  readonly list: string;
  readonly now: Instant;
  /** How long a copy may be used before a fresh one is fetched. */
  readonly ttlSeconds: number;
  /** How long a copy says anything. */
  readonly lifetimeSeconds: number;
}

/** Signs what a list says, with the key that signs the tokens in it. */
export async function writeStatusListToken(
  { algorithm, bits }: StatusListContent,
  { issuer, list, now, ttlSeconds, lifetimeSeconds }: StatusListTerms,
  keys: JwtSigningKeys,
): Promise<string> {
  const signingKey = keys.jwtSigningKey(algorithm, now);
  const header = { alg: signingKey.algorithm, typ: 'statuslist+jwt', kid: signingKey.kid };
  const claims = {
    iss: issuer,
    sub: statusListUri(issuer, list),
    iat: now,
    exp: now + lifetimeSeconds,
    ttl: ttlSeconds,
    status_list: { bits: 1, lst: encodeStatusBits(bits) },
  };
  return signJwt({ header, claims }, signingKey);
}
