// Whose tokens we accept, and on which conditions: `trustedIssuers`.
import { z } from 'zod';
import type { KeySource, TrustedIssuerConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import {
  entryId,
  exactlyOne,
  fetchUrl,
  instant,
  instantOf,
  isFetchUrl,
  plainText,
  rule,
  seconds,
  signatureAlgorithm,
} from './fields.ts';
import { readJwks } from './jwks.ts';

const jwksSource = z
  .strictObject({
    file: plainText.describe('A JWK Set, relative to the folder of this file.').optional(),
    url: fetchUrl.describe('Where the JWK Set is fetched.').optional(),
  })
  .refine(...exactlyOne('file', 'url'))
  .meta({ oneOf: [{ required: ['file'] }, { required: ['url'] }] });

const trustedJwt = z
  .strictObject({
    jwks: jwksSource.optional(),
    discovery: z
      .literal(true)
      .describe('Find the keys through the metadata of the issuer (RFC 8414).')
      .optional(),
    algorithms: z.array(signatureAlgorithm).nonempty().describe('All others are refused.'),
    audiences: z
      .array(plainText)
      .nonempty()
      .describe('One of these must be in `aud`: a token for somebody else is refused.'),
    types: z
      .array(z.enum(['jwt', 'access_token', 'id_token']))
      .nonempty()
      .describe('The declared token types that are accepted.')
      .default(['jwt']),
    maxAgeSeconds: seconds(1, 31_536_000).describe('The oldest `iat` accepted.').optional(),
    skewSeconds: seconds(0, 300)
      .describe('How far its clock may differ; default: clockSkewSeconds.')
      .optional(),
    subjectClaim: plainText.describe('The claim that names the subject.').default('sub'),
    requiredClaims: z.array(plainText).default([]),
    singleUse: z.boolean().describe('Each token once only, by its `jti`.').default(false),
    assertionMaxAgeSeconds: seconds(1, 3600)
      .describe('The oldest assertion accepted as a grant (RFC 7523).')
      .default(300),
  })
  .refine(...exactlyOne('jwks', 'discovery'))
  .meta({ oneOf: [{ required: ['jwks'] }, { required: ['discovery'] }] });

export const trustedIssuerEntry = z
  .strictObject({
    id: entryId,
    issuer: plainText.describe('The issuer as its tokens spell it.'),
    aliases: z.array(plainText).describe('Other spellings of the same issuer.').default([]),
    enabledUntil: instant.describe('From then on its tokens are refused.').optional(),
    jwt: trustedJwt,
  })
  .refine(
    ({ issuer, jwt }) =>
      jwt.discovery === undefined || (isFetchUrl(issuer) && !issuer.includes('?')),
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
export async function buildTrustedIssuers(
  entries: readonly Entry<TrustedIssuerEntry>[],
  loading: Loading,
  clockSkewSeconds: number,
): Promise<readonly TrustedIssuerConfig[]> {
  validateNames(entries, loading);
  const built: TrustedIssuerConfig[] = [];
  for (const { value, path } of entries) {
    const { jwks, discovery: _discovery, maxAgeSeconds, skewSeconds, ...jwt } = value.jwt;
    const source = [...path, 'jwt', 'jwks'];
    built.push({
      id: value.id,
      issuer: value.issuer,
      aliases: value.aliases,
      ...(value.enabledUntil !== undefined && { enabledUntil: instantOf(value.enabledUntil) }),
      jwt: {
        ...jwt,
        keySource: await keySourceOf(jwks, { path: source, loading }),
        skewSeconds: skewSeconds ?? clockSkewSeconds,
        ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
      },
    });
  }
  return built;
}

async function keySourceOf(
  jwks: z.output<typeof jwksSource> | undefined,
  { path, loading }: { readonly path: Entry<unknown>['path']; readonly loading: Loading },
): Promise<KeySource> {
  if (!jwks) return { kind: 'discovery' };
  if (jwks.url !== undefined) return { kind: 'url', url: jwks.url };
  return { kind: 'pinned', jwks: await readJwks(jwks.file ?? '', [...path, 'file'], loading) };
}

// Two entries for one issuer: which keys and audiences count would depend on their order.
function validateNames(entries: readonly Entry<TrustedIssuerEntry>[], loading: Loading): void {
  const seen = new Map<string, string>();
  for (const { value, path } of entries) {
    for (const name of new Set([value.issuer, ...value.aliases])) {
      const owner = seen.get(name);
      if (owner !== undefined) loading.error(path, overlap(name, owner));
      if (name === loading.issuer) loading.error(path, OURSELVES);
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
