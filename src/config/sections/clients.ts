// OAuth clients: `clients`. RFC 7591 names, because operators paste them.
import { z } from 'zod';
import type { Instant } from '#core/instant.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import {
  conflict,
  dayOrInstant,
  entryId,
  exactlyOne,
  fetchUrl,
  instantOf,
  plainText,
  rate,
  rule,
  scopeName,
} from './fields.ts';
import { validateFetch } from './keys/fetch-address.ts';
import { ASSERTION_ALGORITHMS, type JsonWebKeySet, readJwks, verifies } from './keys/jwks.ts';
import type { RateConfig } from './operation.ts';
import { validateReference } from './reference.ts';
import { type SecretReference, secretReference } from './secret.ts';

/** A client, with the names of RFC 7591. */
export interface ClientConfig {
  readonly client_id: string;
  readonly token_endpoint_auth_method:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | 'none';
  readonly client_secret?: string;
  /** The secret before it, taken as well while it is replaced. */
  readonly previous_client_secret?: { readonly secret: string; readonly until: Instant };
  readonly jwks?: JsonWebKeySet;
  readonly jwks_uri?: string;
  readonly token_endpoint_auth_signing_alg?: string;
  readonly grant_types: readonly string[];
  /** Separated by single spaces. */
  readonly scope?: string;
  /** Ids of the relying parties it is the server of. */
  readonly represents: readonly string[];
  /** Id of the relying party meant when a request names none. */
  readonly default_target?: string;
  readonly legacy_client_assertion: boolean;
  /** In place of the limit for all. */
  readonly rate_limit?: RateConfig;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SAML2_BEARER = 'urn:ietf:params:oauth:grant-type:saml2-bearer';

const isScopeList = (text: string): boolean =>
  text.split(' ').every((scope) => scopeName.safeParse(scope).success);

const SECRET_METHODS: ReadonlySet<string> = new Set(['client_secret_basic', 'client_secret_post']);

const assertionAlgorithm = z.enum(ASSERTION_ALGORITHMS);

export const clientFields = z.strictObject({
  client_id: entryId.describe('Letters, digits, dots, dashes, underscores, tildes.'),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .describe('How it authenticates.'),
  client_secret: secretReference.describe('32 characters or more, by reference.').optional(),
  previous_client_secret: z
    .strictObject({
      secret: secretReference.describe('The secret that client_secret replaces.'),
      until: dayOrInstant.describe('When it ends: a day, its first moment in UTC, or an instant.'),
    })
    .describe('The secret before it, taken as well while the client is given the new one.')
    .optional(),
  jwks: z.strictObject({ file: plainText.describe('A JWK Set with its public keys.') }).optional(),
  jwks_uri: fetchUrl.describe('Where its public keys are fetched.').optional(),
  token_endpoint_auth_signing_alg: assertionAlgorithm.optional(),
  grant_types: z
    .array(
      z.enum(['client_credentials', TOKEN_EXCHANGE, JWT_BEARER, SAML2_BEARER, 'refresh_token']),
    )
    .describe('The grants it may use; an empty list: it only introspects and revokes.'),
  scope: z
    .string()
    .refine(
      isScopeList,
      rule({
        code: 'CONFIG_INVALID_VALUE',
        what: 'is not a list of scopes',
        why: 'RFC 7591 §2: scopes are separated by single spaces',
        fix: 'write scope: orders.read orders.write',
      }),
    )
    .describe('The ceiling of its scopes, separated by spaces.')
    .optional(),
  represents: z
    .array(z.string())
    .describe('Relying parties it is the server of: tokens for them are tokens for it.')
    .default([]),
  default_target: z
    .string()
    .describe('The relying party meant when a request names none.')
    .optional(),
  legacy_client_assertion: z
    .boolean()
    .describe('Accept the token endpoint as audience of its client assertions.')
    .default(false),
  rate_limit: rate.describe('In place of limits.perClient.').optional(),
});

type ClientFields = z.output<typeof clientFields>;

const usesSecret = (client: ClientFields) => SECRET_METHODS.has(client.token_endpoint_auth_method);
const usesKeys = (client: ClientFields) => client.token_endpoint_auth_method === 'private_key_jwt';

export const clientEntry = clientFields
  .refine(
    (client) =>
      usesSecret(client) === (client.client_secret !== undefined) &&
      (usesSecret(client) || client.previous_client_secret === undefined),
    conflict(
      'client_secret and token_endpoint_auth_method do not fit together',
      'the secret methods need a secret, the others must not have one lying about',
      'add client_secret: { env: … } for client_secret_basic and client_secret_post, remove it otherwise',
    ),
  )
  .refine(
    (client) => !usesKeys(client) || exactlyOne('jwks', 'jwks_uri')[0](client),
    exactlyOne('jwks', 'jwks_uri')[1],
  )
  .refine(
    (client) =>
      usesKeys(client) ||
      (client.jwks === undefined &&
        client.jwks_uri === undefined &&
        client.token_endpoint_auth_signing_alg === undefined &&
        !client.legacy_client_assertion),
    conflict(
      'jwks, jwks_uri, token_endpoint_auth_signing_alg and legacy_client_assertion are for private_key_jwt',
      'what cannot be honoured is refused, not ignored',
      'set token_endpoint_auth_method: private_key_jwt, or remove them',
    ),
  )
  .refine(
    ({ token_endpoint_auth_method: method, grant_types }) =>
      method !== 'none' || !grant_types.includes('client_credentials'),
    rule({
      code: 'CONFIG_INSECURE',
      what: 'a client without authentication cannot use client_credentials',
      why: 'RFC 6749 §4.4: anybody could take its tokens by knowing its name',
      fix: 'give it an authentication method, or remove the grant',
    }),
  );

export const clientsSection = z.array(clientEntry).describe('Who may ask.').default([]);

/** Resolves the clients. */
export async function readClients(
  entries: readonly Entry<z.output<typeof clientEntry>>[],
  loading: Loading,
): Promise<readonly ClientConfig[]> {
  const built: ClientConfig[] = [];
  for (const entry of entries) {
    validateReferences(entry, loading);
    const { jwks_uri: keys } = entry.value;
    if (keys !== undefined)
      validateFetch({ value: keys, path: [...entry.path, 'jwks_uri'] }, loading);
    built.push(await readClient(entry, loading));
  }
  return built;
}

async function readClient(
  { value, path }: Entry<ClientFields>,
  loading: Loading,
): Promise<ClientConfig> {
  const {
    client_secret,
    previous_client_secret,
    jwks,
    jwks_uri,
    token_endpoint_auth_signing_alg,
    scope,
    default_target,
    rate_limit,
    ...client
  } = value;
  const keys = jwks && (await readClientKeys({ value, path }, jwks.file, loading));
  return {
    ...client,
    ...(await readSecrets({ value: { client_secret, previous_client_secret }, path }, loading)),
    ...(keys && { jwks: keys }),
    ...(jwks_uri !== undefined && { jwks_uri }),
    ...(token_endpoint_auth_signing_alg !== undefined && { token_endpoint_auth_signing_alg }),
    ...(scope !== undefined && { scope }),
    ...(default_target !== undefined && { default_target }),
    ...(rate_limit && { rate_limit }),
  };
}

/** The keys of a client, of which one has to verify what it signs. */
async function readClientKeys(
  { value, path }: Entry<ClientFields>,
  file: string,
  loading: Loading,
): Promise<JsonWebKeySet> {
  const at = [...path, 'jwks', 'file'];
  const set = await readJwks(file, at, loading);
  const { token_endpoint_auth_signing_alg: only } = value;
  const algorithms = only === undefined ? ASSERTION_ALGORITHMS : [only];
  const isUsable = set.keys.some((key) => algorithms.some((each) => verifies(key, each)));
  // An empty set has its complaint already.
  if (set.keys.length > 0 && !isUsable) loading.error(at, noKeyFor(algorithms));
  return set;
}

const noKeyFor = (algorithms: readonly string[]): Complaint => ({
  code: 'CONFIG_KEY',
  what: `has no key for ${algorithms.join(', ')}`,
  why: 'the client may sign its assertions with nothing else, so each of its requests would be refused',
  fix: 'put in the public key that it signs with; kty, crv, alg, use and key_ops of a key say what it is for. Or change token_endpoint_auth_signing_alg',
});

type Secrets = 'client_secret' | 'previous_client_secret';

async function readSecrets(
  { value, path }: Entry<Pick<ClientFields, Secrets>>,
  loading: Loading,
): Promise<Pick<ClientConfig, Secrets>> {
  const { client_secret: current, previous_client_secret: previous } = value;
  const previousPath = [...path, 'previous_client_secret', 'secret'];
  if (previous && instantOf(previous.until) <= loading.now)
    loading.warn([...path, 'previous_client_secret', 'until'], SECRET_IS_OVER);
  return {
    ...(current && {
      client_secret: await readSecret(current, [...path, 'client_secret'], loading),
    }),
    ...(previous && {
      previous_client_secret: {
        secret: await readSecret(previous.secret, previousPath, loading),
        until: instantOf(previous.until),
      },
    }),
  };
}

const SECRET_IS_OVER: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'is over',
  why: 'the secret is taken no more',
  fix: 'remove previous_client_secret',
};

const MIN_SECRET_CHARACTERS = 32;

async function readSecret(
  reference: SecretReference,
  path: Path,
  loading: Loading,
): Promise<string> {
  // Editors and `echo` end a file with a line break that is no part of the secret.
  const secret = (await loading.read(reference, path)).replace(/\r?\n$/, '');
  // An empty text has its complaint already. VSCHAR: RFC 6749 appendix A.2.
  const isUsable = secret.length >= MIN_SECRET_CHARACTERS && /^[\x20-\x7e]*$/.test(secret);
  if (secret !== '' && !isUsable) loading.error(path, WEAK_SECRET);
  return secret;
}

function validateReferences({ value, path }: Entry<ClientFields>, loading: Loading): void {
  const { default_target: target, represents } = value;
  for (const [index, id] of represents.entries())
    validateReference(
      { value: id, path: [...path, 'represents', index] },
      'relyingParties',
      loading,
    );
  if (target !== undefined)
    validateReference(
      { value: target, path: [...path, 'default_target'] },
      'relyingParties',
      loading,
    );
}

const WEAK_SECRET: Complaint = {
  code: 'CONFIG_SECRET',
  what: `is not ${String(MIN_SECRET_CHARACTERS)} printable ASCII characters or more`,
  why: 'a short secret can be guessed; other characters do not survive HTTP Basic authentication',
  // In base64 it could have `+`, which many clients do not encode in a header (RFC 6749 §2.3.1).
  fix: 'make one: openssl rand -hex 32',
};
