// Whether what a configuration depends on is there now: the store, the disk of the audit, the keys of others, certificates that
// are still good. A server that runs on the same configuration is not disturbed.
import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireResumable } from '#src/audit/audit-log.ts';
import { auditPath } from '#src/audit/file/audit-files.ts';
import type { Config } from '#src/config/config.ts';
import { EXPIRY_WARNING_SECONDS } from '#src/config/sections/keys/pem.ts';
import type { Logger } from '#src/telemetry/logger.ts';
import { discoverJwks } from '#src/trust/discovery.ts';
import { parseJwks } from '#src/trust/jwks.ts';
import { type Observers, quietObservers, systemClock } from '../foundation/observers.ts';
import { existingStore } from '../foundation/store.ts';
import { expiringCertificates } from '../trust/expiry.ts';
import { describeEnd, describeList, listedAuthorities } from '../trust/revocation-lists.ts';
import { createFetch, createRevocationFetch } from '../trust/trust.ts';
import {
  describeMetadata,
  type MetadataTerms,
  type SignedSource,
} from '../trust/usable-metadata.ts';

export interface LiveCheck {
  readonly name: string;
  readonly state: 'good' | 'soon' | 'failed';
  readonly detail: string;
}

interface Step {
  readonly name: string;
  /** Resolves with what is worth telling. */
  readonly run: () => Promise<string>;
}

const messageOf = (cause: unknown): string => {
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join('; ');
  return cause instanceof Error ? cause.message : 'failed';
};

/** A log that is kept for the answer: on the output it would stand in the middle of it. */
function createComplaints() {
  const heard = new Set<string>();
  const hear = (_message: string, { alarm, cause }: Readonly<Record<string, unknown>> = {}): void =>
    void heard.add(typeof alarm === 'string' ? alarm : messageOf(cause));
  const logger: Logger = { info: hear, warn: hear, error: hear };
  return { heard, observers: { ...quietObservers(), logger } };
}

/** What the store answers, and where it fails what it said before: that no server is known is seldom the cause. */
async function describeStore(config: Config): Promise<string> {
  const { heard, observers } = createComplaints();
  try {
    return await askStore(config, observers);
  } catch (cause) {
    const whole = new Set([messageOf(cause), ...heard]);
    throw new Error([...whole].join('; '), { cause });
  }
}

async function askStore(config: Config, observers: Observers): Promise<string> {
  const existing = await existingStore(config, observers);
  if (!existing.store) return existing.atStart;
  const { store } = existing;
  try {
    const { roundTripMilliseconds } = await store.health();
    if (config.store.kind === 'sqlite') await requireWritable(config.store.path);
    return `${config.store.kind} answered in ${Math.round(roundTripMilliseconds)} ms`;
  } finally {
    await store.close();
  }
}

// By permission alone: a trial would change the file.
async function requireWritable(path: string): Promise<void> {
  await access(path, constants.W_OK);
  await access(dirname(path), constants.W_OK | constants.X_OK);
}

/** Each process that a start begins goes on with a chain of its own. */
async function requireChains({ audit, workers }: Config): Promise<void> {
  const slots = Array.from({ length: workers }, (_, index) => `w${index + 1}`);
  for (const suffix of workers === 1 ? [undefined] : slots) {
    const path = auditPath(audit.file, suffix);
    await requireResumable(audit.file, suffix).catch((cause: unknown) => {
      throw new Error(`${path}: ${messageOf(cause)}`, { cause });
    });
  }
}

/** A file of its own beside the audit: the audit itself belongs to the process that writes it. */
async function describeAuditDisk({ audit }: Config): Promise<string> {
  const folder = dirname(audit.file);
  if (!existsSync(folder)) return folderToBe(folder);
  const path = join(folder, `.probe-${randomUUID()}`);
  const probe = await open(path, 'wx', 0o600);
  try {
    await probe.appendFile('probe\n');
    await probe.datasync();
    return `${folder} can be written and synced`;
  } finally {
    await probe.close();
    await rm(path, { force: true });
  }
}

async function folderToBe(folder: string): Promise<string> {
  let above = dirname(folder);
  while (!existsSync(above)) above = dirname(above);
  await access(above, constants.W_OK | constants.X_OK);
  return `${folder} is not there yet; the first start makes it`;
}

function fetchSteps(config: Config, now: number): readonly Step[] {
  const fetchText = createFetch(config);
  const fetchMetadata = createFetch(config, 'metadata');
  const keysAt = async (load: () => Promise<{ readonly text: string }>): Promise<string> => {
    const { text } = await load();
    parseJwks(text);
    return 'a JWK Set was fetched';
  };
  const metadataOf = async (source: SignedSource, terms: MetadataTerms): Promise<string> => {
    const text = source.kind === 'metadata' ? source.xml : (await fetchMetadata(source.url)).text;
    return describeMetadata(text, source, terms);
  };
  const ofMetadata = ({ id, issuer, saml }: Config['trustedIssuers'][number]): readonly Step[] => {
    if (!saml || saml.keySource.kind === 'pinned') return [];
    const { keySource, skewSeconds } = saml;
    const terms = { entityId: issuer, skewSeconds, now };
    const name = `trusted issuer ${id} (metadata)`;
    return [{ name, run: () => metadataOf(keySource, terms) }];
  };
  const ofIssuers = config.trustedIssuers.flatMap((trusted): readonly Step[] => {
    const { id, issuer, jwt } = trusted;
    const keys = jwt?.keySource;
    const name = `trusted issuer ${id}`;
    return [
      ...(keys?.kind === 'url' ? [{ name, run: () => keysAt(() => fetchText(keys.url)) }] : []),
      ...(keys?.kind === 'discovery'
        ? [{ name, run: () => keysAt(() => discoverJwks(issuer, fetchText)) }]
        : []),
      ...ofMetadata(trusted),
    ];
  });
  const ofClients = config.clients.flatMap(({ client_id: id, jwks_uri: url }): readonly Step[] =>
    url === undefined ? [] : [{ name: `client ${id}`, run: () => keysAt(() => fetchText(url)) }],
  );
  return [...ofIssuers, ...ofClients];
}

/** Lists of revocation: those at addresses are fetched, and whether one has ended is told of all. */
function listSteps(config: Config, now: number): readonly Step[] {
  const fetchList = createRevocationFetch(config);
  const kept = listedAuthorities(config).map(({ authority, end, issuer }) => ({
    name: `trusted issuer ${issuer} (list of ${authority})`,
    run: async () => describeEnd(end, now),
  }));
  const fetched = config.trustedIssuers.flatMap(({ id, x509 }) =>
    (x509?.revocation?.listUrls ?? []).map((url) => ({
      name: `trusted issuer ${id} (list at ${url})`,
      run: async () => describeList(await fetchList(url), now),
    })),
  );
  return [...kept, ...fetched];
}

function certificateChecks(config: Config, now: number): readonly LiveCheck[] {
  return expiringCertificates(config).map(({ name, notAfter, whose }) => {
    const days = Math.floor((notAfter - now) / 86_400);
    const isSoon = notAfter - now < EXPIRY_WARNING_SECONDS;
    const state = now >= notAfter ? 'failed' : isSoon ? 'soon' : 'good';
    const detail = now >= notAfter ? 'it has ended' : `${days} days left`;
    return { name: `certificate (${whose}) ${name}`, state, detail };
  });
}

async function runStep({ name, run }: Step): Promise<LiveCheck> {
  try {
    return { name, state: 'good', detail: await run() };
  } catch (cause) {
    return { name, state: 'failed', detail: messageOf(cause) };
  }
}

/** Asks everything that the configuration depends on, all at once. */
export async function runLiveChecks(config: Config): Promise<readonly LiveCheck[]> {
  const now = systemClock.now();
  const steps: readonly Step[] = [
    { name: 'store', run: () => describeStore(config) },
    {
      name: 'audit',
      run: async () => {
        await requireChains(config);
        return describeAuditDisk(config);
      },
    },
    ...fetchSteps(config, now),
    ...listSteps(config, now),
  ];
  const checks = await Promise.all(steps.map(runStep));
  return [...checks, ...certificateChecks(config, now)];
}
