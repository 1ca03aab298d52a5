// Claims as attributes need them: text values, and a name in the spelling of each version.

import { type Claim, type ClaimSet, type ClaimValue, RESERVED_CLAIMS } from '#core/claims/claim.ts';
import { ATTRIBUTE_BASIC, ATTRIBUTE_URI, isAbsoluteUri } from '../names.ts';
import { WHOLE_NAME_NAMESPACES } from '../reader/attribute-reader.ts';
import { refuse } from '../refusal.ts';

/** A claim as it is written. */
export interface WritableClaim {
  readonly name: string;
  readonly values: readonly string[];
}

/** An attribute name of SAML 1.1. */
export interface SplitName {
  readonly namespace: string;
  readonly name: string;
}

const SPLIT = /^([A-Za-z][A-Za-z0-9+.-]*:[^\s]*[^\s/])\/([^\s/]+)$/;

/** The claims that have values, as text.
 * @throws {ExchangeFailure} `claim-missing` for a value that is not text, number or truth value: SAML has no way to say it
 * that readers agree on */
export function writableClaims(claims: ClaimSet): readonly WritableClaim[] {
  const names = new Set<string>();
  return claims.flatMap((claim) => {
    requireFree(claim, names);
    const values = claim.values.map((value) => textOf(claim, value));
    return values.length === 0 ? [] : [{ name: claim.name, values }];
  });
}

function requireFree({ name }: Claim, names: Set<string>): void {
  // The mapping refuses them too: whatever comes to stand here must not decide who the token is about or for.
  if (RESERVED_CLAIMS.has(name)) throw new Error(`a mapped claim may not be named ${name}`);
  if (names.has(name)) throw new Error('a claim is mapped twice');
  names.add(name);
}

function textOf({ name }: Claim, value: ClaimValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return refuse('claim-missing', `claim ${name} has a value that an assertion cannot carry`);
}

/** The NameFormat of a name. */
export function nameFormatOf(name: string): string {
  return isAbsoluteUri(name) ? ATTRIBUTE_URI : ATTRIBUTE_BASIC;
}

/** Splits a claim name for SAML 1.1: at the last slash of a URI, as .NET stacks join it. A name that cannot be split stays
 * whole, under a namespace that says so. */
export function splitName(name: string): SplitName {
  const [, namespace, local] = SPLIT.exec(name) ?? [];
  // Under one of those namespaces the name would be read without it, as another one.
  const isSplit = namespace !== undefined && !WHOLE_NAME_NAMESPACES.has(namespace);
  if (!isSplit || local === undefined) return { namespace: nameFormatOf(name), name };
  return { namespace, name: local };
}

/** A short name for display: what follows the last separator of a URI. */
export function friendlyNameOf(name: string): string {
  const last = name.split(/[/#:]/).at(-1) ?? '';
  return last === '' ? name : last;
}
