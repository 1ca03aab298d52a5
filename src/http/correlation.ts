// The outermost middleware of a request: its correlation id, one log line, one count.
import type Koa from 'koa';
import { createIdSource } from './id-source.ts';
import { requestState } from './request-state.ts';

/** What is told of a request. Nothing in it is made up by the client: it goes into metric labels. */
export interface Access {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly correlationId: string;
  readonly grant: string;
  readonly outcome: 'answered' | 'refused' | 'failed';
  readonly reason: string;
}

interface CorrelationSettings {
  /** The paths we serve; one that ends in `/*` stands for all below it. */
  readonly routes: readonly string[];
  /** Counts and logs. */
  readonly onAccess: (access: Access) => void;
}

/** Reasons that are no fault of the request. */
const OUR_REASONS: ReadonlySet<string> = new Set(['server-error', 'dependency-unavailable']);

/** A SOAP fault has status 500 also where the message is at fault: there the reason tells. */
function outcomeOf(status: number, reason: string | undefined): Access['outcome'] {
  if (status < 400) return 'answered';
  const isOurs = reason === undefined || OUR_REASONS.has(reason);
  return status < 500 || !isOurs ? 'refused' : 'failed';
}

/** The configured route of a path: a path that a client made up must become neither a label nor a log line. */
function createRouteTable(routes: readonly string[]): (path: string) => string {
  const exact = new Set(routes);
  const prefixes = routes.filter((route) => route.endsWith('/*'));
  return (path) => {
    if (exact.has(path)) return path;
    return prefixes.find((prefix) => path.startsWith(prefix.slice(0, -1))) ?? 'other';
  };
}

/** Gives each request a new id of 128 random bits. One that the client sends is not taken: it could make two requests look
 * like one in the audit, or write into our log. */
export function createCorrelation({ routes, onAccess }: CorrelationSettings): Koa.Middleware {
  const routeOf = createRouteTable(routes);
  const newId = createIdSource();
  return async (ctx, next) => {
    const started = performance.now();
    const state = requestState(ctx);
    const correlationId = newId();
    const { method } = ctx;
    state.correlationId = correlationId;
    ctx.set('x-correlation-id', correlationId);
    let status = 500;
    try {
      await next();
      status = ctx.status;
    } finally {
      const outcome = outcomeOf(status, state.reason);
      onAccess({
        method,
        // Not before: until `pinHost` has been at the target, reading it can throw.
        route: state.route ?? routeOf(ctx.path),
        status,
        milliseconds: Math.round((performance.now() - started) * 10) / 10,
        correlationId,
        grant: state.grant ?? '',
        outcome,
        reason: state.reason ?? (outcome === 'failed' ? 'server-error' : ''),
      });
    }
  };
}
