// For whom tokens are made: `relyingParties`.
import { z } from 'zod';
import type { RelyingParty } from '#core/request/relying-party.ts';
import { formOf } from '#core/token-type.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import { audienceRestriction, canOmitAudience } from './audience-restriction.ts';
import {
  commonSpelling,
  entryId,
  plainText,
  rate,
  resourceUri,
  rule,
  scopeName,
  seconds,
} from './fields.ts';
import { readCertificates } from './keys/certificates.ts';
import { validateKey, type WrittenKey } from './keys/key-choice.ts';
import { isSamlAlgorithm, keyEntry, notForSaml } from './keys/keys.ts';
import type { RateConfig } from './operation.ts';
import { buildMapping, mappingSection } from './policy/mapping.ts';
import { validateRequestorName } from './policy/requestor-name.ts';
import { type SecretReference, secretReference } from './secret.ts';

export interface RelyingPartyConfig extends RelyingParty {
  /** In place of the limit for all. */
  readonly rateLimit?: RateConfig;
}

const signature = keyEntry.shape.algorithm;

const tokenSection = z
  .strictObject({
    type: z
      .enum(['access_token', 'jwt', 'id_token', 'saml1', 'saml2'])
      .describe('The form of its tokens.'),
    algorithm: z
      .union([
        signature,
        z.strictObject({
          jwt: signature.optional(),
          saml: signature.refine(isSamlAlgorithm, notForSaml).optional(),
        }),
      ])
      .describe(
        'How its tokens are signed: for its own type, or { jwt: …, saml: … } for both forms.',
      )
      .optional(),
    lifetimeSeconds: seconds(1, 86_400).describe('The longest life of a token.').default(300),
    statusList: z
      .boolean()
      .describe(
        'Whether its JWTs have a place in a status list, for servers that do not introspect.',
      )
      .default(false),
    encryptTo: secretReference
      .describe('The certificate its assertions are encrypted to, PEM with an RSA key.')
      .optional(),
    encryptKeysTo: secretReference
      .describe(
        'The certificate that the secret of a token is encrypted to (WS-Trust KeyType SymmetricKey); default: encryptTo.',
      )
      .optional(),
    audienceRestriction,
    useKeyProof: z
      .enum(['signature', 'trusted-certificate'])
      .describe(
        'How a WS-Trust UseKey is proved: by a signature of the message, or, for clients that sign nothing, by a certificate of a trusted issuer.',
      )
      .default('signature'),
    encryption: z
      .strictObject({
        content: z
          .enum(['aes128-gcm', 'aes192-gcm', 'aes256-gcm'])
          .describe('The cipher.')
          .default('aes256-gcm'),
        keyTransport: z
          .enum(['rsa-oaep-sha256', 'rsa-oaep-mgf1p'])
          .describe('OAEP with SHA-256 throughout, or with SHA-1 throughout for older software.')
          .default('rsa-oaep-sha256'),
      })
      .describe('How it is encrypted to: needs encryptTo or encryptKeysTo.')
      .optional(),
  })
  .refine(
    ({ type, algorithm }) =>
      formOf(type) === 'jwt' || typeof algorithm !== 'string' || isSamlAlgorithm(algorithm),
    notForSaml,
  )
  .refine(
    ({ type, encryptTo }) => formOf(type) === 'saml' || encryptTo === undefined,
    rule({
      code: 'CONFIG_CONFLICT',
      what: 'encryptTo is for SAML assertions',
      why: 'what cannot be honoured is refused: nobody shall believe that these tokens are encrypted',
      fix: 'remove it, or set type: saml2',
    }),
  )
  .refine(
    ({ encryptTo, encryptKeysTo, encryption }) =>
      encryption === undefined || encryptTo !== undefined || encryptKeysTo !== undefined,
    rule({
      code: 'CONFIG_MISSING',
      what: 'encryption has no certificate',
      why: 'nobody shall believe that something is encrypted',
      fix: 'add encryptTo or encryptKeysTo, or remove it',
    }),
  )
  .refine(...canOmitAudience);

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

/** Builds the relying parties and holds their names and algorithms against the rest. */
export async function buildRelyingParties(
  entries: readonly Entry<RelyingPartyEntry>[],
  keys: readonly WrittenKey[],
  loading: Loading,
): Promise<readonly RelyingPartyConfig[]> {
  validateNames(entries, loading);
  const built: RelyingPartyConfig[] = [];
  for (const entry of entries) {
    validateAlgorithms(entry, keys, loading);
    validateRequestors(entry, loading);
    built.push(await buildRelyingParty(entry, loading));
  }
  return built;
}

type TokenSection = z.output<typeof tokenSection>;

/** Chosen for their reach: every JWT library verifies ES256, every SAML product rsa-sha256. */
export const DEFAULT_ALGORITHMS = { jwt: 'ES256', saml: 'RS256' } as const;

function algorithmsOf({ type, algorithm }: TokenSection): RelyingParty['token']['algorithms'] {
  if (typeof algorithm === 'string') return { ...DEFAULT_ALGORITHMS, [formOf(type)]: algorithm };
  const { jwt = DEFAULT_ALGORITHMS.jwt, saml = DEFAULT_ALGORITHMS.saml } = algorithm ?? {};
  return { jwt, saml };
}

function validateAlgorithms(
  { value: { token }, path }: Entry<RelyingPartyEntry>,
  keys: readonly WrittenKey[],
  loading: Loading,
): void {
  const algorithms = algorithmsOf(token);
  const at = [...path, 'token', 'algorithm'];
  // The other form is asked for by policy rows alone; where it is written it is meant.
  const written = typeof token.algorithm === 'object' ? token.algorithm : {};
  for (const use of ['jwt', 'saml'] as const) {
    const isMeant = use === formOf(token.type) || written[use] !== undefined;
    const wanted = { use, algorithm: algorithms[use] };
    if (isMeant) validateKey({ value: wanted, path: at }, keys, loading);
  }
}

async function buildRelyingParty(
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
    token: {
      type: token.type,
      algorithms: algorithmsOf(token),
      lifetimeSeconds: token.lifetimeSeconds,
      ...(token.audienceRestriction === 'omitted-with-key' && { omitsAudience: true }),
      ...(token.useKeyProof === 'trusted-certificate' && { useKeyProof: token.useKeyProof }),
      ...(token.statusList && { statusList: true }),
      ...(await buildEncryption({ value: token, path: [...path, 'token'] }, loading)),
    },
    scopes,
    claims: buildMapping({ value: value.claims, path: [...path, 'claims'] }, loading),
    ...(rateLimit && { rateLimit }),
  };
}

const DEFAULT_ENCRYPTION = { content: 'aes256-gcm', keyTransport: 'rsa-oaep-sha256' } as const;

async function buildEncryption(
  { value, path }: Entry<TokenSection>,
  loading: Loading,
): Promise<Pick<RelyingParty['token'], 'encryption' | 'keyEncryption'>> {
  const { encryptTo, encryptKeysTo, encryption = DEFAULT_ENCRYPTION } = value;
  const certificate =
    encryptTo && (await readRecipient(encryptTo, [...path, 'encryptTo'], loading));
  const keyCertificate =
    encryptKeysTo && (await readRecipient(encryptKeysTo, [...path, 'encryptKeysTo'], loading));
  const keysTo = keyCertificate ?? certificate;
  return {
    ...(certificate !== undefined && { encryption: { ...encryption, certificate } }),
    ...(keysTo !== undefined && { keyEncryption: { ...encryption, certificate: keysTo } }),
  };
}

async function readRecipient(
  reference: SecretReference,
  path: Path,
  loading: Loading,
): Promise<string> {
  const [certificate = '', ...others] = await readCertificates(
    reference,
    { path, use: 'encryption' },
    loading,
  );
  if (others.length > 0) loading.error(path, SEVERAL);
  return certificate;
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

const SEVERAL: Complaint = {
  code: 'CONFIG_KEY',
  what: 'holds several certificates',
  why: 'it would be open which key the assertion is encrypted to',
  fix: 'refer to a file with the certificate of the relying party alone',
};
