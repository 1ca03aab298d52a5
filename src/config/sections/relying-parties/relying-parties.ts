// For whom tokens are made: `relyingParties`.
import { z } from 'zod';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import {
  commonSpelling,
  entryId,
  plainText,
  rate,
  resourceUri,
  rule,
  scopeName,
} from '../fields.ts';
import type { WrittenKey } from '../keys/key-choice.ts';
import type { RateConfig } from '../operation.ts';
import { mappingSection, readMapping } from '../policy/mapping.ts';
import { readToken, tokenSection, validateAlgorithms } from './relying-party-token.ts';
import { validateRequestorName } from './requestor-name.ts';

export interface RelyingPartyConfig extends RelyingParty {
  /** In place of the limit for all. */
  readonly rateLimit?: RateConfig;
}

export const relyingPartyEntry = z
  .strictObject({
    id: entryId,
    resources: z.array(resourceUri).describe('Its resource URIs (RFC 8707).').default([]),
    audiences: z.array(plainText).describe('Its logical names.').default([]),
    appliesTo: z.array(resourceUri).describe('Its WS-Trust AppliesTo addresses.').default([]),
    audience: plainText
      .describe(
        'The name its JWTs carry; default: the first audience, resource or address. Assertions carry an address where there is one.',
      )
      .optional(),
    requestors: z
      .union([z.literal('any'), z.array(z.string())])
      .describe(
        'Its consent: client ids and names such as `principal:self:alice` that may obtain tokens for it. `any` must be written.',
      ),
    servers: z
      .array(z.string())
      .describe(
        'Its own servers, named as in requestors: a token addressed to it is theirs to present.',
      )
      .optional(),
    revokers: z
      .array(z.string())
      .describe(
        'Who may revoke any token addressed to it, named as in requestors. A token is always revoked by whom it was issued to.',
      )
      .optional(),
    token: tokenSection,
    scopes: z.array(scopeName).describe('The scopes it knows.').default([]),
    claims: mappingSection,
    rateLimit: rate.describe('In place of limits.perRelyingParty.').optional(),
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

/** Reads the relying parties and holds their names and algorithms against the rest. */
export async function readRelyingParties(
  entries: readonly Entry<RelyingPartyEntry>[],
  keys: readonly WrittenKey[],
  loading: Loading,
): Promise<readonly RelyingPartyConfig[]> {
  validateNames(entries, loading);
  const built: RelyingPartyConfig[] = [];
  for (const entry of entries) {
    const { value, path } = entry;
    validateAlgorithms({ value: value.token, path: [...path, 'token'] }, keys, loading);
    validateRequestors(entry, loading);
    built.push(await readRelyingParty(entry, loading));
  }
  return built;
}

async function readRelyingParty(
  { value, path }: Entry<RelyingPartyEntry>,
  loading: Loading,
): Promise<RelyingPartyConfig> {
  const { id, resources, audiences, appliesTo, requestors, revokers, servers, token, scopes } =
    value;
  const { rateLimit } = value;
  return {
    id,
    resources,
    audiences,
    appliesTo,
    audience: namesOf(value)[0] ?? id,
    requestors,
    ...(servers && { servers }),
    ...(revokers && { revokers }),
    token: await readToken({ value: token, path: [...path, 'token'] }, loading),
    scopes,
    claims: readMapping({ value: value.claims, path: [...path, 'claims'] }, loading),
    ...(rateLimit && { rateLimit }),
  };
}

// The name its tokens carry comes first.
function namesOf(value: RelyingPartyEntry): readonly string[] {
  const { audience, audiences, resources, appliesTo } = value;
  return [...(audience === undefined ? [] : [audience]), ...audiences, ...resources, ...appliesTo];
}

// One name for two parties: a token meant for one would be good at the other. Requests name a party character by character; servers that
// read a token, and people, take two spellings of one URL for one.
function validateNames(entries: readonly Entry<RelyingPartyEntry>[], loading: Loading): void {
  const seen = new Map<string, string>();
  for (const { value, path } of entries) {
    for (const name of new Set(namesOf(value))) {
      const spelling = commonSpelling(name);
      const owner = seen.get(spelling) ?? value.id;
      if (owner !== value.id) loading.error(path, overlap(name, owner));
      if (loading.ownNames.includes(name)) loading.error(path, OURSELVES);
      seen.set(spelling, value.id);
    }
  }
}

function validateRequestors({ value, path }: Entry<RelyingPartyEntry>, loading: Loading): void {
  for (const section of ['requestors', 'servers', 'revokers'] as const) {
    const names = value[section];
    if (names === undefined || names === 'any') continue;
    for (const [index, id] of names.entries()) {
      validateRequestorName({ value: id, path: [...path, section, index] }, loading);
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
