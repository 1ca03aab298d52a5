// Metadata of trusted issuers as the validator reads it. A file does not change by itself: one that cannot be used now never can,
// and would only show when the first assertion comes.
import { inspectMetadata } from '#bridge';
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import { ConfigError, type Problem } from '#src/config/problem.ts';
import type { SamlKeySource } from '#src/config/sections/trusted-issuers/trusted-saml.ts';

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

const isoOf = (instant: Instant): string => new Date(instant * 1000).toISOString();

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
    const place = {
      code: 'CONFIG_KEY',
      file,
      line: 1,
      column: 1,
      path: `trustedIssuers[${index}].saml.metadata.file`,
    } as const;
    found.push(...(await problemsOf(keySource, { entityId: issuer, skewSeconds, now, place })));
  }
  if (found.some(({ severity }) => severity === 'error')) throw new ConfigError(found);
  return found;
}

interface Named extends MetadataTerms {
  readonly place: Pick<Problem, 'code' | 'file' | 'line' | 'column' | 'path'>;
}

async function problemsOf(
  source: Extract<SignedSource, { readonly kind: 'metadata' }>,
  { place, ...terms }: Named,
): Promise<readonly Problem[]> {
  try {
    const { validUntil } = await inspectMetadata(source.xml, { ...source, ...terms });
    if (validUntil === undefined || terms.now < validUntil) return [];
    return [{ ...place, severity: 'warning', ...endedAt(validUntil) }];
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    return [{ ...place, severity: 'error', ...unusable(terms.entityId, cause.message) }];
  }
}

const unusable = (entityId: string, detail: string): Pick<Problem, 'what' | 'why' | 'fix'> => ({
  what: `cannot be used: ${detail}`,
  why: 'no assertion of this issuer could be verified, and only the first one that came would show it',
  fix: `take the metadata of ${entityId} as it was published, signed with a key of metadata.certificates`,
});

const endedAt = (validUntil: Instant): Pick<Problem, 'what' | 'why' | 'fix'> => ({
  what: `was valid until ${isoOf(validUntil)}`,
  why: 'from then on the assertions of this issuer are refused',
  fix: 'fetch it anew, or name its url: then it is fetched in time',
});
