// What is special about addresses of the WS-Trust front: `wsTrust.endpoints`.
import { z } from 'zod';
import type { Instant } from '#core/instant.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { plainText } from '../fields.ts';
import { legacySha1Until, readLegacySha1 } from '../trusted-issuers/legacy-sha1.ts';

const credentialKind = z.enum([
  'username',
  'basic',
  'certificate',
  'tls-certificate',
  'issued-token',
  'bearer-token',
  'security-context',
]);

export interface EndpointConfig {
  readonly path: string;
  readonly credentials?: readonly z.output<typeof credentialKind>[];
  readonly signedParts?: 'timestamp' | 'timestamp-and-body';
  readonly messageSecurity?: 'sign-and-encrypt' | 'symmetric-sign-and-encrypt';
  readonly takesOwnBearerTokens?: boolean;
  readonly takesRepeatedTimestamps?: boolean;
  readonly signChallenge?: boolean;
  readonly answersInCollections?: boolean;
  readonly jwtInTokenWrapper?: boolean;
  readonly legacySha1Until?: Instant;
}

export const endpointEntry = z.strictObject({
  path: plainText.describe('An address of a profile, as in /ws-trust.'),
  credentials: z
    .array(credentialKind)
    .nonempty()
    .describe('What is taken there; of several in one message the first here asks.')
    .optional(),
  signedParts: z
    .enum(['timestamp', 'timestamp-and-body'])
    .describe('What a signature must cover.')
    .optional(),
  messageSecurity: z
    .enum(['sign-and-encrypt', 'symmetric-sign-and-encrypt'])
    .describe(
      'Messages are encrypted to us and signed, and so are answers; without TLS. By certificates, or by a secret of the client with a user name inside.',
    )
    .optional(),
  ownBearerTokens: z
    .boolean()
    .describe('Whether bearer tokens of ours are credentials there.')
    .default(false),
  repeatedTimestamps: z
    .boolean()
    .describe(
      'Whether a signature over the Timestamp alone is good once for each MessageID, for clients that send several messages within a millisecond.',
    )
    .default(false),
  signChallenge: z
    .boolean()
    .describe('Whether a signed request to issue is answered by a challenge to be signed.')
    .default(false),
  answersInCollections: z
    .boolean()
    .describe(
      'Whether in WS-Trust 1.3 the answers to Renew, Validate and Cancel are collections too.',
    )
    .default(false),
  jwtInTokenWrapper: z
    .boolean()
    .describe('Whether a JWT is answered in a TokenWrapper, and not in a BinarySecurityToken.')
    .default(false),
  legacySha1Until,
});

type EndpointEntry = z.output<typeof endpointEntry>;

/** What is on at an address; what is off is as everywhere. */
const readSwitches = (each: EndpointEntry) => ({
  ...(each.ownBearerTokens && { takesOwnBearerTokens: true }),
  ...(each.repeatedTimestamps && { takesRepeatedTimestamps: true }),
  ...(each.signChallenge && { signChallenge: true }),
  ...(each.answersInCollections && { answersInCollections: true }),
  ...(each.jwtInTokenWrapper && { jwtInTokenWrapper: true }),
});

/** Resolves what is special about addresses. */
export function readEndpoints(
  { value, path }: Entry<readonly EndpointEntry[]>,
  loading: Loading,
): readonly EndpointConfig[] {
  const seen = new Set<string>();
  return value.map((each, index) => {
    const at = [...path, index];
    if (seen.has(each.path)) loading.error([...at, 'path'], SAME_ADDRESS);
    seen.add(each.path);
    const { credentials, messageSecurity, signedParts } = each;
    if (messageSecurity !== undefined) validateMessageSecurity({ value: each, path: at }, loading);
    return {
      path: each.path,
      ...(credentials && { credentials }),
      ...(signedParts && { signedParts }),
      ...(messageSecurity && { messageSecurity }),
      ...readSwitches(each),
      ...readLegacySha1({ value: each.legacySha1Until, path: at }, loading),
    };
  });
}

/** Whether there are keys for messages that protect themselves, among the uses as written. */
export function validateMessageKeys(
  endpoints: readonly EndpointConfig[],
  uses: readonly string[],
  loading: Loading,
): void {
  for (const [index, { messageSecurity }] of endpoints.entries()) {
    const path = ['wsTrust', 'endpoints', index, 'messageSecurity'];
    const isEncryptable = uses.includes('encryption');
    if (messageSecurity === 'sign-and-encrypt' && !(isEncryptable && uses.includes('saml')))
      loading.error(path, NO_KEYS);
    if (messageSecurity === 'symmetric-sign-and-encrypt' && !isEncryptable)
      loading.error(path, NO_ENCRYPTION_KEY);
  }
}

// Its fixed policy says what is signed, how, and by whom: a setting that says otherwise could not be honoured.
function validateMessageSecurity({ value, path }: Entry<EndpointEntry>, loading: Loading): void {
  const { legacySha1Until: sha1, ownBearerTokens, repeatedTimestamps, signedParts } = value;
  if (sha1 !== undefined || ownBearerTokens || repeatedTimestamps || signedParts !== undefined)
    loading.error([...path, 'messageSecurity'], FIXED_POLICY);
  if (value.messageSecurity === 'sign-and-encrypt') validateSigners({ value, path }, loading);
  else validateUsers({ value, path }, loading);
}

function validateUsers({ value, path }: Entry<EndpointEntry>, loading: Loading): void {
  const { credentials = [], signChallenge } = value;
  if (credentials.some((kind) => kind !== 'username'))
    loading.error([...path, 'credentials'], USER_INSIDE);
  if (signChallenge) loading.error([...path, 'signChallenge'], NO_SIGNER);
}

function validateSigners({ value, path }: Entry<EndpointEntry>, loading: Loading): void {
  const { credentials = [] } = value;
  const hasOther = credentials.some((kind) => kind !== 'certificate' && kind !== 'username');
  const hasBoth = credentials.length === 0 || credentials.includes('certificate');
  if (hasOther || !hasBoth) loading.error([...path, 'credentials'], SIGNED_BY_CERTIFICATE);
}

const SAME_ADDRESS: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'this address is in the list already',
  why: 'it would be open which of the two counts',
  fix: 'keep one of the two',
};

const NO_KEYS: Complaint = {
  code: 'CONFIG_KEY',
  what: 'message security needs a key of use encryption and one of use saml',
  why: 'messages are encrypted to the one, answers are signed with the other',
  fix: 'add both to keys, each with its certificate',
};

const NO_ENCRYPTION_KEY: Complaint = {
  code: 'CONFIG_KEY',
  what: 'message security needs a key of use encryption',
  why: 'clients encrypt their secret to it',
  fix: 'add one to keys, with its certificate',
};

const USER_INSIDE: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'at this address a user name is the one credential',
  why: 'messages are signed with a secret that the client makes: it is nobody’s, and no other credential is inside',
  fix: 'use [username], or leave it out',
};

const NO_SIGNER: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'at this address nobody signs who could be challenged',
  why: 'the secret of a message is made for it and shows nobody, so no request would be challenged',
  fix: 'remove signChallenge, or use sign-and-encrypt',
};

const SIGNED_BY_CERTIFICATE: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'messages of this address are signed with the key of a certificate',
  why: 'a credential that signs nothing would stand in a message that anybody could have written',
  fix: 'use [certificate], or [username, certificate] where users come through signed messages',
};

const FIXED_POLICY: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'signedParts, ownBearerTokens, repeatedTimestamps and legacySha1Until do not go with messageSecurity',
  why: 'without TLS all of a message is signed, by today’s algorithms',
  fix: 'remove them',
};
