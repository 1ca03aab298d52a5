// What is refused before any work: more than this process can do, and more than one source or requestor may ask.
import type { Middleware } from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import { sourceBlock } from '#core/source-block.ts';
import type { Config } from '../config/config.ts';
import { requestState } from '../http/request-state.ts';
import type { Foundation } from './foundation.ts';

/** Metadata, keys, WSDL: static, cheap, and what others need to verify what we issued. Never refused. */
const isStatic = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Counts requests by their source, and holds back what is too much. Goes around both fronts.
 * @throws {ExchangeFailure} `rate-limited`, `dependency-unavailable` */
export function createAdmission(
  { limits }: Config,
  { limiter, overload }: Pick<Foundation, 'limiter' | 'overload'>,
): Middleware {
  const { perAddress } = limits;
  return async (ctx, next) => {
    if (isStatic(ctx.method)) {
      await next();
      return;
    }
    const state = requestState(ctx);
    try {
      if (perAddress) {
        const id = sourceBlock(state.sourceAddress ?? '');
        limiter.admit({ kind: 'address', id }, perAddress);
      }
      await overload.run(limits, next);
    } catch (cause) {
      if (cause instanceof ExchangeFailure) state.reason ??= cause.reason;
      throw cause;
    }
  };
}

/** Counts the requests of authenticated clients, and of requestors of the SOAP front. */
export function createRequestorAdmission(
  { clients, limits: { perClient } }: Config,
  { limiter }: Pick<Foundation, 'limiter'>,
) {
  const rates = new Map(clients.map((client) => [client.client_id, client.rate_limit]));
  return {
    admitClient: (id: string): void => {
      const rate = rates.get(id) ?? perClient;
      if (rate) limiter.admit({ kind: 'client', id }, rate);
    },
    admitRequestor: (id: string): void => {
      if (perClient) limiter.admit({ kind: 'principal', id }, perClient);
    },
  };
}
