// The WS-Trust front: `wsTrust`. Absent: there is none.
import { z } from 'zod';
import type { Expression } from '#core/decision/expression.ts';
import type { Instant } from '#core/instant.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { plainText, seconds } from './fields.ts';
import { buildExpression, celSource } from './policy/mapping.ts';
import { validateReference } from './reference.ts';
import { buildLegacySha1, legacySha1Until } from './trusted-issuers/legacy-sha1.ts';

const credentialKind = z.enum([
  'username',
  'basic',
  'certificate',
  'tls-certificate',
  'issued-token',
  'bearer-token',
  'security-context',
]);

const profileName = z.enum(['adfs', 'vcenter', 'wso2']);

export interface WsTrustConfig {
  /** Besides the general one at /ws-trust. */
  readonly profiles: readonly {
    readonly name: z.output<typeof profileName>;
    /** Id of the relying party meant when a request names none. */
    readonly defaultTarget?: string;
  }[];
  /** Which requestors may use the front at all. */
  readonly admits?: Expression;
  /** What is special about addresses; the rest is as their profile has it. */
  readonly endpoints: readonly {
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
  }[];
  /** The REST form; absent: there is none. */
  readonly rest?: { readonly credentials: readonly ('basic' | 'tls-certificate')[] };
  readonly maxMessageBytes: number;
  readonly clockSkewSeconds: number;
  /** How long a message may be good by its own Timestamp. */
  readonly maxMessageLifetimeSeconds: number;
}

export const wsTrustSection = z
  .strictObject({
    profiles: z
      .array(
        z.union([
          profileName,
          z.strictObject({
            profile: profileName,
            defaultTarget: plainText
              .describe('The relying party meant when a request names none.')
              .optional(),
          }),
        ]),
      )
      .describe('Addresses and habits of other products, besides /ws-trust.')
      .default([]),
    when: celSource
      .describe(
        'A CEL condition over requestor: who may use this front at all, such as `requestor.claims.role == "sts-user"`.',
      )
      .optional(),
    endpoints: z
      .array(
        z.strictObject({
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
            .describe(
              'Whether a JWT is answered in a TokenWrapper, and not in a BinarySecurityToken.',
            )
            .default(false),
          legacySha1Until,
        }),
      )
      .describe('What is special about an address.')
      .default([]),
    rest: z
      .strictObject({
        credentials: z
          .array(z.enum(['basic', 'tls-certificate']))
          .nonempty()
          .describe('What is taken there; a certificate counts before a password.'),
      })
      .describe('The REST form at /ws-trust/token and beside it. Absent: there is none.')
      .optional(),
    maxMessageBytes: z
      .int()
      .min(4096)
      .max(1_048_576)
      .describe('The largest message.')
      .default(65_536),
    clockSkewSeconds: seconds(0, 300)
      .describe('How far clocks of requestors may differ; default: clockSkewSeconds.')
      .optional(),
    maxMessageLifetimeSeconds: seconds(60, 3600)
      .describe('How long a message may be good by its own Timestamp.')
      .default(600),
  })
  .describe('The SOAP front for clients that cannot be changed.')
  .optional();

type WsTrustSection = z.output<typeof wsTrustSection>;

/** Resolves the front. */
export function buildWsTrust(
  entry: Entry<WsTrustSection> | undefined,
  loading: Loading,
  clockSkewSeconds: number,
): WsTrustConfig | undefined {
  if (!entry?.value) return undefined;
  const { value, path } = entry;
  const { maxMessageBytes, maxMessageLifetimeSeconds, when } = value;
  return {
    profiles: buildProfiles({ value: value.profiles, path: [...path, 'profiles'] }, loading),
    ...(when !== undefined && {
      admits: buildExpression({ value: when, path: [...path, 'when'] }, 'condition', loading),
    }),
    endpoints: buildEndpoints({ value: value.endpoints, path: [...path, 'endpoints'] }, loading),
    ...(value.rest && { rest: value.rest }),
    maxMessageBytes,
    clockSkewSeconds: value.clockSkewSeconds ?? clockSkewSeconds,
    maxMessageLifetimeSeconds,
  };
}

/** What is on at an address; what is off is as everywhere. */
const buildSwitches = (each: EndpointEntry) => ({
  ...(each.ownBearerTokens && { takesOwnBearerTokens: true }),
  ...(each.repeatedTimestamps && { takesRepeatedTimestamps: true }),
  ...(each.signChallenge && { signChallenge: true }),
  ...(each.answersInCollections && { answersInCollections: true }),
  ...(each.jwtInTokenWrapper && { jwtInTokenWrapper: true }),
});

function buildEndpoints(
  { value, path }: Entry<NonNullable<WsTrustSection>['endpoints']>,
  loading: Loading,
): WsTrustConfig['endpoints'] {
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
      ...buildSwitches(each),
      ...buildLegacySha1({ value: each.legacySha1Until, path: at }, loading),
    };
  });
}

/** Whether there are keys for messages that protect themselves, among the uses as written. */
export function validateMessageKeys(
  wsTrust: WsTrustConfig | undefined,
  uses: readonly string[],
  loading: Loading,
): void {
  for (const [index, { messageSecurity }] of (wsTrust?.endpoints ?? []).entries()) {
    const path = ['wsTrust', 'endpoints', index, 'messageSecurity'];
    const isEncryptable = uses.includes('encryption');
    if (messageSecurity === 'sign-and-encrypt' && !(isEncryptable && uses.includes('saml')))
      loading.error(path, NO_KEYS);
    if (messageSecurity === 'symmetric-sign-and-encrypt' && !isEncryptable)
      loading.error(path, NO_ENCRYPTION_KEY);
  }
}

type EndpointEntry = NonNullable<WsTrustSection>['endpoints'][number];

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

function buildProfiles(
  { value, path }: Entry<NonNullable<WsTrustSection>['profiles']>,
  loading: Loading,
): WsTrustConfig['profiles'] {
  const built: WsTrustConfig['profiles'][number][] = [];
  for (const [index, each] of value.entries()) {
    const { profile, defaultTarget } =
      typeof each === 'string' ? { profile: each, defaultTarget: undefined } : each;
    if (built.some(({ name }) => name === profile)) loading.error([...path, index], TWICE);
    if (defaultTarget !== undefined) {
      const at = [...path, index, 'defaultTarget'];
      validateReference({ value: defaultTarget, path: at }, 'relyingParties', loading);
    }
    built.push({ name: profile, ...(defaultTarget !== undefined && { defaultTarget }) });
  }
  return built;
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

const TWICE: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'this profile is in the list already',
  why: 'its addresses would have two meanings',
  fix: 'keep one of the two',
};
