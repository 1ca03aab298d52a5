// The composition root: with app/ the only place that sees every part. It builds, swaps and stops; it decides nothing.
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import type { Clock } from '#core/instant.ts';
import { type Foundation, openFoundation } from './app/foundation.ts';
import { buildGeneration, type Generation } from './app/generation.ts';
import type { Config } from './config/config.ts';
import { createCorrelation } from './http/correlation.ts';
import { createDrain, type Drain } from './http/drain.ts';
import { createManagementApp } from './http/health.ts';
import { createListener, type Listener } from './http/listener.ts';
import { createPublicApp, type PublicApp } from './http/mount.ts';
import { createTrustedProxies, pinHost, trustProxies } from './http/proxy.ts';
import { OAUTH_PATHS } from './oauth/front.ts';
import { METRICS_CONTENT_TYPE } from './telemetry/registry.ts';

const REBUILD_AT_LATEST_MILLISECONDS = 3_600_000;

export interface App {
  /** Opens both listeners and resolves with their addresses. */
  listen(): Promise<{ readonly publicUrl: string; readonly managementUrl: string }>;
  /** Whether the store and the audit answer. @throws {Error} when one does not */
  probe(): Promise<void>;
  /** Builds everything anew from a configuration and swaps it in; what is open stays open.
   * @throws {Error} and keeps the old one when the new one cannot be built */
  reload(config: Config): Promise<void>;
  /** Not ready, drain, flush, close. */
  stop(): Promise<void>;
}

const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: () => Date.now(),
};

// Koa answers by itself; a promise it rejects with would be a bug of Koa's.
const requestListener = (app: Koa): RequestListener => {
  const handle = app.callback();
  return (request, response) => void handle(request, response);
};

/** The handlers in force, replaced when a key or the configuration changes. */
class Generations {
  readonly #foundation: Foundation;
  #config: Config;
  #current: Generation;
  #count = 1;
  #timer: NodeJS.Timeout | undefined;
  #publicApp: PublicApp | undefined;

  constructor(foundation: Foundation, config: Config, first: Generation) {
    this.#foundation = foundation;
    this.#config = config;
    this.#current = first;
  }

  get handlers(): Generation['handlers'] {
    return this.#current.handlers;
  }

  /** From now on this application gets each new generation. */
  serve(publicApp: PublicApp): void {
    this.#publicApp = publicApp;
    this.#schedule();
  }

  async replace(config: Config): Promise<void> {
    this.#current = await buildGeneration(config, this.#foundation);
    this.#config = config;
    this.#publicApp?.swap(this.#current.handlers);
    this.#foundation.metrics.configGeneration.set({}, ++this.#count);
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Builds anew when a key starts to sign or is no longer published. */
  #schedule(): void {
    this.stop();
    const { clock, logger } = this.#foundation;
    const change = this.#current.ring.nextChange(clock.now());
    if (change === undefined) return;
    const milliseconds = Math.max(change - clock.now(), 1) * 1000;
    this.#timer = setTimeout(
      () => {
        this.replace(this.#config).catch((cause: unknown) => {
          logger.error('keys could not be rolled over', { cause });
        });
      },
      Math.min(milliseconds, REBUILD_AT_LATEST_MILLISECONDS),
    ).unref();
  }
}

function createOuter(config: Config, { logger, metrics }: Foundation): readonly Middleware[] {
  return [
    createCorrelation({
      routes: OAUTH_PATHS,
      onAccess: ({ route, grant, outcome, reason, ...rest }) => {
        metrics.requests.increment({ endpoint: route, grant, outcome, reason });
        logger.info('request', { route, grant, outcome, reason, ...rest });
      },
    }),
    trustProxies(createTrustedProxies(config.trustedProxies)),
    pinHost(config.issuer),
  ];
}

function createManagement(foundation: Foundation, isServing: () => boolean) {
  return createManagementApp({
    isStarted: isServing,
    checks: [
      {
        reason: 'draining',
        check: async () => {
          if (!isServing()) throw new Error('not serving');
        },
      },
      {
        reason: 'store',
        check: async () => {
          await foundation.store.health();
        },
      },
      ...foundation.storeChecks,
      { reason: 'audit', check: () => foundation.audit.probe() },
    ],
    metrics: { contentType: METRICS_CONTENT_TYPE, write: () => foundation.registry.write() },
  });
}

interface Servers {
  readonly listener: Listener;
  readonly managementListener: Listener;
  readonly drain: Drain;
}

function createServers(config: Config, foundation: Foundation, publicApp: PublicApp): Servers {
  const { audit, logger, store } = foundation;
  const { trustedProxies } = config;
  const listener = createListener(
    { ...config.listeners.public, trustedProxies },
    requestListener(publicApp.app),
  );
  const management = createManagement(
    foundation,
    () => listener.server.listening && !drain.isDraining(),
  );
  const managementListener = createListener(
    config.listeners.management,
    requestListener(management.app),
  );
  const drain = createDrain({
    servers: [listener.server],
    drainDelayMilliseconds: config.drain.delaySeconds * 1000,
    graceMilliseconds: config.drain.graceSeconds * 1000,
    onDrained: [
      () => audit.close(),
      () => store.close(),
      async () => management.close(),
      async () => {
        managementListener.server.close();
        managementListener.server.closeAllConnections();
      },
      () => logger.flush(),
    ],
  });
  return { listener, managementListener, drain };
}

function urlOf({ address, family, port }: AddressInfo, isTls: boolean): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `${isTls ? 'https' : 'http'}://${host}:${port}`;
}

/** Builds the product from a configuration. Nothing listens before `listen`.
 * @throws {Error} when a key, the store or the audit cannot be used */
export async function createApp(config: Config, { clock = systemClock } = {}): Promise<App> {
  const foundation = await openFoundation(config, clock);
  const generations = new Generations(
    foundation,
    config,
    await buildGeneration(config, foundation),
  );
  const publicApp = createPublicApp({
    middleware: createOuter(config, foundation),
    handlers: generations.handlers,
    onError: (cause, correlationId) =>
      foundation.logger.error('request failed', { cause, correlationId }),
  });
  const { drain, listener, managementListener } = createServers(config, foundation, publicApp);
  return {
    async listen() {
      await foundation.audit.probe();
      const managementAddress = await managementListener.listen();
      const publicAddress = await listener.listen();
      generations.serve(publicApp);
      return {
        publicUrl: urlOf(publicAddress, config.listeners.public.tls !== undefined),
        managementUrl: urlOf(managementAddress, false),
      };
    },
    async probe() {
      await Promise.all([foundation.store.health(), foundation.audit.probe()]);
    },
    reload: (next) => generations.replace(next),
    async stop() {
      generations.stop();
      await drain.start();
    },
  };
}
