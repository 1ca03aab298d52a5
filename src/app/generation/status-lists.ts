// Status lists under Koa: `GET /status/{list}` (draft-ietf-oauth-status-list §8).

import { randomInt } from 'node:crypto';
import type { Middleware } from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import { putLast } from '#core/foreign/bounded-map.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { createSourceSlots } from '#core/request/source-slots.ts';
import type { StatusLists } from '#core/status-list/status-list.ts';
import type { Config } from '#src/config/config.ts';
import { basePathOf } from '#src/http/base-path.ts';
import { requestState } from '#src/http/request-state.ts';
import { STATUS_LIST_PATH } from '#src/tokens/jwt/claims/status-claim.ts';
import type { JwtSigningKeys } from '#src/tokens/jwt/jwt-issuer.ts';
import { writeStatusListToken } from '#src/tokens/jwt/status-list-token.ts';

/** The route for logs and metrics. */
export const STATUS_LIST_ROUTE = `${STATUS_LIST_PATH}*`;

const MEDIA_TYPE = 'application/statuslist+jwt';
/** As our id source makes them; anything else is nobody's. */
const LIST = /^[\w-]{22}$/;
/** Copies kept: each is about a kilobyte. */
const MAX_COPIES = 1000;
/** Lists that are read at one time. To know that a name is made up takes the store, and anybody may make up as many as he likes. */
const MOST_READ = 4;

/** The numbers from zero up to `size`, in random order. */
export function shuffled(size: number): readonly number[] {
  const numbers = Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [numbers[last], numbers[other]] = [numbers[other] ?? 0, numbers[last] ?? 0];
  }
  return numbers;
}

interface Copy {
  readonly madeAt: Instant;
  readonly token: string;
}

type StatusListSettings = Pick<Config, 'issuer' | 'statusLists'>;

interface StatusListParts {
  readonly statusLists: StatusLists;
  readonly keys: JwtSigningKeys;
  readonly clock: Clock;
}

/** Signs lists. That there is none of a name is not kept: whoever asks for made-up ones must not push the real ones out. */
function createCopies(
  { issuer, statusLists: settings }: StatusListSettings,
  parts: StatusListParts,
) {
  const { clock, keys, statusLists } = parts;
  const copies = new Map<string, Copy>();
  return {
    kept(list: string): Copy | undefined {
      const now = clock.now();
      const copy = copies.get(list);
      // A clock that was set back must not have a copy live longer, without what was revoked since.
      if (copy && copy.madeAt <= now && now < copy.madeAt + settings.ttlSeconds) return copy;
      copies.delete(list);
      return undefined;
    },
    async make(list: string): Promise<Copy | undefined> {
      const now = clock.now();
      const content = await statusLists.read(list);
      if (!content) return undefined;
      const token = await writeStatusListToken(content, { issuer, list, now, ...settings }, keys);
      const copy = { madeAt: now, token };
      putLast(copies, [list, copy], MAX_COPIES);
      return copy;
    },
  };
}

/** Copies of lists as they are answered, each made anew when its time to live is over, and once for all who ask meanwhile. */
function createFreshCopies(settings: StatusListSettings, parts: StatusListParts) {
  const copies = createCopies(settings, parts);
  const inSlot = createSourceSlots(MOST_READ);
  const making = new Map<string, Promise<Copy | undefined>>();
  const atHand = (list: string) => copies.kept(list) ?? making.get(list);
  const begin = (list: string): Promise<Copy | undefined> => {
    const made = copies.make(list).finally(() => making.delete(list));
    making.set(list, made);
    return made;
  };
  // Shared is what has begun: whoever asked before may have asked behind a flood of its own, and others must not wait there.
  return async (list: string, sourceAddress: string | undefined): Promise<Copy | undefined> =>
    atHand(list) ?? inSlot(sourceAddress, async () => atHand(list) ?? begin(list));
}

type Context = Parameters<Middleware>[0];

function refuse(ctx: Context, status: number, error: string): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { error };
}

/** What is wrong with a request for a list, if anything. */
function refusalOf(ctx: Context): readonly [status: number, error: string] | undefined {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return [405, 'method_not_allowed'];
  // §8.4: what a list said in the past is not kept, and must not be mistaken for what it says now.
  if (ctx.query['time'] !== undefined) return [501, 'not_implemented'];
  return ctx.accepts(MEDIA_TYPE) === false ? [406, 'not_acceptable'] : undefined;
}

/** The middleware; other paths are passed on. Anybody may read a list: it holds neither names nor ids. */
export function createStatusListMiddleware(
  config: StatusListSettings,
  parts: StatusListParts,
): Middleware {
  const prefix = `${basePathOf(config.issuer)}${STATUS_LIST_PATH}`;
  const copyOf = createFreshCopies(config, parts);
  return async (ctx, next) => {
    if (!ctx.path.startsWith(prefix)) {
      await next();
      return;
    }
    const state = requestState(ctx);
    state.route = STATUS_LIST_ROUTE;
    const refusal = refusalOf(ctx);
    if (refusal) {
      if (refusal[0] === 405) ctx.set('Allow', 'GET, HEAD');
      if (refusal[0] === 501) state.reason = 'operation-unsupported';
      return refuse(ctx, ...refusal);
    }
    const list = ctx.path.slice(prefix.length);
    try {
      const copy = LIST.test(list) ? await copyOf(list, state.sourceAddress) : undefined;
      if (copy === undefined) return refuse(ctx, 404, 'not_found');
      // Until there is a fresh one here: who keeps it for its time to live counts from when it was fetched.
      const leftSeconds = copy.madeAt + config.statusLists.ttlSeconds - parts.clock.now();
      ctx.set('Cache-Control', `public, max-age=${Math.max(leftSeconds, 0)}`);
      ctx.set('Access-Control-Allow-Origin', '*');
      ctx.type = MEDIA_TYPE;
      ctx.body = copy.token;
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure)) throw cause;
      state.reason = cause.reason;
      ctx.set('Retry-After', '1');
      refuse(ctx, 503, 'temporarily_unavailable');
    }
  };
}
