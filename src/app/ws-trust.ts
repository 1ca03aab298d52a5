// The WS-Trust front under Koa: bytes in, bytes out. What a message says is none of this file's business.
import { TLSSocket } from 'node:tls';
import type { Middleware } from 'koa';
import type { WsTrustFront, WsTrustResponse } from '#bridge';
import type { Config } from '../config/config.ts';
import { readBody } from '../http/body.ts';
import { createTrustedProxies } from '../http/proxy.ts';
import { requestState } from '../http/request-state.ts';

const CONTENT_TYPES: readonly string[] = ['text/xml', 'application/soap+xml'];

function isPathOf(pattern: string, path: string): boolean {
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function answer(
  ctx: Parameters<Middleware>[0],
  { body, headers, reason, status }: WsTrustResponse,
): void {
  const state = requestState(ctx);
  state.grant = 'ws-trust';
  if (reason !== undefined) state.reason = reason;
  ctx.status = status;
  ctx.set({ ...headers });
  ctx.body = body;
}

/** The middleware of the front; other paths are passed on. */
export function createWsTrustMiddleware(front: WsTrustFront, config: Config): Middleware {
  const { origin } = new URL(config.issuer);
  const proxies = createTrustedProxies(config.trustedProxies);
  const maxBodyBytes = config.wsTrust?.maxMessageBytes ?? 0;
  return async (ctx, next) => {
    const pattern = front.paths.find((candidate) => isPathOf(candidate, ctx.path));
    if (pattern === undefined) {
      await next();
      return;
    }
    const state = requestState(ctx);
    state.route = pattern;
    const { socket } = ctx.req;
    const { correlationId, sourceAddress } = state;
    if (correlationId === undefined)
      throw new Error('no correlation id: the outer middleware is missing');
    const response = await front.handle({
      method: ctx.method,
      path: ctx.path,
      query: ctx.querystring,
      headers: ctx.headers,
      body:
        ctx.method === 'POST'
          ? await readBody(ctx, { maxBodyBytes, contentTypes: CONTENT_TYPES })
          : new Uint8Array(),
      correlationId,
      ...(sourceAddress !== undefined && { sourceAddress }),
      publicOrigin: origin,
      isSecure:
        state.wasPlain !== true &&
        (socket instanceof TLSSocket || proxies.has(socket.remoteAddress ?? '')),
    });
    answer(ctx, response);
  };
}
