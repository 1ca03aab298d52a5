// What outlives a reload: state, audit and telemetry.
import { dirname } from 'node:path';
import type { Clock, Instant } from '#core/instant.ts';
import type { Store, StoreKey } from '#core/ports.ts';
import type { ChainHead } from '#src/audit/audit-key.ts';
import { openAuditLog } from '#src/audit/audit-log.ts';
import type { AuditSink } from '#src/audit/audit-sink.ts';
import type { Config } from '#src/config/config.ts';
import { makeFolders } from '#src/config/kept-file.ts';
import { closeAll } from '#src/http/drain.ts';
import type { ReadinessCheck } from '#src/http/health.ts';
import { createIdSource } from '#src/http/id-source.ts';
import { createOverloadGuard, type OverloadGuard } from '#src/http/load/overload.ts';
import { createBucketOutbox } from '#src/limits/bucket-outbox.ts';
import { type Counted, createRateLimiter, type RateLimiter } from '#src/limits/rate-limiter.ts';
import { createLogOutput } from '#src/telemetry/log-output.ts';
import { createLogger } from '#src/telemetry/logger.ts';
import { createMetrics } from '#src/telemetry/metrics.ts';
import { observeStore } from '#src/telemetry/observed-store.ts';
import { createRegistry, type Registry } from '#src/telemetry/registry.ts';
import { createVerifiedCache, type VerifiedCache } from '#src/users/password/verified-cache.ts';
import { requireAuditKey } from './audit-key.ts';
import type { Observers } from './observers.ts';
import { logSeldom } from './seldom-log.ts';
import { filePlace, startStep } from './start-failure.ts';
import { openStore } from './store.ts';

export interface Foundation extends Observers {
  readonly registry: Registry;
  readonly store: Store;
  /** When the store began to remember. */
  readonly storeBegan: () => Instant;
  /** What must hold for the store besides answering. */
  readonly storeChecks: readonly ReadinessCheck[];
  readonly audit: AuditSink;
  readonly limiter: RateLimiter;
  readonly goodLogins: VerifiedCache;
  readonly overload: OverloadGuard;
  /** What is being worked on, for the log of a crash. */
  readonly inHand: RequestInHand[];
}

/** What may be told of a request whatever it holds. */
export interface RequestInHand {
  readonly correlationId: string | undefined;
  readonly sourceAddress: string | undefined;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
}

/** The place of a process among those that serve one configuration. */
export interface Seat {
  /** Counted from 1: names its audit file. */
  readonly slot: number;
  /** Where it writes its log. */
  readonly logFd: number;
  /** The last known heads of the audits of the others. */
  readonly otherHeads: () => readonly ChainHead[];
}

/** Opens the audit of a process, which tells of what it cannot write. */
async function openAudit(config: Config, observers: Observers, seat?: Seat): Promise<AuditSink> {
  const { clock, logger, metrics } = observers;
  const {
    file: path,
    hmacKeyBase64,
    maxFileAgeSeconds,
    maxFileBytes,
    waitMilliseconds,
  } = config.audit;
  const tell = logSeldom(clock, (fields) => logger.error('the audit cannot be written', fields));
  const open = async () => {
    await makeFolders(dirname(path));
    return openAuditLog({
      path,
      ...(seat && { suffix: `w${seat.slot}`, otherHeads: seat.otherHeads }),
      key: Buffer.from(hmacKeyBase64, 'base64'),
      waitMilliseconds,
      maxFileBytes,
      maxFileAgeMilliseconds: (maxFileAgeSeconds ?? Number.POSITIVE_INFINITY) * 1000,
      onWrite: (seconds) => metrics.auditWriteSeconds.observe({}, seconds),
      onFailure(cause) {
        metrics.auditWriteFailures.increment({});
        tell(cause);
      },
    });
  };
  await requireAuditKey(config);
  return startStep(filePlace('audit.file', path), config, open);
}

/** Opens the audit, then the store: what cannot be recorded is not begun.
 * @throws {Error} when either cannot be used */
export async function openFoundation(
  config: Config,
  clock: Clock,
  seat?: Seat,
): Promise<Foundation> {
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  const logger = createLogger({
    level: config.log.level,
    ...(seat && { destination: createLogOutput(seat.logFd) }),
  });
  const observers = { clock, logger, metrics };
  const audit = await openAudit(config, observers, seat);
  const { store, began, checks } = await openStore(config, observers).catch(
    async (cause: unknown) => {
      await audit.close();
      throw cause;
    },
  );
  const observed = observeStore(store, {
    seconds: metrics.storeOperationSeconds,
    onReplay: (key) => metrics.replayDetected.increment({ class: markClassOf(key) }),
    // Redis tells of its commands itself, by their replies.
    ...(config.store.kind !== 'redis' && {
      onFailure: logSeldom(clock, (fields) => logger.warn('store command failed', fields)),
    }),
  });
  const limiter = openLimiter(config, { audit, ...observers, store: observed });
  const overload = createOverloadGuard();
  return {
    ...observers,
    registry,
    store: observed,
    storeBegan: began,
    storeChecks: checks,
    audit,
    limiter,
    goodLogins: createVerifiedCache(clock),
    overload,
    inHand: [],
  };
}

/** Writes what waits, and lets go of everything: the audit first.
 * @throws {AggregateError} what could not be closed well, after all was tried */
export const closeFoundation = ({ audit, overload, store }: Foundation): Promise<void> =>
  closeAll([() => audit.close(), () => store.close(), async () => overload.stop()]);

/** Whose limit it is, as the audit has it. */
function partyOf({ id, kind }: Counted, issuer: string) {
  if (kind === 'address') return { sourceAddress: id };
  if (kind === 'relying-party') return { targets: [id] };
  if (kind === 'subject') return { subject: { issuer, id } };
  return { requestor: { id, kind, method: 'unknown' } };
}

/** A limiter that fails is told of and lets through what this process's share allows. */
function openLimiter(
  { issuer, limits, workers }: Config,
  parts: Pick<Foundation, 'audit' | 'clock' | 'logger' | 'metrics' | 'store'>,
): RateLimiter {
  const { audit, clock, logger, metrics, store } = parts;
  const newId = createIdSource();
  const outbox = createBucketOutbox({
    store,
    onAway(isAway, cause) {
      metrics.rateLimitLocalFallback.set({}, isAway ? 1 : 0);
      if (isAway) logger.warn('rate limits are counted locally', { cause });
      else logger.info('rate limits are shared again');
    },
  });
  return createRateLimiter({
    outbox,
    clock,
    shares: limits.nodes * workers,
    onRefused({ kind, id }) {
      // Whom a token is about is nobody's business who reads the log.
      logger.warn('a rate limit is reached', { kind, ...(kind !== 'subject' && { id }) });
      const record = {
        event: 'limit.reached',
        outcome: 'refused',
        reason: 'rate-limited',
        correlationId: newId(),
        ...partyOf({ id, kind }, issuer),
      } as const;
      // Not waited for: the refusal says nothing that must be on record first. The audit tells of its own failures.
      audit.append(record).catch(() => undefined);
    },
  });
}

/** What one-time marks other than those of tokens begin with. A closed list: a label must not be somebody's id. */
const MARK_CLASSES: ReadonlySet<string> = new Set([
  'challenge',
  'client-assertion',
  'one-time-password',
  'wsse-nonce',
  'wsse-signature',
]);

/** The kind of evidence behind a one-time mark. */
function markClassOf({ parts: [first = ''] }: StoreKey): string {
  return MARK_CLASSES.has(first) ? first : 'token';
}
