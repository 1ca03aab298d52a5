// Validates JWTs (RFC 7519, RFC 8725, RFC 9068, OIDC Core §2): our own and those of trusted issuers.
import { ExchangeFailure, excerpt, refusalAbout } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import {
  acceptToken,
  type SecurityToken,
  type TokenFacts,
  type ValidatedToken,
} from '#core/token/security-token.ts';
import type { TokenType } from '#core/token/token-type.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { requiredString, stringClaim } from './claims/claim-reader.ts';
import { parseActors, parseMayAct } from './claims/jwt-actor.ts';
import { parseConfirmation } from './claims/jwt-confirmation.ts';
import {
  claimSetOf,
  parseAuthentication,
  parseScopes,
  validateAudiences,
  validateOriginClient,
} from './claims/jwt-facts.ts';
import { validateTimes } from './claims/jwt-time.ts';
import { parseJwt, type UnverifiedJwt, type VerifiedClaims, verifyJwt } from './jws/compact-jwt.ts';
import { keyHintOf } from './jws/jwt-header.ts';
import { indexTerms, type JwtTerms, type JwtTrust, type OwnJwtTrust } from './jwt-trust.ts';
import {
  isJwtTokenType,
  type JwtTokenType,
  validateHeaderType,
  validateKind,
  writtenTypeOf,
} from './jwt-type.ts';

interface JwtValidatorParts {
  readonly own: OwnJwtTrust;
  /** What else we are called, such as in assertions: no one else may speak of parties under that name. */
  readonly otherOwnNames: readonly string[];
  readonly trusted: readonly JwtTrust[];
  readonly clock: Clock;
}

interface JwtEvidence extends SecurityToken {
  readonly type: JwtTokenType;
  readonly content: string;
}

function isJwtEvidence(token: SecurityToken): token is JwtEvidence {
  if (!isJwtTokenType(token.type) || typeof token.content !== 'string') return false;
  // An access token without a dot is opaque: another validator knows it, or none does.
  return token.type !== 'access_token' || token.content.includes('.');
}

/** `iss` is not verified yet: it only selects whose terms and keys apply, and the signature then decides. */
function termsFor(
  { claims }: UnverifiedJwt,
  index: ReadonlyMap<string, JwtTerms>,
  now: Instant,
): JwtTerms {
  const issuer = requiredString(claims, 'iss');
  const terms = index.get(issuer);
  if (!terms)
    throw new ExchangeFailure('issuer-untrusted', `the issuer is not known: ${excerpt(issuer)}`);
  if (terms.enabledUntil !== undefined && now >= terms.enabledUntil)
    throw new ExchangeFailure('issuer-untrusted', 'the trust in this issuer has ended');
  return terms;
}

function validateRequired(claims: VerifiedClaims, type: TokenType, terms: JwtTerms): void {
  // RFC 9068 §2.2 for access tokens, the same for our plain JWTs; OIDC Core §2 for ID tokens.
  const ownNames = type === 'id_token' ? ['iat'] : ['iat', 'jti', 'client_id'];
  const idTokenNames = type === 'id_token' ? ['iat'] : [];
  const names = terms.isOwn ? ownNames : [...idTokenNames, ...terms.requiredClaims];
  const missing = names.find((name) => !claims.has(name));
  if (missing !== undefined) throw new ExchangeFailure('token-malformed', `${missing} is missing`);
}

interface Finding {
  readonly token: JwtEvidence;
  readonly terms: JwtTerms;
  readonly now: Instant;
  /** All spellings of our own name. */
  readonly ownNames: readonly string[];
  readonly written: ReturnType<typeof writtenTypeOf>;
}

/** The members that identify the token and say how often it is good. */
function identityFacts(claims: VerifiedClaims, { token, terms, now }: Finding) {
  const { issuedAt, lifetime } = validateTimes(claims, terms, { now, use: token.use });
  const id = stringClaim(claims, 'jti');
  const isOnce = token.use === 'assertion' || terms.singleUse;
  // RFC 7523 §3 rule 7: without an id there is nothing to remember, and the assertion could be replayed.
  if (isOnce && id === undefined)
    throw new ExchangeFailure('token-malformed', 'a one-time token needs a jti');
  // Nor could anybody tell whether a store that lost its memory has seen it. A grant without it ends soon.
  if (isOnce && token.use !== 'assertion' && issuedAt === undefined)
    throw new ExchangeFailure('token-malformed', 'a one-time token must say when it was issued');
  return {
    lifetime,
    ...(id !== undefined && { id }),
    ...(issuedAt !== undefined && { issuedAt }),
    // Within the skew the token is still taken: the mark must outlive that.
    ...(isOnce && { onceUntil: lifetime.notOnOrAfter + terms.skewSeconds }),
  };
}

function factsOf(claims: VerifiedClaims, finding: Finding): TokenFacts {
  const { token, terms, now, ownNames, written } = finding;
  const { issuer } = terms;
  const identity = identityFacts(claims, finding);
  const audiences = validateAudiences(claims, written.writtenType ?? token.type, terms);
  validateKind(claims, token.type, terms.isOwn);
  validateRequired(claims, token.type, terms);
  const originClient = validateOriginClient(claims, { audiences, type: token.type }, terms);
  const authentication = parseAuthentication(claims, terms, now);
  const mayAct = parseMayAct(claims, terms);
  return {
    type: token.type,
    ...written,
    use: token.use,
    issuer,
    trustedIssuer: terms.id,
    ...identity,
    subject: { issuer: terms.issuer, id: requiredString(claims, terms.subjectClaim) },
    subjectPrefix: terms.subjectPrefix,
    ...(authentication && { authentication }),
    claims: claimSetOf(claims, issuer),
    scopes: parseScopes(claims),
    confirmation: parseConfirmation(claims),
    audiences,
    ...(originClient !== undefined && { originClient }),
    actors: parseActors(claims, terms, ownNames),
    ...(mayAct && { mayAct }),
  };
}

/** A validator of access tokens in JWT form, plain JWTs and ID tokens.
 *
 * The subject keeps the id its issuer gave it. With it goes the prefix, by default `<trusted issuer id>:`, that makes
 * it one of a kind in a token of ours, where `alice` of two trusted issuers would else be one subject.
 * @throws {Error} when a record of trust is unsafe */
export function createJwtValidator(parts: JwtValidatorParts): TokenValidator {
  const { own, otherOwnNames, trusted, clock } = parts;
  const index = indexTerms(own, trusted);
  const ownNames = [own.issuer, ...otherOwnNames];
  return {
    canHandle: isJwtEvidence,
    async validate(token): Promise<ValidatedToken> {
      if (!isJwtEvidence(token)) throw new Error('asked for evidence it cannot handle');
      const now = clock.now();
      const jwt = parseJwt(token.content);
      const terms = termsFor(jwt, index, now);
      return accept(jwt, { token, terms, now, ownNames }).catch((cause: unknown) => {
        throw refusalAbout(cause, `of ${terms.id}`);
      });
    },
  };
}

async function accept(
  jwt: UnverifiedJwt,
  finding: Omit<Finding, 'written'>,
): Promise<ValidatedToken> {
  const { terms, token } = finding;
  const hint = keyHintOf(jwt.header, terms.algorithms);
  validateHeaderType(jwt.header, token.type, terms);
  const key = await terms.verificationKey(hint);
  const claims = await verifyJwt(jwt, { algorithm: hint.alg, key });
  const signedBefore = terms.signedBefore?.(hint.kid);
  const written = writtenTypeOf(jwt.header, claims, token.type);
  return acceptToken({
    ...factsOf(claims, { ...finding, written }),
    ...(signedBefore !== undefined && { signedBefore }),
  });
}
