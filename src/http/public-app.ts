// The root Koa application of the public listener: headers, errors, and a handler that can be swapped under load.
import Koa from 'koa';
import compose from 'koa-compose';
import { ExchangeFailure } from '#core/failure.ts';
import { createEndOfTurn } from './load/end-of-turn.ts';
import { HttpRefusal } from './message/http-refusal.ts';
import { requestState } from './request-state.ts';

const KEPT_HEADERS = new Set([
  'connection',
  'strict-transport-security',
  'x-content-type-options',
  'x-correlation-id',
]);
const HSTS_SECONDS = 31_536_000;

interface PublicAppSettings {
  /** Always there, outermost first: correlation, proxies, host pin. */
  readonly middleware: readonly Koa.Middleware[];
  /** The first inner handlers; `swap` replaces them. */
  readonly handlers: readonly Koa.Middleware[];
  /** Hears of what is answered with 500, for the log. */
  readonly onError: (cause: unknown, correlationId: string | undefined) => void;
}

export interface PublicApp {
  readonly app: Koa;
  /** From now on requests go to these handlers; those in flight finish on the ones they began with. */
  swap(handlers: readonly Koa.Middleware[]): void;
}

interface ErrorAnswer {
  readonly status: number;
  readonly error: string;
  readonly retryAfterSeconds?: number;
}

/** The answer for what no front has translated. Never a text of the failure: it may hold anything. */
function answerFor(cause: unknown): ErrorAnswer {
  if (cause instanceof HttpRefusal) return { status: cause.status, error: 'invalid_request' };
  if (!(cause instanceof ExchangeFailure)) return { status: 500, error: 'server_error' };
  const { reason, retryAfterSeconds = 1 } = cause;
  const error = 'temporarily_unavailable';
  if (reason === 'rate-limited') return { status: 429, error, retryAfterSeconds };
  if (reason === 'dependency-unavailable') return { status: 503, error, retryAfterSeconds };
  return { status: 400, error: 'invalid_request' };
}

function answerErrors(onError: PublicAppSettings['onError']): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (cause) {
      const { status, error, retryAfterSeconds } = answerFor(cause);
      if (status === 500) onError(cause, requestState(ctx).correlationId);
      // What the handler had begun to say must not go out with the error: a cookie, a cache lifetime, a location.
      for (const name of Object.keys(ctx.response.headers)) {
        if (!KEPT_HEADERS.has(name)) ctx.remove(name);
      }
      ctx.set('cache-control', 'no-store');
      ctx.status = status;
      ctx.body = { error };
      if (retryAfterSeconds !== undefined) ctx.set('retry-after', String(retryAfterSeconds));
    }
  };
}

/** Safe defaults; a handler may say otherwise, as metadata does about caching. */
const setHeaders: Koa.Middleware = (ctx, next) => {
  ctx.set({
    'strict-transport-security': `max-age=${HSTS_SECONDS}`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  return next();
};

const answerNotFound: Koa.Middleware = async (ctx, next) => {
  await next();
  if (ctx.status !== 404 || (ctx.body !== undefined && ctx.body !== null)) return;
  ctx.status = 404;
  ctx.body = { error: 'not_found' };
};

/** How a client ends its connection is no error of ours: by resetting it, or with what is no request, anybody could fill our log. */
const isEndOfConnection = (cause: unknown): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  /^(?:HPE_\w+|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(String(cause.code));

/** Makes the public application. */
export function createPublicApp({ middleware, handlers, onError }: PublicAppSettings): PublicApp {
  let inner = compose([...handlers]);
  // `proxy`: Koa reads the headers that `pinHost` has overwritten.
  const app = new Koa({ proxy: true });
  // What goes wrong while an answer is sent; Koa would write it to the standard error.
  app.on('error', (cause: unknown) => {
    if (!isEndOfConnection(cause)) onError(cause, undefined);
  });
  app.use(setHeaders);
  app.use(answerErrors(onError));
  for (const outer of middleware) app.use(outer);
  // Within the outer middleware too, so that they see the status of a failure.
  app.use(answerErrors(onError));
  app.use(answerNotFound);
  const endOfTurn = createEndOfTurn();
  app.use(async (ctx, next) => {
    await endOfTurn();
    await inner(ctx, next);
  });
  return {
    app,
    swap(next) {
      inner = compose([...next]);
    },
  };
}
