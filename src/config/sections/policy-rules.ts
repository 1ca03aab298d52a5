// Policy rows against what they speak of and against each other: no row may name what is not there or say nothing.
import type { PartySelector, PolicyRow } from '#core/policy.ts';
import type { RelyingParty } from '#core/relying-party.ts';
import { SELF } from '#core/security-token.ts';
import { formOf, type TokenType } from '#core/token-type.ts';
import type { TrustedIssuerConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { unknownReference } from './clients.ts';
import { validateKey, type WrittenKey } from './key-choice.ts';

interface Surroundings {
  readonly relyingParties: readonly RelyingParty[];
  readonly trustedIssuers: readonly TrustedIssuerConfig[];
  readonly keys: readonly WrittenKey[];
}

/** Holds one row against the clients, issuers and relying parties. */
export function validateRow(
  row: Entry<PolicyRow>,
  surroundings: Surroundings,
  loading: Loading,
): void {
  validateReferences(row, loading);
  validateSelector(
    { value: row.value.subject, path: [...row.path, 'subject'] },
    surroundings,
    loading,
  );
  const { actor } = row.value;
  if (actor)
    validateSelector({ value: actor, path: [...row.path, 'actor'] }, surroundings, loading);
  validateScopes(row, surroundings.relyingParties, loading);
  validateTypes(row, surroundings, loading);
  validateConsent(row, surroundings.relyingParties, loading);
  validatePermission(row, loading);
}

function validateReferences({ value, path }: Entry<PolicyRow>, loading: Loading): void {
  const { clients, relyingParties } = loading.known;
  for (const id of value.requestors) {
    if (!clients.has(id)) {
      loading.error([...path, 'requestor', 'client'], unknownReference('client', id));
    }
  }
  for (const id of value.targets) {
    if (!relyingParties.has(id)) {
      loading.error([...path, 'target'], unknownReference('relying party', id));
    }
  }
}

function validateSelector(
  { value, path }: Entry<PartySelector>,
  { trustedIssuers }: Surroundings,
  loading: Loading,
): void {
  for (const id of value.issuers) {
    if (id !== SELF && !loading.known.trustedIssuers.has(id)) {
      loading.error([...path, 'issuer'], unknownReference('trusted issuer', id));
    }
  }
  const issuers = trustedIssuers.filter(({ id }) => value.issuers.includes(id));
  const isKnown = issuers.length === value.issuers.filter((id) => id !== SELF).length;
  for (const type of value.types ?? []) {
    const isAccepted =
      value.issuers.includes(SELF) || issuers.some((issuer) => typesOf(issuer).includes(type));
    if (isKnown && !isAccepted) loading.error([...path, 'type'], neverAccepted(type));
  }
}

const typesOf = ({ jwt, saml }: TrustedIssuerConfig): readonly TokenType[] => [
  ...(jwt?.types ?? []),
  ...(saml ? (['saml1', 'saml2'] as const) : []),
];

function validateScopes(
  { value, path }: Entry<PolicyRow>,
  relyingParties: readonly RelyingParty[],
  loading: Loading,
): void {
  const targets = relyingParties.filter(({ id }) => value.targets.includes(id));
  for (const [index, scope] of value.grant.scopes.entries()) {
    const ignorant = targets.find(({ scopes }) => !scopes.includes(scope));
    if (!ignorant) continue;
    loading.error([...path, 'allow', 'scopes', index], unknownScope(scope, ignorant.id));
  }
}

function validateTypes(
  { value, path }: Entry<PolicyRow>,
  { relyingParties, keys }: Surroundings,
  loading: Loading,
): void {
  const targets = relyingParties.filter(({ id }) => value.targets.includes(id));
  for (const [index, type] of value.grant.types.entries()) {
    const use = formOf(type);
    const algorithms = new Set(targets.map(({ token }) => token.algorithms[use]));
    for (const algorithm of algorithms) {
      const at = [...path, 'allow', 'types', index];
      validateKey({ value: { use, algorithm }, path: at }, keys, loading);
    }
  }
}

function validateConsent(
  { value, path }: Entry<PolicyRow>,
  relyingParties: readonly RelyingParty[],
  loading: Loading,
): void {
  if (value.effect === 'deny') return;
  for (const { id, requestors } of relyingParties) {
    if (requestors === 'any' || !value.targets.includes(id)) continue;
    const refused = value.requestors.find((client) => !requestors.includes(client));
    if (refused !== undefined) loading.warn([...path, 'target'], withoutConsent(id, refused));
  }
}

// Only a client that asks for itself needs neither permission, and `self` is the only issuer of that.
function validatePermission({ value, path }: Entry<PolicyRow>, loading: Loading): void {
  const { effect, grant, subject } = value;
  const isUseful = grant.impersonation || grant.delegation || subject.issuers.includes(SELF);
  if (effect === 'allow' && !isUseful) loading.error([...path, 'allow'], GRANTS_NOTHING);
}

/** Warns of rows that an earlier one always decides. */
export function validateRowOrder(rows: readonly Entry<PolicyRow>[], loading: Loading): void {
  for (const [index, { value, path }] of rows.entries()) {
    const earlier = rows.slice(0, index).find((candidate) => covers(candidate.value, value));
    if (earlier) loading.warn(path, unreachable(earlier.value.id));
  }
}

function covers(earlier: PolicyRow, later: PolicyRow): boolean {
  return (
    earlier.when === undefined &&
    includesAll(earlier.requestors, later.requestors) &&
    includesAll(earlier.targets, later.targets) &&
    coversParty(earlier.subject, later.subject) &&
    (!earlier.actor || (later.actor !== undefined && coversParty(earlier.actor, later.actor)))
  );
}

const coversParty = (earlier: PartySelector, later: PartySelector): boolean =>
  includesAll(earlier.issuers, later.issuers) &&
  includesAll(earlier.types, later.types) &&
  includesAll(earlier.ids, later.ids);

// Absent means all.
function includesAll<T>(all: readonly T[] | undefined, some: readonly T[] | undefined): boolean {
  if (!all) return true;
  return some?.every((each) => all.includes(each)) ?? false;
}

const neverAccepted = (type: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `no issuer of this row has tokens of type ${type}`,
  why: 'the row would never fit',
  fix: 'add the type to `types` of the trusted issuer, or correct it here; `requestor` goes with `issuer: self`',
});

const unknownScope = (scope: string, target: string): Complaint => ({
  code: 'CONFIG_UNKNOWN_REFERENCE',
  what: `${target} has no scope ${scope}`,
  why: 'a scope that the relying party does not know is never granted',
  fix: `correct the scope, or add it to the scopes of ${target}`,
});

const withoutConsent = (target: string, client: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `${target} does not consent to ${client}`,
  why: 'both sides must want it: this row never grants anything to that client',
  fix: `add ${client} to the requestors of ${target}, or remove it here`,
});

const GRANTS_NOTHING: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'grants neither impersonation nor delegation',
  why: 'a token for the subject of a foreign token is always one of the two, so every request would be refused',
  fix: 'add impersonation: true (the actor is not visible) or delegation: true (it is)',
};

const unreachable = (earlier: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `is never reached: ${earlier} decides whatever fits here`,
  why: 'rows are tried in order and the first that fits decides',
  fix: 'move it up, or narrow the earlier row',
});
