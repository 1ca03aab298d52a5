// Issues JWTs: RFC 9068 access tokens, plain JWTs with the same claims, and ID tokens (OIDC Core §2).
import type { KeyObject } from 'node:crypto';
import { type Claim, type ClaimSet, type ClaimValue, RESERVED_CLAIMS } from '#core/claims/claim.ts';
import type { Actor, Authentication } from '#core/claims/subject.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { confirmationMember } from './claims/jwt-confirmation.ts';
import { encryptProofKey } from './claims/proof-key.ts';
import { statusMember } from './claims/status-claim.ts';
import { type JsonObject, MAX_COMPACT_CHARACTERS, signJwt } from './jws/compact-jwt.ts';
import { isJwtTokenType, type JwtTokenType } from './jwt-type.ts';

/** Our signing keys. */
export interface JwtSigningKeys {
  /** The key of this algorithm that signs at `now`. */
  jwtSigningKey(
    algorithm: string,
    now: Instant,
  ): { readonly kid: string; readonly algorithm: string; readonly key: KeyObject };
}

const HEADER_TYPES: Readonly<Record<JwtTokenType, string>> = {
  access_token: 'at+jwt',
  jwt: 'JWT',
  id_token: 'JWT',
};

/** `act` with each link nested in the one before it (RFC 8693 §4.1); nothing but what identifies the actor. */
function actOf([outermost, ...nested]: readonly Actor[]): JsonObject {
  if (!outermost) return {};
  const { issuer, id, clientId } = outermost;
  const client = clientId === undefined ? {} : { client_id: clientId };
  return { act: { iss: issuer, sub: id, ...client, ...actOf(nested) } };
}

function authenticationOf(authentication: Authentication | undefined): JsonObject {
  const { instant, methods, contextClass } = authentication ?? {};
  return {
    ...(instant !== undefined && { auth_time: instant }),
    ...(contextClass !== undefined && { acr: contextClass }),
    ...(methods !== undefined && methods.length > 0 && { amr: methods }),
  };
}

// One audience as a plain string: some verifiers know no other form (RFC 7519 §4.1.3 allows both).
function audienceOf(audiences: readonly string[]): ClaimValue {
  const [first, ...others] = audiences;
  if (first === undefined) throw new Error('a token without audience would be good anywhere');
  return others.length === 0 ? first : audiences;
}

function mappedValue({ name, values }: Claim): readonly [string, ClaimValue][] {
  // The mapping refuses them too: whatever comes to stand here must not decide who the token is about or for.
  if (RESERVED_CLAIMS.has(name)) throw new Error(`a mapped claim may not be named ${name}`);
  const [first, ...others] = values;
  if (first === undefined) return [];
  return [[name, others.length === 0 ? first : values]];
}

function mappedClaims(claims: ClaimSet): JsonObject {
  const entries = claims.flatMap(mappedValue);
  const mapped = Object.fromEntries(entries);
  if (Object.keys(mapped).length < entries.length) throw new Error('a claim is mapped twice');
  return mapped;
}

/** Who it was issued to. An ID token has no `client_id` and no scope: that tells it from all else we sign. */
function clientOf(spec: TokenSpec): JsonObject {
  if (spec.type === 'id_token') return { azp: spec.clientId };
  const scope = spec.scopes.length === 0 ? {} : { scope: spec.scopes.join(' ') };
  return { client_id: spec.clientId, ...scope };
}

function claimsSetOf(spec: TokenSpec, encryptedKey: string | undefined): JsonObject {
  return {
    ...mappedClaims(spec.claims),
    iss: spec.issuer,
    sub: spec.subjectName,
    aud: audienceOf(spec.audiences),
    exp: spec.lifetime.notOnOrAfter,
    nbf: spec.lifetime.notBefore,
    iat: spec.issuedAt,
    jti: spec.tokenId,
    ...clientOf(spec),
    ...authenticationOf(spec.authentication),
    ...actOf(spec.actors),
    ...statusMember(spec),
    ...confirmationMember(spec.confirmation, encryptedKey),
  };
}

/** For the header and a signature of the longest key, and for a secret encrypted to the target. */
const ROOM_CHARACTERS = { always: 1024, secret: 1536 } as const;

/** Refuses what a JWT cannot say, or what we would not read again: nobody could have it introspected, and revoking it would do nothing.
 * @throws {ExchangeFailure} `token-malformed`, `claim-missing` */
function requireExpressible(spec: TokenSpec): void {
  const { actors, confirmation, subjectName } = spec;
  const names = [subjectName, ...actors.flatMap(({ id, issuer }) => [id, issuer])];
  if (names.some((name) => name.trim() === ''))
    throw new ExchangeFailure('token-malformed', 'a name is empty');
  const hasSecret = confirmation.method === 'symmetric-key';
  const room = ROOM_CHARACTERS.always + (hasSecret ? ROOM_CHARACTERS.secret : 0);
  const text = JSON.stringify(claimsSetOf(spec, hasSecret ? '' : undefined));
  if (Math.ceil((Buffer.byteLength(text) * 4) / 3) > MAX_COMPACT_CHARACTERS - room)
    throw new ExchangeFailure('claim-missing', 'more claims than a JWT has room for');
}

/** An issuer of JWTs. `sub` is the decided name of the subject, which no subject of another issuer has. A spec that asks for
 * encryption is not for this issuer: it would come out in clear. */
export function createJwtIssuer(keys: JwtSigningKeys): TokenIssuer {
  return {
    canIssue: ({ type, encryption }) => isJwtTokenType(type) && encryption === undefined,
    requireExpressible,
    async issue(spec) {
      if (!isJwtTokenType(spec.type)) throw new Error(`asked to issue ${spec.type} as a JWT`);
      const { algorithm, key, kid } = keys.jwtSigningKey(spec.algorithm, spec.issuedAt);
      const { confirmation, keyEncryption } = spec;
      const encryptedKey =
        confirmation.method === 'symmetric-key'
          ? await encryptProofKey(confirmation, keyEncryption)
          : undefined;
      const header = { alg: algorithm, typ: HEADER_TYPES[spec.type], kid };
      const claims = claimsSetOf(spec, encryptedKey);
      return { spec, text: await signJwt({ header, claims }, { algorithm, key }) };
    },
  };
}
