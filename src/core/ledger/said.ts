// What a token of ours says, as one text, so that a digest of it can be on record. Only what comes back from every form of token as it
// went in: how its subject logged in does not, so the terms of renewal keep it.
import type { ClaimSet, ClaimValue } from '../claims/claim.ts';
import type { Actor } from '../claims/subject.ts';
import type { Confirmation } from '../token/confirmation.ts';
import type { ValidatedToken } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { formOf, saysScopes } from '../token/token-type.ts';

type Said = Pick<TokenSpec, 'type' | 'audiences' | 'actors' | 'claims' | 'confirmation' | 'scopes'>;

const textOfValue = (value: ClaimValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

// A claim with one value that is a list is read back as one with several.
function valuesOf(values: readonly ClaimValue[]): readonly string[] {
  const [only, ...others] = values;
  const all: readonly ClaimValue[] = Array.isArray(only) && others.length === 0 ? only : values;
  return all.map(textOfValue);
}

const claimsOf = (claims: ClaimSet): readonly unknown[] =>
  claims
    .filter(({ values }) => values.length > 0)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, values }) => [name, valuesOf(values)]);

// A secret is kept here, not told by the token. Of a key that was proved by a certificate an assertion may name the key alone.
function keyOf(confirmation: Confirmation, isAssertion: boolean): readonly string[] {
  const { method } = confirmation;
  if (method !== 'public-key') return [method];
  const { certificateThumbprint, jwkThumbprint } = confirmation;
  const names = isAssertion
    ? [jwkThumbprint, certificateThumbprint]
    : [certificateThumbprint, jwkThumbprint];
  return [method, names.find((name) => name !== undefined) ?? ''];
}

function textOf(id: string, subjectName: string, said: Said): string {
  const { actors, audiences, claims, confirmation, scopes, type } = said;
  const isAssertion = formOf(type) === 'saml';
  const isIdToken = type === 'id_token';
  const actorOf = ({ clientId = '', id, issuer }: Actor) => [
    issuer,
    id,
    isAssertion ? '' : clientId,
  ];
  return JSON.stringify([
    id,
    isIdToken,
    subjectName,
    audiences,
    actors.map(actorOf),
    saysScopes(type) ? scopes : [],
    claimsOf(claims),
    keyOf(confirmation, isAssertion),
  ]);
}

/** What the token of a decision will say. */
export const saidIn = (spec: TokenSpec): string => textOf(spec.tokenId, spec.subjectName, spec);

/** What a token of ours says. */
export const saidBy = (token: ValidatedToken): string =>
  textOf(token.id ?? '', token.subject.id, token);
