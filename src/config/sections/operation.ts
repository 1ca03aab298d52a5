// How the process runs: `delegation`, `audit`, `log`, `limits`, `drain`, `clockSkewSeconds`, `saml`.
import { z } from 'zod';
import { ACTOR_CHAIN_CEILING } from '#core/delegation/actor-chain.ts';
import type { Entry, Loading } from '../loading.ts';
import { plainText, rate, resourceUri, rule, seconds, valueRule } from './fields.ts';
import { readBase64Key } from './keys/base64-key.ts';
import { secretReference } from './secret.ts';

export interface RateConfig {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface LimitsConfig {
  readonly maxBodyBytes: number;
  /** Absent: as many as come. */
  readonly perClient?: RateConfig | undefined;
  readonly perAddress?: RateConfig | undefined;
  readonly perSubject?: RateConfig | undefined;
  readonly perRelyingParty?: RateConfig | undefined;
  /** Hosts that share the store. */
  readonly nodes: number;
  readonly maxConnections: number;
  readonly maxInFlight: number;
  readonly maxLoopDelayMilliseconds: number;
}

export interface AuditConfig {
  readonly file: string;
  /** 32 bytes or more. */
  readonly hmacKeyBase64: string;
  readonly waitMilliseconds: number;
  readonly maxFileBytes: number;
  readonly maxFileAgeSeconds?: number;
}

export type LogLevel = 'error' | 'warn' | 'info';

export const delegationSection = z
  .strictObject({
    maxDepth: z
      .int()
      .min(1)
      .max(ACTOR_CHAIN_CEILING)
      .describe('How many actors a chain may have.')
      .default(5),
    selfDelegation: z.boolean().describe('Whether a subject may act for itself.').default(false),
  })
  .prefault({});

export const auditSection = z
  .strictObject({
    file: plainText.describe('The hash-chained log, relative to the folder of this file.'),
    hmacKey: secretReference.describe(
      '32 random bytes or more in base64; token ids are recorded as keyed hashes.',
    ),
    waitMilliseconds: z
      .int()
      .min(10)
      .max(10_000)
      .describe('How long a request waits for its record to be on disk.')
      .default(500),
    maxFileBytes: z
      .int()
      .min(1_048_576)
      .describe('A file that has grown so large is closed, and the chain goes on in the next one.')
      .default(268_435_456),
    maxFileAgeSeconds: seconds(3600, 31_536_000)
      .describe('A file whose first line is so old is closed, too; absent: by size only.')
      .optional(),
  })
  .describe('No record, no token.');

export const workersSection = z
  .union([z.literal('auto'), z.int().min(1).max(128)])
  .describe('Processes that serve; auto: one for each processor.')
  .default(1);

export const logSection = z
  .strictObject({
    level: z.enum(['error', 'warn', 'info']).default('info'),
  })
  .prefault({});

export const limitsSection = z
  .strictObject({
    maxBodyBytes: z
      .int()
      .min(4096)
      .max(1_048_576)
      .describe('The largest request body.')
      .default(65_536),
    perClient: rate
      .describe('What one authenticated client, or one requestor of the SOAP front, may ask.')
      .optional(),
    perAddress: rate
      .describe('What one source address may ask, behind the trusted proxies; IPv6 by /64.')
      .optional(),
    perSubject: rate
      .describe('How many tokens about one subject may be asked for, whoever asks.')
      .optional(),
    perRelyingParty: rate
      .describe('How many tokens for one relying party may be asked for, whoever asks.')
      .optional(),
    nodes: z
      .int()
      .min(1)
      .max(1000)
      .describe('Hosts that share the store: while it is away each allows its share only.')
      .default(1),
    maxConnections: z
      .int()
      .min(10)
      .max(1_000_000)
      .describe(
        'Connections that one process has at one time; beyond it the one is closed that has neither asked nor taken an answer for longest.',
      )
      .default(10_000),
    maxInFlight: z
      .int()
      .min(10)
      .max(100_000)
      .describe('Requests that one process works on at one time; beyond it the answer is 503.')
      .default(1000),
    maxLoopDelayMilliseconds: z
      .int()
      .min(50)
      .max(10_000)
      .describe('How late the event loop may be before requests are answered with 503.')
      .default(500),
  })
  .prefault({})
  .describe('What is refused early, so that the rest is served.');

export const drainSection = z
  .strictObject({
    delaySeconds: seconds(0, 300)
      .describe('How long to go on after the signal while load balancers notice.')
      .default(0),
    graceSeconds: seconds(0, 600).describe('How long running requests may take.').default(25),
  })
  .prefault({});

export const clockSkewSection = seconds(0, 300).describe('How far clocks may differ.').default(60);

export const samlSection = z
  .strictObject({
    entityId: resourceUri
      .refine(
        (text) => text.length <= 1024,
        valueRule({
          what: 'is longer than 1024 characters',
          why: 'SAML Core 2.0 §8.3.6: others may refuse it',
          fix: 'use a shorter URI',
        }),
      )
      .describe('Our name in assertions and metadata; default: issuer.')
      .optional(),
  })
  .prefault({})
  .describe('How we speak SAML.');

export const statusListsSection = z
  .strictObject({
    ttlSeconds: seconds(1, 86_400)
      .describe(
        'How long a copy of a list may be used, here and at others, before a fresh one is made.',
      )
      .default(60),
    lifetimeSeconds: seconds(1, 604_800)
      .describe('How long a copy says anything, for whoever cannot fetch.')
      .default(3600),
  })
  .refine(
    ({ ttlSeconds, lifetimeSeconds }) => ttlSeconds <= lifetimeSeconds,
    rule({
      code: 'CONFIG_CONFLICT',
      what: 'ttlSeconds is longer than lifetimeSeconds',
      why: 'a copy would be used after it has ended',
      fix: 'make lifetimeSeconds the longer one',
    }),
  )
  .prefault({})
  .describe('Token Status Lists, for relying parties with token.statusList.');

const WEAK_HMAC_KEY = 'with a short key the recorded hashes could be tried out';

/** Resolves what the audit log needs. */
export async function readAudit(
  entry: Entry<z.output<typeof auditSection>> | undefined,
  loading: Loading,
): Promise<AuditConfig | undefined> {
  if (!entry) return undefined;
  const { file, hmacKey, maxFileAgeSeconds, maxFileBytes, waitMilliseconds } = entry.value;
  const key = { value: hmacKey, path: [...entry.path, 'hmacKey'] };
  const hmacKeyBase64 = await readBase64Key(key, WEAK_HMAC_KEY, loading);
  return {
    file: await loading.keep(file, [...entry.path, 'file']),
    hmacKeyBase64,
    waitMilliseconds,
    maxFileBytes,
    ...(maxFileAgeSeconds !== undefined && { maxFileAgeSeconds }),
  };
}
