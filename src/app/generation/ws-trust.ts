// The WS-Trust front under Koa: bytes in, bytes out. What a message says is none of this file's business.
import { TLSSocket } from 'node:tls';
import type { Middleware } from 'koa';
import type { WsTrustFront, WsTrustResponse } from '#bridge';
import { ExchangeFailure } from '#core/failure.ts';
import type { AuditLog } from '#core/ports.ts';
import type { Config } from '#src/config/config.ts';
import { basePathOf, publicBaseOf } from '#src/http/base-path.ts';
import { clientCertificates } from '#src/http/client-certificates.ts';
import { type BodyLimits, readBody } from '#src/http/message/body.ts';
import { HttpRefusal } from '#src/http/message/http-refusal.ts';
import { createTrustedProxies } from '#src/http/proxy.ts';
import { type RequestState, requestState } from '#src/http/request-state.ts';
import type { Foundation } from '../foundation/foundation.ts';

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

/** The part of a path below that of the issuer; empty where it is not below it. */
const pathBelow = (base: string, path: string): string =>
  path.startsWith(`${base}/`) ? path.slice(base.length) : '';

function correlationOf({ correlationId }: RequestState): string {
  if (correlationId === undefined)
    throw new Error('no correlation id: the outer middleware is missing');
  return correlationId;
}

/** What is refused before its message was read is a fault, or JSON, on the paths of the front. */
export function createWsTrustRefusals(front: WsTrustFront, issuer: string): Middleware {
  const base = basePathOf(issuer);
  return async (ctx, next) => {
    try {
      await next();
    } catch (cause) {
      const path = pathBelow(base, ctx.path);
      const route = front.routeOf(path);
      if (route === undefined || !(cause instanceof ExchangeFailure)) throw cause;
      const state = requestState(ctx);
      state.route = route;
      const { headers } = ctx;
      answer(ctx, front.refuse({ path, headers, correlationId: correlationOf(state) }, cause));
    }
  };
}

const SOAP_MEDIA_TYPES = ['text/xml', 'application/soap+xml'];

/** SOAP clients take every status but 200 and 500 for a broken transport (ws-trust W12): what is SOAP by its media type gets a fault.
 * For what is none the status says it (SOAP 1.2 Adjuncts §7.5.2.2). */
function faultOrStatus(ctx: Parameters<Middleware>[0], cause: unknown): unknown {
  const isMessage = cause instanceof HttpRefusal && typeof ctx.is(SOAP_MEDIA_TYPES) === 'string';
  return isMessage ? new ExchangeFailure('request-malformed', cause.message, { cause }) : cause;
}

/** Reads a message; one that is too large or of another type is on record as well.
 * @throws {HttpRefusal} 413, 415, 400
 * @throws {ExchangeFailure} `request-malformed` where a fault is the answer; `dependency-unavailable`: no answer without a record */
async function readMessage(
  ctx: Parameters<Middleware>[0],
  limits: BodyLimits,
  audit: AuditLog,
): Promise<Uint8Array> {
  if (ctx.method !== 'POST') return new Uint8Array();
  try {
    return await readBody(ctx, limits);
  } catch (cause) {
    const state = requestState(ctx);
    state.reason = 'request-malformed';
    await audit.append({
      event: 'token.exchange',
      outcome: 'refused',
      correlationId: correlationOf(state),
      reason: 'request-malformed',
      ...(cause instanceof HttpRefusal && { detail: cause.message }),
      ...(state.sourceAddress !== undefined && { sourceAddress: state.sourceAddress }),
    });
    throw faultOrStatus(ctx, cause);
  }
}

/** The middleware of the front; other paths are passed on. */
export function createWsTrustMiddleware(
  front: WsTrustFront,
  config: Config,
  { audit }: Pick<Foundation, 'audit'>,
): Middleware {
  const base = basePathOf(config.issuer);
  const publicBase = publicBaseOf(config.issuer);
  const proxies = createTrustedProxies(config.trustedProxies);
  const { certificateSource } = config.listeners.public;
  const maxBodyBytes = config.wsTrust?.maxMessageBytes ?? 0;
  return async (ctx, next) => {
    const path = pathBelow(base, ctx.path);
    const pattern = front.routeOf(path);
    if (pattern === undefined) {
      await next();
      return;
    }
    const state = requestState(ctx);
    state.route = pattern;
    const { socket } = ctx.req;
    const { sourceAddress } = state;
    const correlationId = correlationOf(state);
    const contentTypes = front.contentTypes(path);
    const response = await front.handle({
      method: ctx.method,
      path,
      query: ctx.querystring,
      headers: ctx.headers,
      body: await readMessage(ctx, { maxBodyBytes, contentTypes }, audit),
      correlationId,
      clientCertificates: clientCertificates(ctx.req, certificateSource, proxies),
      ...(sourceAddress !== undefined && { sourceAddress }),
      publicBase,
      isSecure:
        state.wasPlain !== true &&
        (socket instanceof TLSSocket || proxies.has(socket.remoteAddress ?? '')),
    });
    answer(ctx, response);
  };
}
