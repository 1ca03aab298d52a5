// The composition root: with app/ the only place that sees every part. It builds, swaps and stops; it decides nothing.
import type { Middleware } from 'koa';
import type { Clock } from '#core/instant.ts';
import {
  closeFoundation,
  type Foundation,
  openFoundation,
  type Seat,
} from './app/foundation/foundation.ts';
import { systemClock } from './app/foundation/observers.ts';
import { listenerPlace, startStep } from './app/foundation/start-failure.ts';
import { createGeneration, type Generation } from './app/generation/generation.ts';
import { Generations, type PreparedReload } from './app/generation/generations.ts';
import { STATUS_LIST_ROUTE } from './app/generation/status-lists.ts';
import { createManagement, type Management } from './app/management.ts';
import { remindOfMemory } from './app/memory.ts';
import type { ChainHead } from './audit/audit-key.ts';
import type { Config } from './config/config.ts';
import { createCorrelation } from './http/correlation.ts';
import { createDrain, type Drain } from './http/drain.ts';
import { failedChecks, type ReadinessCheck } from './http/health.ts';
import { createListener, type Listener, requestListener, urlOf } from './http/listener.ts';
import { createPublicApp, type PublicApp } from './http/public-app.ts';
import { OAUTH_PATHS } from './oauth/front.ts';

export interface App {
  /** Opens the listeners and resolves with their addresses. */
  listen(): Promise<{ readonly publicUrl: string; readonly managementUrl: string }>;
  /** Builds everything anew from a configuration, to be swapped in; what is open stays open.
   * @throws {Error} when the new one cannot be built, or needs a new process */
  prepare(config: Config): Promise<PreparedReload>;
  /** Why requests should not come here; none: they should. */
  notReadyFor(): Promise<readonly string[]>;
  metrics(): string;
  /** What is being worked on. */
  requestsInHand(): readonly object[];
  /** The last durable line of the audit. */
  auditHead(): ChainHead;
  /** Not ready, drain (taking requests for `atLeastMilliseconds` more in any case), flush, close. */
  stop(atLeastMilliseconds?: number): Promise<void>;
}

function createOuter({ logger, metrics }: Foundation): readonly Middleware[] {
  return [
    createCorrelation({
      routes: [...OAUTH_PATHS, STATUS_LIST_ROUTE],
      onAccess: ({ route, grant, outcome, reason, ...rest }) => {
        metrics.requests.increment({ endpoint: route, grant, outcome, reason });
        logger.info('request', { route, grant, outcome, reason, ...rest });
      },
    }),
  ];
}

const readinessChecks = (
  { audit, store, storeChecks }: Foundation,
  isServing: () => boolean,
): readonly ReadinessCheck[] => [
  {
    reason: 'draining',
    check: async () => {
      if (!isServing()) throw new Error('not serving');
    },
  },
  {
    reason: 'store',
    check: async () => {
      await store.health();
    },
  },
  ...storeChecks,
  { reason: 'audit', check: () => audit.probe() },
];

interface Servers {
  readonly listener: Listener;
  readonly checks: readonly ReadinessCheck[];
  /** Absent where another process has it. */
  readonly management: Management | undefined;
  readonly drain: Drain;
}

function createServers(
  config: Config,
  foundation: Foundation,
  { publicApp, seat }: { readonly publicApp: PublicApp; readonly seat: Seat | undefined },
): Servers {
  const { maxConnections } = config.limits;
  const isGuarded = config.trustedProxies.length > 0;
  const listener = createListener(
    { ...config.listeners.public, maxConnections, isGuarded },
    requestListener(publicApp.app),
  );
  const memory = remindOfMemory();
  const isServing = (): boolean => listener.server.listening && !drain.isDraining();
  const checks = readinessChecks(foundation, isServing);
  const management = seat
    ? undefined
    : createManagement(config, {
        isStarted: isServing,
        notReadyFor: () => failedChecks(checks),
        writeMetrics: async () => foundation.registry.write(),
      });
  const drain = createDrain({
    server: listener.server,
    drainDelayMilliseconds: config.drain.delaySeconds * 1000,
    graceMilliseconds: config.drain.graceSeconds * 1000,
    onDrained: [
      () => closeFoundation(foundation),
      async () => memory.stop(),
      async () => management?.close(),
    ],
  });
  return { listener, checks, management, drain };
}

interface AppOptions {
  readonly clock?: Clock;
  /** Present: one of several processes, whose management another one has. */
  readonly seat?: Seat;
}

/** Builds the product from a configuration. Nothing listens before `listen`.
 * @throws {Error} when a key, the store or the audit cannot be used */
export async function createApp(
  config: Config,
  { clock = systemClock, seat }: AppOptions = {},
): Promise<App> {
  const foundation = await openFoundation(config, clock, seat);
  try {
    return createAppOver(foundation, await createGeneration(config, foundation), { config, seat });
  } catch (cause) {
    // What stays open would keep the process, and its locks, for ever. Why it failed counts, not what closing it met.
    await closeFoundation(foundation).catch(() => undefined);
    throw cause;
  }
}

interface Seated {
  readonly config: Config;
  readonly seat: Seat | undefined;
}

function createAppOver(foundation: Foundation, first: Generation, { config, seat }: Seated): App {
  const generations = new Generations(foundation, config, first);
  const publicApp = createPublicApp({
    middleware: createOuter(foundation),
    handlers: generations.handlers,
    onError: (cause, correlationId) =>
      foundation.logger.error('request failed', { cause, correlationId }),
  });
  const servers = createServers(config, foundation, { publicApp, seat });
  const { checks, drain, listener, management } = servers;
  return {
    async listen() {
      try {
        await foundation.audit.probe();
        const managementUrl = (await management?.listen()) ?? '';
        const place = listenerPlace(config.listeners, 'public');
        const publicAddress = await startStep(place, config, () => listener.listen());
        generations.serve({ publicApp, listener });
        const publicUrl = urlOf(publicAddress, config.listeners.public.tls !== undefined);
        return { publicUrl, managementUrl };
      } catch (cause) {
        generations.stop();
        await drain.abandon().catch(() => undefined);
        throw cause;
      }
    },
    prepare: (next) => generations.prepare(next),
    notReadyFor: () => failedChecks(checks),
    metrics: () => foundation.registry.write(),
    requestsInHand: () => [...foundation.inHand],
    auditHead: () => foundation.audit.head(),
    async stop(atLeastMilliseconds) {
      generations.stop();
      await drain.start(atLeastMilliseconds);
    },
  };
}
