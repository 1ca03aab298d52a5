// Whose tokens we accept, and on which conditions: `trustedIssuers`.
import { z } from 'zod';
import type { Instant } from '#core/instant.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { entryId, instant, instantOf, isWebUrl, oneAtLeast, plainText, rule } from '../fields.ts';
import { validateFetch } from '../keys/fetch-address.ts';
import { validateReference } from '../reference.ts';
import { readTrustedJwt, type TrustedJwtConfig, trustedJwt } from './trusted-jwt.ts';
import {
  type IssuerDefaults,
  readTrustedSaml,
  type TrustedSamlConfig,
  trustedSaml,
} from './trusted-saml.ts';
import { readTrustedX509, type TrustedX509Config, trustedX509 } from './trusted-x509.ts';

export interface TrustedIssuerConfig {
  readonly id: string;
  /** As its tokens spell it. */
  readonly issuer: string;
  readonly aliases: readonly string[];
  /** Ids of other trusted issuers whose parties its tokens may name as actors. */
  readonly actorIssuers: readonly string[];
  readonly enabledUntil?: Instant;
  /** Absent: its JWTs are refused. */
  readonly jwt?: TrustedJwtConfig;
  /** Absent: its assertions are refused. */
  readonly saml?: TrustedSamlConfig;
  /** Absent: its certificates are no credentials. */
  readonly x509?: TrustedX509Config;
}

export const trustedIssuerEntry = z
  .strictObject({
    id: entryId,
    issuer: plainText.describe('The issuer as its tokens spell it.'),
    aliases: z.array(plainText).describe('Other spellings of the same issuer.').default([]),
    actorIssuers: z
      .array(z.string())
      .describe('Ids of other trusted issuers whose parties its tokens may name as actors.')
      .default([]),
    enabledUntil: instant
      .describe('From then on its tokens are refused, and what was made of them is not renewed.')
      .optional(),
    jwt: trustedJwt.describe('On which conditions its JWTs are accepted.').optional(),
    saml: trustedSaml.describe('On which conditions its assertions are accepted.').optional(),
    x509: trustedX509.describe('On which conditions its certificates are credentials.').optional(),
  })
  .refine(...oneAtLeast('jwt', 'saml', 'x509'))
  .refine(
    ({ aliases, jwt }) => jwt !== undefined || aliases.length === 0,
    rule({
      code: 'CONFIG_CONFLICT',
      what: 'aliases are for JWTs',
      why: 'the Issuer of an assertion is its one entity id; what cannot be honoured is refused',
      fix: 'remove them, or make an entry for each issuer',
    }),
  )
  .refine(
    ({ issuer, jwt }) =>
      jwt?.discovery === undefined || (isWebUrl(issuer) && !issuer.includes('?')),
    rule({
      code: 'CONFIG_CONFLICT',
      what: 'discovery needs an issuer that is an https URL',
      why: 'the metadata is found below the issuer URL (RFC 8414 §3)',
      fix: 'name jwks instead: { url: … } or { file: … }',
    }),
  );

export const trustedIssuersSection = z
  .array(trustedIssuerEntry)
  .describe('Whose tokens we accept.')
  .default([]);

export type TrustedIssuerEntry = z.output<typeof trustedIssuerEntry>;

/** Resolves the trusted issuers and holds their names against each other and our own. */
export async function readTrustedIssuers(
  entries: readonly Entry<TrustedIssuerEntry>[],
  loading: Loading,
  defaults: IssuerDefaults,
): Promise<readonly TrustedIssuerConfig[]> {
  validateNames(entries, loading);
  const built: TrustedIssuerConfig[] = [];
  for (const entry of entries) built.push(await readTrustedIssuer(entry, loading, defaults));
  return built;
}

function endOf({ value, path }: Entry<string>, loading: Loading): Instant {
  const end = instantOf(value);
  if (end <= loading.now) loading.warn([...path, 'enabledUntil'], TRUST_IS_OVER);
  return end;
}

const TRUST_IS_OVER: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'is over',
  why: 'nothing of this issuer is taken, nor what was issued on its word',
  fix: 'write a time to come, or remove the issuer',
};

async function readTrustedIssuer(
  { value, path }: Entry<TrustedIssuerEntry>,
  loading: Loading,
  defaults: IssuerDefaults,
): Promise<TrustedIssuerConfig> {
  const { id, issuer, actorIssuers, aliases, enabledUntil, jwt, saml, x509 } = value;
  validateActorIssuers({ value, path }, loading);
  if (jwt?.discovery === true) validateFetch({ value: issuer, path: [...path, 'issuer'] }, loading);
  const ofJwt = jwt && { value: jwt, path: [...path, 'jwt'] };
  const ofX509 = x509 && { value: x509, path: [...path, 'x509'] };
  const ofSaml = saml && { value: saml, path: [...path, 'saml'] };
  return {
    id,
    issuer,
    aliases,
    actorIssuers,
    ...(enabledUntil !== undefined && {
      enabledUntil: endOf({ value: enabledUntil, path }, loading),
    }),
    ...(ofJwt && { jwt: await readTrustedJwt(ofJwt, loading, defaults.clockSkewSeconds) }),
    ...(ofSaml && { saml: await readTrustedSaml(ofSaml, loading, defaults) }),
    ...(ofX509 && { x509: await readTrustedX509(ofX509, loading) }),
  };
}

function validateActorIssuers(
  { value, path }: Entry<Pick<TrustedIssuerEntry, 'actorIssuers'>>,
  loading: Loading,
): void {
  for (const [index, id] of value.actorIssuers.entries())
    validateReference(
      { value: id, path: [...path, 'actorIssuers', index] },
      'trustedIssuers',
      loading,
    );
}

// Two entries for one issuer: which keys and audiences count would depend on their order.
function validateNames(entries: readonly Entry<TrustedIssuerEntry>[], loading: Loading): void {
  const seen = new Map<string, string>();
  for (const { value, path } of entries) {
    for (const name of new Set([value.issuer, ...value.aliases])) {
      const owner = seen.get(name);
      if (owner !== undefined) loading.error(path, overlap(name, owner));
      if (loading.ownNames.includes(name)) loading.error(path, OURSELVES);
      seen.set(name, value.id);
    }
  }
}

const overlap = (name: string, owner: string): Complaint => ({
  code: 'CONFIG_OVERLAP',
  what: `${name} is the name of ${owner} too`,
  why: 'it would be open whose keys and conditions count for a token',
  fix: 'keep one entry for an issuer, with several keys or audiences in it',
});

const OURSELVES: Complaint = {
  code: 'CONFIG_OVERLAP',
  what: 'is our own issuer',
  why: 'our own tokens are accepted already, by the ledger too; foreign keys for them would be a way round it',
  fix: 'remove the entry; policy names our own tokens by `issuer: self`',
};
