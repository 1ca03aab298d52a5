// The WS-Trust front: `wsTrust`. Absent: there is none.
import { z } from 'zod';
import type { Expression } from '#core/decision/expression.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { plainText, seconds } from '../fields.ts';
import { celSource, readExpression } from '../policy/mapping.ts';
import { validateReference } from '../reference.ts';
import { type EndpointConfig, endpointEntry, readEndpoints } from './endpoints.ts';

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
  readonly endpoints: readonly EndpointConfig[];
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
    endpoints: z.array(endpointEntry).describe('What is special about an address.').default([]),
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
export function readWsTrust(
  entry: Entry<WsTrustSection> | undefined,
  loading: Loading,
  clockSkewSeconds: number,
): WsTrustConfig | undefined {
  if (!entry?.value) return undefined;
  const { value, path } = entry;
  const { maxMessageBytes, maxMessageLifetimeSeconds, when } = value;
  return {
    profiles: readProfiles({ value: value.profiles, path: [...path, 'profiles'] }, loading),
    ...(when !== undefined && {
      admits: readExpression({ value: when, path: [...path, 'when'] }, 'condition', loading),
    }),
    endpoints: readEndpoints({ value: value.endpoints, path: [...path, 'endpoints'] }, loading),
    ...(value.rest && { rest: value.rest }),
    maxMessageBytes,
    clockSkewSeconds: value.clockSkewSeconds ?? clockSkewSeconds,
    maxMessageLifetimeSeconds,
  };
}

function readProfiles(
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

const TWICE: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'this profile is in the list already',
  why: 'its addresses would have two meanings',
  fix: 'keep one of the two',
};
