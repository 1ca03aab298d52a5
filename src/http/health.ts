// The management application: health and metrics. On a port of its own, never on the public one.
import { isIP } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import Koa from 'koa';

export interface ReadinessCheck {
  /** The reason that is told when it fails: `store`, `audit`, `keys`, … Never the failure itself. */
  readonly reason: string;
  readonly check: () => Promise<void>;
}

export interface ManagementSettings {
  /** Why requests should not come; none: they should. It must answer soon. */
  readonly notReadyFor: () => Promise<readonly string[]>;
  readonly isStarted: () => boolean;
  /** Only who is on this host gets here. */
  readonly isLocal: boolean;
  readonly metrics: { readonly contentType: string; readonly write: () => Promise<string> };
  readonly maxLoopDelayMilliseconds?: number;
}

interface ManagementApp {
  readonly app: Koa;
  close(): void;
}

interface Answer {
  readonly status: 200 | 503;
  readonly body: object | string;
  readonly type?: string;
}

const NANOSECONDS = 1e6;

async function passes({ check }: ReadinessCheck, deadlineMilliseconds: number): Promise<boolean> {
  const deadline = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => deadline.resolve(false), deadlineMilliseconds);
  const run = async (): Promise<boolean> => {
    await check();
    return true;
  };
  try {
    return await Promise.race([run().catch(() => false), deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The reasons of the checks that do not pass in time: all of them are run, at once. */
export async function failedChecks(
  checks: readonly ReadinessCheck[],
  deadlineMilliseconds = 1000,
): Promise<readonly string[]> {
  const results = await Promise.all(checks.map((check) => passes(check, deadlineMilliseconds)));
  return checks.filter((_, index) => !results[index]).map(({ reason }) => reason);
}

function readiness(reasons: readonly string[]): Answer {
  return reasons.length === 0
    ? { status: 200, body: { status: 'ready', reasons } }
    : { status: 503, body: { status: 'not-ready', reasons } };
}

/** Whoever publishes a name can have it lead here, and a page of theirs would read in a browser of this host what we say (DNS rebinding).
 * With an address, and with these names, nobody can; a browser always says one. */
const isPublishedName = (hostname: string): boolean =>
  !['localhost', ''].includes(hostname.toLowerCase()) &&
  isIP(hostname.replaceAll(/[[\]]/g, '')) === 0;

const METHODS: readonly string[] = ['GET', 'HEAD'];

function refuse(ctx: Koa.Context, status: 404 | 405 | 421, error: string): void {
  ctx.status = status;
  if (status === 405) ctx.set('Allow', METHODS.join(', '));
  ctx.body = { error };
}

/** Makes the management application. */
export function createManagementApp(settings: ManagementSettings): ManagementApp {
  const { maxLoopDelayMilliseconds = 1000 } = settings;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();

  /** Only what a restart mends: a store that is down is no reason to kill the process that waits for it. */
  function liveness(): Answer {
    const milliseconds = Math.round(delay.percentile(99) / NANOSECONDS);
    delay.reset();
    const isLive = milliseconds < maxLoopDelayMilliseconds;
    const status = isLive ? 'live' : 'event-loop-blocked';
    return { status: isLive ? 200 : 503, body: { status, loopDelayMilliseconds: milliseconds } };
  }
  const started = (): Answer =>
    settings.isStarted()
      ? { status: 200, body: { status: 'started' } }
      : { status: 503, body: { status: 'starting' } };
  const metrics = async (): Promise<Answer> => ({
    status: 200,
    body: await settings.metrics.write(),
    type: settings.metrics.contentType,
  });
  const routes = new Map<string, () => Answer | Promise<Answer>>([
    ['/livez', liveness],
    ['/readyz', async () => readiness(await settings.notReadyFor())],
    ['/startupz', started],
    ['/metrics', metrics],
  ]);

  const app = new Koa();
  app.use(async (ctx) => {
    ctx.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (settings.isLocal && isPublishedName(ctx.hostname))
      return refuse(ctx, 421, 'misdirected_request');
    const route = routes.get(ctx.path);
    if (!route) return refuse(ctx, 404, 'not_found');
    if (!METHODS.includes(ctx.method)) return refuse(ctx, 405, 'method_not_allowed');
    const { status, body, type } = await route();
    ctx.status = status;
    if (type !== undefined) ctx.type = type;
    ctx.body = body;
  });
  return { app, close: () => void delay.disable() };
}
