// For whom tokens are made: `relyingParties`.
import { z } from 'zod';
import type { RelyingParty } from '#core/relying-party.ts';
import type { SigningKeyConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { unknownReference } from './clients.ts';
import { entryId, plainText, resourceUri, rule, scopeName, seconds } from './fields.ts';
import { keyEntry } from './keys.ts';
import { buildMapping, mappingSection } from './mapping.ts';

const tokenType = z.enum(['access_token', 'jwt', 'id_token']);

export const relyingPartyEntry = z
  .strictObject({
    id: entryId,
    resources: z.array(resourceUri).describe('Its resource URIs (RFC 8707).').default([]),
    audiences: z.array(plainText).describe('Its logical names.').default([]),
    appliesTo: z.array(resourceUri).describe('Its WS-Trust AppliesTo addresses.').default([]),
    audience: plainText
      .describe('The name its tokens carry; default: the first audience, resource or address.')
      .optional(),
    requestors: z
      .union([z.literal('any'), z.array(z.string())])
      .describe('Its consent: the clients that may obtain tokens for it. `any` must be written.'),
    token: z.strictObject({
      type: tokenType.describe('The form of its tokens. SAML assertions are not available yet.'),
      algorithm: keyEntry.shape.algorithm
        .describe('How its tokens are signed; a key of that algorithm is needed.')
        .default('ES256'),
      lifetimeSeconds: seconds(1, 86_400).describe('The longest life of a token.').default(300),
    }),
    scopes: z.array(scopeName).describe('The scopes it knows.').default([]),
    claims: mappingSection,
  })
  .refine(
    ({ resources, audiences, appliesTo }) =>
      resources.length + audiences.length + appliesTo.length > 0,
    rule({
      code: 'CONFIG_MISSING',
      what: 'has no name',
      why: 'a request names its target by a resource, an audience or an AppliesTo address',
      fix: 'add resources: [ … ] or audiences: [ … ]',
    }),
  );

export const relyingPartiesSection = z
  .array(relyingPartyEntry)
  .describe('For whom tokens are made.')
  .default([]);

export type RelyingPartyEntry = z.output<typeof relyingPartyEntry>;

/** Builds the relying parties and holds their names and algorithms against the rest. */
export function buildRelyingParties(
  entries: readonly Entry<RelyingPartyEntry>[],
  keys: readonly Pick<SigningKeyConfig, 'use' | 'algorithm'>[],
  loading: Loading,
): readonly RelyingParty[] {
  validateNames(entries, loading);
  const algorithms = new Set(keys.filter(({ use }) => use === 'jwt').map((key) => key.algorithm));
  return entries.map((entry) => {
    const { algorithm } = entry.value.token;
    const path = [...entry.path, 'token', 'algorithm'];
    if (!algorithms.has(algorithm)) loading.error(path, keyless(algorithm));
    validateRequestors(entry, loading);
    return buildRelyingParty(entry, loading);
  });
}

function buildRelyingParty(
  { value, path }: Entry<RelyingPartyEntry>,
  loading: Loading,
): RelyingParty {
  const { id, resources, audiences, appliesTo, requestors, token, scopes } = value;
  return {
    id,
    resources,
    audiences,
    appliesTo,
    audience: namesOf(value)[0] ?? id,
    requestors,
    token: {
      type: token.type,
      algorithms: { jwt: token.algorithm, saml: 'RS256' },
      lifetimeSeconds: token.lifetimeSeconds,
    },
    scopes,
    claims: buildMapping({ value: value.claims, path: [...path, 'claims'] }, loading),
  };
}

// The name its tokens carry comes first.
function namesOf(value: RelyingPartyEntry): readonly string[] {
  const { audience, audiences, resources, appliesTo } = value;
  return [...(audience === undefined ? [] : [audience]), ...audiences, ...resources, ...appliesTo];
}

// One name for two parties: a token meant for one would be good at the other.
function validateNames(entries: readonly Entry<RelyingPartyEntry>[], loading: Loading): void {
  const seen = new Map<string, string>();
  for (const { value, path } of entries) {
    for (const name of new Set(namesOf(value))) {
      const owner = seen.get(name);
      if (owner !== undefined) loading.error(path, overlap(name, owner));
      if (name === loading.issuer) loading.error(path, OURSELVES);
      seen.set(name, value.id);
    }
  }
}

function validateRequestors({ value, path }: Entry<RelyingPartyEntry>, loading: Loading): void {
  if (value.requestors === 'any') return;
  for (const [index, id] of value.requestors.entries()) {
    if (!loading.known.clients.has(id)) {
      loading.error([...path, 'requestors', index], unknownReference('client', id));
    }
  }
}

const overlap = (name: string, owner: string): Complaint => ({
  code: 'CONFIG_OVERLAP',
  what: `${name} names ${owner} too`,
  why: 'a token for one of the two would be accepted by the other',
  fix: 'give each relying party names of its own',
});

const OURSELVES: Complaint = {
  code: 'CONFIG_OVERLAP',
  what: 'our own issuer is one of its names',
  why: 'a token for it could be passed off as an assertion to us (RFC 8725 §3.12)',
  fix: 'use the address of the relying party',
};

const keyless = (algorithm: string): Complaint => ({
  code: 'CONFIG_KEY',
  what: `there is no key of use jwt for ${algorithm}`,
  why: 'another algorithm is never taken instead: the relying party may not accept it',
  fix: `add a key for ${algorithm}, or name the algorithm of a key that is there`,
});
