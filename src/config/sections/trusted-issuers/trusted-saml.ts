// On which conditions the SAML assertions of a trusted issuer are accepted: `trustedIssuers[].saml`.
import { z } from 'zod';
import type { Instant } from '#core/instant.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { exactlyOne, fetchUrl, plainText, resourceUri, seconds, subjectPrefix } from '../fields.ts';
import { readVerificationCertificates } from '../keys/certificates.ts';
import { validateFetch } from '../keys/fetch-address.ts';
import { MAX_SAML_KEYS } from '../keys/keys.ts';
import { secretReference } from '../secret.ts';
import { legacySha1Until, readLegacySha1 } from './legacy-sha1.ts';

interface MetadataTerms {
  /** Whoever signs the metadata names the keys: only these may. */
  readonly signerCertificatePems: readonly string[];
  /** How far ahead its end may be; absent: it needs none. */
  readonly maxLifetimeSeconds?: number;
}

/** Where the certificates come from that an issuer signs its assertions with. */
export type SamlKeySource =
  | { readonly kind: 'pinned'; readonly certificatePems: readonly string[] }
  | (MetadataTerms & { readonly kind: 'metadata'; readonly xml: string })
  | (MetadataTerms & { readonly kind: 'metadata-url'; readonly url: string });

export interface TrustedSamlConfig {
  readonly keySource: SamlKeySource;
  /** One of these must be in every AudienceRestriction. Never empty. */
  readonly audiences: readonly string[];
  /** Our addresses that a Recipient may name. Never empty. */
  readonly recipients: readonly string[];
  readonly subjectConfirmation: readonly ('bearer' | 'holder-of-key' | 'sender-vouches')[];
  readonly skewSeconds: number;
  readonly maxAgeSeconds?: number;
  readonly assertionMaxAgeSeconds: number;
  readonly singleUse: boolean;
  /** Absent: any. */
  readonly nameFormats?: readonly string[];
  /** The attribute that names the subject; absent: NameID. */
  readonly subjectAttribute?: string;
  /** Absent: `<id>:`. */
  readonly subjectPrefix?: string;
  readonly allowInclusiveC14n: boolean;
  readonly legacySha1Until?: Instant;
}

const pinned = z.array(secretReference).nonempty();

const metadataSource = z
  .strictObject({
    file: plainText.describe('SAML metadata, relative to the folder of this file.').optional(),
    url: fetchUrl.describe('Where the metadata is fetched.').optional(),
    certificates: pinned.describe('The certificates that the metadata is signed with, PEM.'),
    maxLifetimeSeconds: seconds(60, 31_536_000)
      .describe(
        'How far ahead its validUntil may be; there must be one then. Absent: it needs none.',
      )
      .optional(),
  })
  .refine(...exactlyOne('file', 'url'))
  .meta({ oneOf: [{ required: ['file'] }, { required: ['url'] }] });

export const trustedSaml = z
  .strictObject({
    certificates: pinned
      .describe('The certificates that its assertions are signed with, PEM.')
      .optional(),
    metadata: metadataSource.describe('Find the certificates in its signed metadata.').optional(),
    audiences: z
      .array(plainText)
      .nonempty()
      .describe('One of these must be in every AudienceRestriction (SAML Core 2.0 §2.5.1.4).'),
    recipients: z
      .array(resourceUri)
      .nonempty()
      .describe(
        'Our addresses that a Recipient may name; default: the token endpoint and /ws-trust.',
      )
      .optional(),
    subjectConfirmation: z
      .array(z.enum(['bearer', 'holder-of-key', 'sender-vouches']))
      .nonempty()
      .describe(
        'What is accepted. With sender-vouches, all who can present an assertion vouch for it.',
      )
      .default(['bearer']),
    skewSeconds: seconds(0, 300)
      .describe('How far its clock may differ; default: clockSkewSeconds.')
      .optional(),
    maxAgeSeconds: seconds(1, 31_536_000).describe('The oldest IssueInstant accepted.').optional(),
    assertionMaxAgeSeconds: seconds(1, 3600)
      .describe('The oldest assertion accepted as a grant (RFC 7522).')
      .default(300),
    singleUse: z.boolean().describe('Each assertion once only, by its ID.').default(false),
    nameFormats: z
      .array(plainText)
      .nonempty()
      .describe('The formats of NameID that are taken; absent: any (SAML Core 2.0 §8.3).')
      .optional(),
    subjectAttribute: plainText
      .describe('The attribute that names the subject, in place of NameID.')
      .optional(),
    subjectPrefix: subjectPrefix.optional(),
    inclusiveC14n: z
      .boolean()
      .describe('Accept signatures with inclusive canonicalization.')
      .default(false),
    legacySha1Until,
  })
  .refine(...exactlyOne('certificates', 'metadata'))
  .meta({ oneOf: [{ required: ['certificates'] }, { required: ['metadata'] }] });

type TrustedSaml = z.output<typeof trustedSaml>;

/** What counts where an issuer has nothing of its own. */
export interface IssuerDefaults {
  readonly clockSkewSeconds: number;
  /** Our addresses that an assertion may be sent to. */
  readonly recipients: readonly string[];
}

/** Resolves the conditions. */
export async function readTrustedSaml(
  { value, path }: Entry<TrustedSaml>,
  loading: Loading,
  { clockSkewSeconds, recipients }: IssuerDefaults,
): Promise<TrustedSamlConfig> {
  const { audiences, subjectConfirmation, singleUse, assertionMaxAgeSeconds } = value;
  const { maxAgeSeconds, nameFormats, subjectAttribute, subjectPrefix: prefix } = value;
  if (subjectConfirmation.includes('sender-vouches'))
    loading.warn([...path, 'subjectConfirmation'], VOUCHED);
  if (nameFormats && subjectAttribute !== undefined)
    loading.error([...path, 'nameFormats'], UNREAD_FORMATS);
  return {
    keySource: await keySourceOf({ value, path }, loading),
    audiences,
    recipients: value.recipients ?? recipients,
    subjectConfirmation,
    skewSeconds: value.skewSeconds ?? clockSkewSeconds,
    assertionMaxAgeSeconds,
    singleUse,
    allowInclusiveC14n: value.inclusiveC14n,
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(nameFormats !== undefined && { nameFormats }),
    ...(subjectAttribute !== undefined && { subjectAttribute }),
    ...(prefix !== undefined && { subjectPrefix: prefix }),
    ...readLegacySha1({ value: value.legacySha1Until, path }, loading),
  };
}

async function keySourceOf(
  { value, path }: Entry<TrustedSaml>,
  loading: Loading,
): Promise<SamlKeySource> {
  const { metadata, certificates = [] } = value;
  if (!metadata) {
    const pems = await readVerificationCertificates(
      { value: certificates, path: [...path, 'certificates'] },
      loading,
    );
    if (pems.length > MAX_SAML_KEYS) loading.error([...path, 'certificates'], TOO_MANY);
    return { kind: 'pinned', certificatePems: pems };
  }
  const at = [...path, 'metadata'];
  const signers = { value: metadata.certificates, path: [...at, 'certificates'] };
  const signerCertificatePems = await readVerificationCertificates(signers, loading);
  const { maxLifetimeSeconds, url } = metadata;
  const terms = {
    signerCertificatePems,
    ...(maxLifetimeSeconds !== undefined && { maxLifetimeSeconds }),
  };
  if (url === undefined) {
    const xml = await loading.read({ file: metadata.file }, [...at, 'file']);
    return { kind: 'metadata', xml, ...terms };
  }
  validateFetch({ value: url, path: [...at, 'url'] }, loading);
  return { kind: 'metadata-url', url, ...terms };
}

const TOO_MANY: Complaint = {
  code: 'CONFIG_OUT_OF_RANGE',
  what: 'more than eight certificates',
  why: 'each is tried on every assertion, and no more than eight are',
  fix: 'take out those that sign no longer; a file may hold several',
};

const UNREAD_FORMATS: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'the subject is named by subjectAttribute, and a NameID is not read',
  why: 'its format says nothing then',
  fix: 'remove one of the two',
};

const VOUCHED: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'sender-vouches is taken like bearer',
  why: 'nothing in the assertion says who may present it: whoever gets hold of one can use it',
  fix: 'remove it where the issuer can confirm by bearer or holder-of-key',
};
