// What the tokens for a relying party are: `relyingParties[].token`.
import { z } from 'zod';
import type { RelyingParty } from '#core/request/relying-party.ts';
import { formOf } from '#core/token/token-type.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint, Path } from '../../problem.ts';
import { rule, seconds } from '../fields.ts';
import { readCertificates } from '../keys/certificates.ts';
import { validateKey, type WrittenKey } from '../keys/key-choice.ts';
import { isSamlAlgorithm, keyEntry, notForSaml } from '../keys/keys.ts';
import { type SecretReference, secretReference } from '../secret.ts';
import { audienceRestriction, canOmitAudience } from './audience-restriction.ts';

const signature = keyEntry.shape.algorithm;

const encryptionSettings = z.strictObject({
  content: z
    .enum(['aes128-gcm', 'aes192-gcm', 'aes256-gcm'])
    .describe('The cipher.')
    .default('aes256-gcm'),
  keyTransport: z
    .enum(['rsa-oaep-sha256', 'rsa-oaep-mgf1p'])
    .describe('OAEP with SHA-256 throughout, or with SHA-1 throughout for older software.')
    .default('rsa-oaep-sha256'),
});

export const tokenSection = z
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
    encryption: encryptionSettings
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

type TokenSection = z.output<typeof tokenSection>;

/** Chosen for their reach: every JWT library verifies ES256, every SAML product rsa-sha256. */
export const DEFAULT_ALGORITHMS = { jwt: 'ES256', saml: 'RS256' } as const;

function algorithmsOf({ type, algorithm }: TokenSection): RelyingParty['token']['algorithms'] {
  if (typeof algorithm === 'string') return { ...DEFAULT_ALGORITHMS, [formOf(type)]: algorithm };
  const { jwt = DEFAULT_ALGORITHMS.jwt, saml = DEFAULT_ALGORITHMS.saml } = algorithm ?? {};
  return { jwt, saml };
}

/** Holds the algorithms against the keys that there are. */
export function validateAlgorithms(
  { value: token, path }: Entry<TokenSection>,
  keys: readonly WrittenKey[],
  loading: Loading,
): void {
  const algorithms = algorithmsOf(token);
  const at = [...path, 'algorithm'];
  // The other form is asked for by policy rows alone; where it is written it is meant.
  const written = typeof token.algorithm === 'object' ? token.algorithm : {};
  for (const use of ['jwt', 'saml'] as const) {
    const isMeant = use === formOf(token.type) || written[use] !== undefined;
    const wanted = { use, algorithm: algorithms[use] };
    if (isMeant) validateKey({ value: wanted, path: at }, keys, loading);
  }
}

/** Reads what tokens for a relying party are. */
export async function readToken(
  { value, path }: Entry<TokenSection>,
  loading: Loading,
): Promise<RelyingParty['token']> {
  return {
    type: value.type,
    algorithms: algorithmsOf(value),
    lifetimeSeconds: value.lifetimeSeconds,
    ...(value.audienceRestriction === 'omitted-with-key' && { omitsAudience: true }),
    ...(value.useKeyProof === 'trusted-certificate' && { useKeyProof: value.useKeyProof }),
    ...(value.statusList && { statusList: true }),
    ...(await readEncryption({ value, path }, loading)),
  };
}

async function readEncryption(
  { value, path }: Entry<TokenSection>,
  loading: Loading,
): Promise<Pick<RelyingParty['token'], 'encryption' | 'keyEncryption'>> {
  const { encryptTo, encryptKeysTo, encryption = encryptionSettings.parse({}) } = value;
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

const SEVERAL: Complaint = {
  code: 'CONFIG_KEY',
  what: 'holds several certificates',
  why: 'it would be open which key the assertion is encrypted to',
  fix: 'refer to a file with the certificate of the relying party alone',
};
