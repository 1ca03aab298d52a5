// On which conditions the JWTs of a trusted issuer are accepted: `trustedIssuers[].jwt`.
import { hash, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { TokenType } from '#core/token/token-type.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import {
  exactlyOne,
  fetchUrl,
  plainText,
  seconds,
  signatureAlgorithm,
  subjectPrefix,
} from '../fields.ts';
import { readVerificationCertificates } from '../keys/certificates.ts';
import { validateFetch } from '../keys/fetch-address.ts';
import { type JsonWebKeySet, readJwks } from '../keys/jwks.ts';
import { type SecretReference, secretReference } from '../secret.ts';

/** Where the keys of a trusted issuer come from. */
export type JwtKeySource =
  | {
      readonly kind: 'pinned';
      readonly jwks: JsonWebKeySet;
      /** Where the keys were pinned as certificates. */
      readonly certificatePems?: readonly string[];
    }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'discovery' };

export interface TrustedJwtConfig {
  readonly keySource: JwtKeySource;
  readonly algorithms: readonly string[];
  /** One of these must be in `aud`. Never empty. */
  readonly audiences: readonly string[];
  /** Absent: tokens that any client got. */
  readonly authorizedParties?: readonly string[];
  /** The declared token types that are accepted. */
  readonly types: readonly TokenType[];
  readonly maxAgeSeconds?: number;
  readonly skewSeconds: number;
  readonly subjectClaim: string;
  /** Absent: `<id>:`. */
  readonly subjectPrefix?: string;
  readonly requiredClaims: readonly string[];
  readonly singleUse: boolean;
  readonly assertionMaxAgeSeconds: number;
}

const jwksSource = z
  .strictObject({
    file: plainText.describe('A JWK Set, relative to the folder of this file.').optional(),
    url: fetchUrl.describe('Where the JWK Set is fetched.').optional(),
  })
  .refine(...exactlyOne('file', 'url'))
  .meta({ oneOf: [{ required: ['file'] }, { required: ['url'] }] });

export const trustedJwt = z
  .strictObject({
    jwks: jwksSource.optional(),
    discovery: z
      .literal(true)
      .describe('Find the keys through the metadata of the issuer (RFC 8414).')
      .optional(),
    certificates: z
      .array(secretReference)
      .nonempty()
      .describe('Certificates, PEM, whose keys sign its tokens. No chain is followed.')
      .optional(),
    algorithms: z.array(signatureAlgorithm).nonempty().describe('All others are refused.'),
    audiences: z
      .array(plainText)
      .nonempty()
      .describe(
        'One of these must be in `aud`, and in an ID token all of it: a token for somebody else is refused.',
      ),
    authorizedParties: z
      .array(plainText)
      .nonempty()
      .describe('Clients of the issuer, as in `azp` or `client_id`: tokens of others are refused.')
      .optional(),
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
    subjectPrefix: subjectPrefix.optional(),
    requiredClaims: z.array(plainText).default([]),
    singleUse: z.boolean().describe('Each token once only, by its `jti`.').default(false),
    assertionMaxAgeSeconds: seconds(1, 3600)
      .describe('The oldest assertion accepted as a grant (RFC 7523).')
      .default(300),
  })
  .refine(...exactlyOne('jwks', 'discovery', 'certificates'))
  .meta({
    oneOf: [{ required: ['jwks'] }, { required: ['discovery'] }, { required: ['certificates'] }],
  });

type TrustedJwt = z.output<typeof trustedJwt>;

/** Resolves the conditions; `skewSeconds` is that of the whole configuration. */
export async function readTrustedJwt(
  { value, path }: Entry<TrustedJwt>,
  loading: Loading,
  clockSkewSeconds: number,
): Promise<TrustedJwtConfig> {
  const {
    jwks,
    discovery: _discovery,
    certificates,
    authorizedParties,
    maxAgeSeconds,
    skewSeconds = clockSkewSeconds,
    subjectPrefix: prefix,
    ...jwt
  } = value;
  return {
    ...jwt,
    keySource: certificates
      ? await certificateKeys({ value: certificates, path: [...path, 'certificates'] }, loading)
      : await keySourceOf({ value: jwks, path: [...path, 'jwks'] }, loading),
    skewSeconds,
    ...(authorizedParties && { authorizedParties }),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(prefix !== undefined && { subjectPrefix: prefix }),
  };
}

/** The keys of certificates as a JWK Set; their thumbprints name them (RFC 7517 §4.8, §4.9). */
async function certificateKeys(
  entry: Entry<readonly SecretReference[]>,
  loading: Loading,
): Promise<JwtKeySource> {
  const certificatePems = await readVerificationCertificates(entry, loading);
  const keys = certificatePems.map((pem) => {
    const { publicKey, raw } = new X509Certificate(pem);
    const thumbprint = (algorithm: string) => hash(algorithm, raw, 'base64url');
    const named = { x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256'), use: 'sig' };
    return { ...publicKey.export({ format: 'jwk' }), ...named };
  });
  return { kind: 'pinned', jwks: { keys }, certificatePems };
}

async function keySourceOf(
  { value, path }: Entry<TrustedJwt['jwks']>,
  loading: Loading,
): Promise<JwtKeySource> {
  if (!value) return { kind: 'discovery' };
  if (value.url === undefined) {
    const jwks = await readJwks(value.file ?? '', [...path, 'file'], loading);
    if (jwks.keys.length > MAX_KEYS) loading.error([...path, 'file'], TOO_MANY_KEYS);
    return { kind: 'pinned', jwks };
  }
  validateFetch({ value: value.url, path: [...path, 'url'] }, loading);
  return { kind: 'url', url: value.url };
}

/** As many as a set of an issuer is searched for, wherever it comes from. */
const MAX_KEYS = 100;

const TOO_MANY_KEYS: Complaint = {
  code: 'CONFIG_KEY',
  what: `has more than ${MAX_KEYS} keys`,
  why: 'each is looked at for a token that names none of them',
  fix: 'leave out the keys that the issuer signs with no longer',
};
