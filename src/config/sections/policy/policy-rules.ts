// Policy rows against what they speak of and against each other: no row may name what is not there or say nothing.

import type { PartySelector, PolicyRow } from '#core/policy.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import { principalName } from '#core/request/requestor.ts';
import { SELF } from '#core/token/security-token.ts';
import { formOf, isCredential, type TokenType } from '#core/token/token-type.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { validateKey, type WrittenKey } from '../keys/key-choice.ts';
import { validateReference } from '../reference.ts';
import type { RefreshSurroundings } from '../refresh-tokens.ts';
import type { TrustedIssuerConfig } from '../trusted-issuers/trusted-issuers.ts';

/** What the rows speak of. */
export interface Surroundings extends RefreshSurroundings {
  readonly relyingParties: readonly RelyingParty[];
  readonly trustedIssuers: readonly TrustedIssuerConfig[];
  readonly keys: readonly WrittenKey[];
  /** Whether there are user files, broken ones too. */
  readonly hasUsers: boolean;
  readonly keepsSecrets: boolean;
}

/** Holds one row against the clients, issuers and relying parties. */
export function validateRow(
  row: Entry<PolicyRow>,
  surroundings: Surroundings,
  loading: Loading,
): void {
  validateReferences(row, loading);
  const { subject, actor, principals } = row.value;
  const selectors = [
    { value: subject, path: [...row.path, 'subject'] },
    { value: actor, path: [...row.path, 'actor'] },
    { value: principals, path: [...row.path, 'requestor', 'principal'] },
  ];
  for (const { value, path } of selectors)
    if (value) validateSelector({ value, path }, surroundings, loading);
  validateScopes(row, surroundings.relyingParties, loading);
  validateTypes(row, surroundings, loading);
  validateConsent(row, surroundings.relyingParties, loading);
  validatePermission(row, loading);
  validateOnce(row, surroundings, loading);
}

function validateReferences({ value, path }: Entry<PolicyRow>, loading: Loading): void {
  for (const id of value.requestors)
    validateReference({ value: id, path: [...path, 'requestor', 'client'] }, 'clients', loading);
  for (const id of value.targets)
    validateReference({ value: id, path: [...path, 'target'] }, 'relyingParties', loading);
}

function validateSelector(
  { value, path }: Entry<PartySelector>,
  surroundings: Surroundings,
  loading: Loading,
): void {
  for (const id of value.issuers.filter((each) => each !== SELF))
    validateReference({ value: id, path: [...path, 'issuer'] }, 'trustedIssuers', loading);
  const issuers = surroundings.trustedIssuers.filter(({ id }) => value.issuers.includes(id));
  // Of an issuer whose entry is broken nobody knows the types.
  if (issuers.length < value.issuers.filter((id) => id !== SELF).length) return;
  for (const { id } of issuers.filter((issuer) => typesOf(issuer).length === 0))
    loading.error([...path, 'issuer'], ofUsers(id));
  const accepted = new Set(issuers.flatMap(typesOf));
  for (const type of value.types ?? []) {
    const isOurs = value.issuers.includes(SELF) && isOurType(type, surroundings, loading);
    if (!isOurs && !accepted.has(type)) loading.error([...path, 'type'], neverAccepted(type));
  }
}

/** Whether there is a way to come to us with it: passwords need users, certificates an authority that says of users who they are. */
function isOurType(type: TokenType, surroundings: Surroundings, { known }: Loading): boolean {
  const { hasUsers, trustedIssuers } = surroundings;
  if (type === 'username') return hasUsers;
  if (type !== 'x509') return true;
  const isAnyBroken = trustedIssuers.length < known.trustedIssuers.size;
  return isAnyBroken || trustedIssuers.some(({ x509 }) => x509?.areUsers);
}

const typesOf = ({ jwt, saml, x509 }: TrustedIssuerConfig): readonly TokenType[] => [
  ...(jwt?.types ?? []),
  ...(saml ? (['saml1', 'saml2'] as const) : []),
  // Its authority says of ours who they are: they are parties of `self`.
  ...(x509 && !x509.areUsers ? (['x509'] as const) : []),
];

function validateScopes(
  { value, path }: Entry<PolicyRow>,
  relyingParties: readonly RelyingParty[],
  loading: Loading,
): void {
  const targets = relyingParties.filter(({ id }) => value.targets.includes(id));
  for (const [index, scope] of value.grant.scopes.entries()) {
    const ignorant = targets.filter(({ scopes }) => !scopes.includes(scope)).map(({ id }) => id);
    if (ignorant.length === 0) continue;
    loading.error([...path, 'allow', 'scopes', index], unknownScope(scope, ignorant));
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
    const refused = [...value.requestors, ...principalNames(value)].find(
      (name) => !requestors.some((consented) => isCovered(name, consented)),
    );
    if (refused !== undefined) loading.warn([...path, 'target'], withoutConsent(id, refused));
  }
}

/** The names of the principals of a row; one that ends with a colon stands for all of that issuer. */
const principalNames = ({ principals }: PolicyRow): readonly string[] =>
  principals?.issuers.flatMap((issuer) =>
    (principals.ids ?? ['']).map((id) => principalName(issuer, id)),
  ) ?? [];

// Of all principals of an issuer one may be meant: its consent is enough to make sense.
const isCovered = (name: string, consented: string): boolean =>
  name.endsWith(':') ? consented.startsWith(name) : consented === name;

// Only who asks for itself needs neither permission: a client, which is of `self`, or a principal of the same issuer.
function validatePermission({ value, path }: Entry<PolicyRow>, loading: Loading): void {
  const { effect, grant, subject, principals } = value;
  const askers = principals?.issuers ?? [SELF];
  const isOwn = subject.issuers.some((issuer) => askers.includes(issuer));
  const isUseful = grant.impersonation || grant.delegation || isOwn;
  if (effect === 'allow' && !isUseful) loading.error([...path, 'allow'], GRANTS_NOTHING);
}

/** The types of evidence a row can meet; undefined where the row does not tell. */
function subjectTypes(
  { subject: { issuers, types } }: PolicyRow,
  { trustedIssuers }: Surroundings,
): readonly TokenType[] | undefined {
  if (types) return types;
  const found = trustedIssuers.filter(({ id }) => issuers.includes(id));
  return found.length < issuers.length ? undefined : found.flatMap(typesOf);
}

// The mark of a token that is good once is its id. A user name among other types would be refused each time; a requestor among them
// needs no mark, but alone it leaves nothing that could be good once.
function validateOnce(
  { value, path }: Entry<PolicyRow>,
  surroundings: Surroundings,
  loading: Loading,
): void {
  if (!value.grant.singleUse) return;
  const types = subjectTypes(value, surroundings);
  if (types && (types.includes('username') || types.every(isCredential)))
    loading.error([...path, 'allow', 'singleUse'], NO_TOKEN_ID);
}

const NO_TOKEN_ID: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'singleUse for a subject that is no token',
  why: 'a token is told by its id, and a login has none: a user name or a certificate would be refused each time, and a requestor is taken each time',
  fix: 'remove singleUse, or give tokens a row of their own with their types in subject.type',
};

const ofUsers = (id: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `${id} has no parties of its own: its certificates are of users of ours`,
  why: 'the row would never fit, and one that denies would deny nothing',
  fix: 'write self, with type: x509 where only those who come with a certificate are meant',
});

const neverAccepted = (type: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `no issuer of this row has tokens of type ${type}`,
  why: 'the row would never fit',
  fix: 'add the type to `types` of the trusted issuer, or correct it here; `requestor` and, where there are users, `username` and `x509` go with `issuer: self`',
});

const unknownScope = (scope: string, targets: readonly string[]): Complaint => ({
  code: 'CONFIG_UNKNOWN_REFERENCE',
  what: targets.map((target) => `${target} has no scope ${scope}`).join(', '),
  why: 'a scope that the relying party does not know is never granted',
  fix: `correct the scope, or add it to the scopes of ${targets.join(', ')}`,
});

const withoutConsent = (target: string, requestor: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `${target} does not consent to ${requestor}`,
  why: 'both sides must want it: this row never grants anything to that requestor',
  fix: `add ${requestor} to the requestors of ${target}, or remove it here`,
});

const GRANTS_NOTHING: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'grants neither impersonation nor delegation',
  why: 'a token for the subject of a foreign token is always one of the two, so every request would be refused',
  fix: 'add impersonation: true (the actor is not visible) or delegation: true (it is)',
};
