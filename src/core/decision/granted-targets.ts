// The targets of a decision, each with the policy row that grants it, and what those of one token must have in common.

import type { Claim, ClaimSet } from '../claims/claim.ts';
import { type MappedClaim, mapClaims, mappedClaims } from '../claims/claim-mapping.ts';
import { ExchangeFailure } from '../failure.ts';
import type { PolicyRow } from '../policy.ts';
import type { RelyingParty } from '../request/relying-party.ts';
import type { Confirmation } from '../token/confirmation.ts';
import type { Encryption, TokenSpec } from '../token/token-spec.ts';
import { formOf, saysScopes, type TokenType } from '../token/token-type.ts';
import { type Evidence, expressionContext } from './evidence.ts';
import { commonScopes, decideScopes, grantableScopes } from './scope.ts';

/** One target and the row that grants it. */
export interface GrantedTarget {
  readonly party: RelyingParty;
  readonly row: PolicyRow;
}

/** At least one: no target is a refusal before. */
export type GrantedTargets = readonly [GrantedTarget, ...GrantedTarget[]];

/** How many actors a token may show. */
export const longestChain = (granted: GrantedTargets, maxDepth: number): number =>
  Math.min(maxDepth, ...granted.map(({ row }) => row.grant.maxActors ?? maxDepth));

/** How long a token may live at most: the shortest of every row and every target. */
export const longestLifetimeSeconds = (granted: GrantedTargets): number =>
  Math.min(
    ...granted.flatMap(({ party, row }) => [
      party.token.lifetimeSeconds,
      row.grant.lifetimeSeconds,
    ]),
  );

const isSameEncryption = (left: Encryption | undefined, right: Encryption | undefined): boolean =>
  left?.certificate === right?.certificate &&
  left?.content === right?.content &&
  left?.keyTransport === right?.keyTransport;

const hasSameForm = (left: RelyingParty['token'], right: RelyingParty['token']): boolean =>
  left.type === right.type &&
  left.algorithms.jwt === right.algorithms.jwt &&
  left.algorithms.saml === right.algorithms.saml &&
  isSameEncryption(left.encryption, right.encryption) &&
  isSameEncryption(left.keyEncryption, right.keyEncryption);

/** Whether the token may leave out its audience: where all its targets accept that and nobody can use it without its key. Otherwise
 * whoever found it could use it anywhere. */
export function decideOmission(
  type: TokenType,
  { method }: Confirmation,
  granted: GrantedTargets,
): Pick<TokenSpec, 'omitsAudience'> {
  const isOmitted =
    type === 'saml2' &&
    method === 'public-key' &&
    granted.every(({ party }) => party.token.omitsAudience);
  return isOmitted ? { omitsAudience: true } : {};
}

/** Who can decrypt the token, and the secret in it. All targets of one token want the same (`decideType`).
 * @throws {ExchangeFailure} `target-not-allowed` for a secret that its target could not decrypt */
export function decideEncryption(
  type: TokenType,
  { method }: Confirmation,
  [{ party }]: GrantedTargets,
): Pick<TokenSpec, 'encryption' | 'keyEncryption'> {
  if (type === 'sct') return {};
  const { encryption, keyEncryption } = party.token;
  if (method === 'symmetric-key' && !keyEncryption)
    throw new ExchangeFailure('target-not-allowed', 'no secret can be encrypted to the target');
  return {
    ...(encryption && formOf(type) === 'saml' && { encryption }),
    ...(keyEncryption && method === 'symmetric-key' && { keyEncryption }),
  };
}

/** The token type to issue: one that each target wants or its row allows.
 * @throws {ExchangeFailure} `target-not-allowed`, `token-type-unsupported` */
export function decideType(requested: TokenType | undefined, granted: GrantedTargets): TokenType {
  const [{ party: first }] = granted;
  if (!granted.every(({ party }) => hasSameForm(party.token, first.token))) {
    throw new ExchangeFailure('target-not-allowed', 'the targets want tokens of different forms');
  }
  const type = requested ?? first.token.type;
  const isGranted = granted.every(
    ({ party, row }) => party.token.type === type || row.grant.types.includes(type),
  );
  if (!isGranted)
    throw new ExchangeFailure('token-type-unsupported', `${type} is not granted for this target`);
  return type;
}

/** The scopes to grant: what was asked for, if every target grants it and the token can say it.
 * @throws {ExchangeFailure} `scope-not-allowed` */
export function decideGrantedScopes(
  evidence: Evidence,
  granted: GrantedTargets,
  type: TokenType,
): readonly string[] {
  const { request, subject } = evidence;
  // A refresh token has those of what it brings.
  const said = type === 'refresh_token' ? granted[0].party.token.type : type;
  if (!saysScopes(said)) {
    const [scope] = request.scopes ?? [];
    if (scope === undefined) return [];
    throw new ExchangeFailure('scope-not-allowed', `a token of type ${said} says no scope`);
  }
  const perTarget = granted.map(({ party, row }) =>
    grantableScopes({
      mode: row.grant.scopeMode,
      row: row.grant.scopes,
      relyingParty: party.scopes,
      // A requestor that asks for itself is bounded by its registration, which `client` already is.
      subject:
        subject.type === 'requestor' && request.requestor.scopes === undefined
          ? row.grant.scopes
          : subject.scopes,
      client: request.requestor.scopes,
    }),
  );
  return decideScopes(commonScopes(perTarget), request.scopes);
}

/** Every mapping rule of one target and what came of it.
 * @throws {ExchangeFailure} `claim-missing` */
export function mapClaimsFor(
  evidence: Evidence,
  { party, row }: GrantedTarget,
  issuer: string,
): readonly MappedClaim[] {
  return mapClaims([...party.claims, ...row.grant.claims], {
    claims: evidence.subject.claims,
    context: expressionContext(evidence, party),
    issuer,
  });
}

const asText = (claims: ClaimSet): string =>
  JSON.stringify(
    claims
      .toSorted((left, right) => (left.name < right.name ? -1 : 1))
      .map(({ name, issuer, originalIssuer, values }) => [name, issuer, originalIssuer, values]),
  );

/** The claims of the token. Several targets must want the very same: a role meant for one would count at the others, and a
 * personal detail for one would be told to all.
 * @throws {ExchangeFailure} `claim-missing`, `target-not-allowed` */
export function decideClaims(
  evidence: Evidence,
  granted: GrantedTargets,
  issuer: string,
): ClaimSet {
  const claimsFor = (target: GrantedTarget) => mappedClaims(mapClaimsFor(evidence, target, issuer));
  const [first, ...others] = granted;
  const claims = claimsFor(first);
  if (others.some((target) => asText(claimsFor(target)) !== asText(claims))) {
    throw new ExchangeFailure('target-not-allowed', 'the targets want different claims');
  }
  const { requiredClaims = [], claimValues } = evidence.request;
  const wished = claimValues ? claims.flatMap((claim) => restrict(claim, claimValues)) : claims;
  const missing = [...requiredClaims, ...granted.flatMap(claimsRequiredBy)].find(
    (name) => !wished.some((claim) => claim.name === name),
  );
  if (missing !== undefined)
    throw new ExchangeFailure('claim-missing', `claim ${missing} is needed`);
  return wished;
}

// Whoever asks must not remove a required claim by wishing for another value.
const claimsRequiredBy = ({ party, row }: GrantedTarget): readonly string[] =>
  [...party.claims, ...row.grant.claims].flatMap(({ claim, required }) =>
    required ? [claim] : [],
  );

// Values that were not wished for are left out: whoever asks for one role wants a token for that role.
function restrict(claim: Claim, wishes: ReadonlyMap<string, readonly string[]>): ClaimSet {
  const wish = wishes.get(claim.name);
  if (!wish) return [claim];
  const values = claim.values.filter(
    (value) => typeof value !== 'object' && wish.includes(String(value)),
  );
  return values.length === 0 ? [] : [{ ...claim, values }];
}
