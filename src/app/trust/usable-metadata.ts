// Metadata of trusted issuers as the validator reads it. A file does not change by itself: one that cannot be used now never can,
// and would only show when the first assertion comes.
import { inspectMetadata } from '#bridge';
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import { problemAt } from '#src/config/load.ts';
import { ConfigError, type Problem } from '#src/config/problem.ts';
import type { SamlKeySource } from '#src/config/sections/trusted-issuers/trusted-saml.ts';
import { isoOf } from './revocation-lists.ts';

/** Metadata, whose signature says which keys it may name. */
export type SignedSource = Exclude<SamlKeySource, { readonly kind: 'pinned' }>;

/** On which terms metadata is taken. */
export interface MetadataTerms {
  readonly entityId: string;
  readonly skewSeconds: number;
  readonly now: Instant;
}

/** Verifies the metadata of an issuer, and tells what it is good for.
 * @throws {Error} when it cannot be used, or is no longer valid */
export async function describeMetadata(
  text: string,
  source: SignedSource,
  terms: MetadataTerms,
): Promise<string> {
  const { now } = terms;
  const { signingKeys, validUntil } = await inspectMetadata(text, { ...source, ...terms });
  if (validUntil !== undefined && now >= validUntil)
    throw new Error(`the metadata was valid until ${isoOf(validUntil)}`);
  const end = validUntil === undefined ? 'without an end' : `valid until ${isoOf(validUntil)}`;
  return `signed metadata with ${signingKeys} signing ${signingKeys === 1 ? 'key' : 'keys'}, ${end}`;
}

/** Refuses metadata files that a start could not use. What is only no longer valid is a warning: the end of one issuer must not be
 * the end of all.
 * @throws {ConfigError} with every problem found */
export async function requireUsableMetadata(
  { file, trustedIssuers }: Config,
  now: Instant,
): Promise<readonly Problem[]> {
  const found: Problem[] = [];
  for (const [index, { issuer, saml }] of trustedIssuers.entries()) {
    if (saml?.keySource.kind !== 'metadata') continue;
    const { keySource, skewSeconds } = saml;
    const said = await problemOf(keySource, { entityId: issuer, skewSeconds, now });
    const path = ['trustedIssuers', index, 'saml', 'metadata', 'file'];
    if (said) found.push(await problemAt(file, path, { code: 'CONFIG_KEY', ...said }));
  }
  if (found.some(({ severity }) => severity === 'error')) throw new ConfigError(found);
  return found;
}

type Said = Pick<Problem, 'severity' | 'what' | 'why' | 'fix'>;

async function problemOf(
  source: Extract<SignedSource, { readonly kind: 'metadata' }>,
  terms: MetadataTerms,
): Promise<Said | undefined> {
  try {
    const { validUntil } = await inspectMetadata(source.xml, { ...source, ...terms });
    if (validUntil === undefined || terms.now < validUntil) return undefined;
    return endedAt(validUntil);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    return unusable(terms.entityId, cause.message);
  }
}

const unusable = (entityId: string, detail: string): Said => ({
  severity: 'error',
  what: `cannot be used: ${detail}`,
  why: 'no assertion of this issuer could be verified, and only the first one that came would show it',
  fix: `take the metadata of ${entityId} as it was published, signed with a key of metadata.certificates`,
});

const endedAt = (validUntil: Instant): Said => ({
  severity: 'warning',
  what: `was valid until ${isoOf(validUntil)}`,
  why: 'from then on the assertions of this issuer are refused',
  fix: 'fetch it anew, or name its url: then it is fetched in time',
});
