// What is refused before any work: more than this process can do, and more than one source or requestor may ask.
import { hash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { REST_TOKEN_PATH } from '#bridge';
import { ExchangeFailure } from '#core/failure.ts';
import type { AdmitToken } from '#core/ports.ts';
import { sourceBlock } from '#core/request/source-block.ts';
import type { Config } from '#src/config/config.ts';
import { basePathOf } from '#src/http/base-path.ts';
import { takeOut } from '#src/http/load/in-flight.ts';
import { createLateRefusal } from '#src/http/load/late-refusal.ts';
import { createSmallTurns } from '#src/http/load/small-turns.ts';
import { requestState } from '#src/http/request-state.ts';
import type { Counted, Demand, Rate } from '#src/limits/rate-limiter.ts';
import type { Foundation, RequestInHand } from '../foundation/foundation.ts';

/** Metadata, keys, WSDL: static, cheap, and what others need to verify what we issued. Never refused. Not so where a GET asks for
 * a token. */
const isStatic = ({ method, path }: Context, restPath: string): boolean =>
  (method === 'GET' || method === 'HEAD') && !path.startsWith(restPath);

async function keepInHand(
  ctx: Context,
  inHand: RequestInHand[],
  next: () => Promise<unknown>,
): Promise<void> {
  const { correlationId, sourceAddress } = requestState(ctx);
  const { 'content-length': contentLength, 'content-type': contentType } = ctx.headers;
  const { path } = ctx;
  const request = { correlationId, sourceAddress, path, contentType, contentLength };
  inHand.push(request);
  try {
    await next();
  } finally {
    takeOut(inHand, request);
  }
}

/** Counts requests by their source, and holds back what is too much. Goes around both fronts.
 * @throws {ExchangeFailure} `rate-limited`, `dependency-unavailable` */
export function createAdmission(
  { issuer, limits }: Config,
  { inHand, limiter, overload }: Pick<Foundation, 'inHand' | 'limiter' | 'overload'>,
): Middleware {
  const { perAddress } = limits;
  const late = createLateRefusal();
  const mayBegin = createSmallTurns();
  const restPath = `${basePathOf(issuer)}${REST_TOKEN_PATH}`;
  return async (ctx, next) => {
    const state = requestState(ctx);
    if (isStatic(ctx, restPath)) {
      await mayBegin(state.sourceAddress);
      await next();
      return;
    }
    try {
      if (perAddress) {
        const id = sourceBlock(state.sourceAddress ?? '');
        limiter.admit([{ kind: 'address', id, rate: perAddress }]);
      }
      await overload.run(limits, () => keepInHand(ctx, inHand, next), ctx.req);
    } catch (cause) {
      if (cause instanceof ExchangeFailure) {
        state.reason ??= cause.reason;
        // Of thousands that wait for their turn nobody keeps what they bring. What was read in part, and too long, is left where it is.
        if (!ctx.req.isPaused()) ctx.req.resume();
        // Who is refused asks again once it is told so: at once, a flood of refusals would leave no time for anything else.
        await mayBegin(state.sourceAddress);
      }
      throw cause;
    } finally {
      // The library has answered for its own front already.
      if (state.reason === 'rate-limited' || ctx.status === 429) await late.hold();
    }
  };
}

/** Some issuers give their subjects, who may be requestors, names of kilobytes. */
const MAX_NAME_CHARACTERS = 256;

/** The name of a bucket: tens of thousands of them are kept in memory. */
const boundedName = (name: string): string =>
  name.length > MAX_NAME_CHARACTERS ? `sha256:${hash('sha256', name, 'base64url')}` : name;

/** Counts a token for its subject and for each of its relying parties. */
export function createTokenAdmission(
  { limits: { perRelyingParty, perSubject }, relyingParties }: Config,
  { limiter }: Pick<Foundation, 'limiter'>,
): AdmitToken {
  const rates = new Map(relyingParties.map(({ id, rateLimit }) => [id, rateLimit]));
  return ({ subjectName, relyingParties: ids }) =>
    limiter.admit([
      ...demandOf('subject', subjectName, perSubject),
      ...ids.flatMap((id) => demandOf('relying-party', id, rates.get(id) ?? perRelyingParty)),
    ]);
}

const demandOf = (
  kind: Counted['kind'],
  id: string | undefined,
  rate: Rate | undefined,
): readonly Demand[] => (rate && id !== undefined ? [{ kind, id: boundedName(id), rate }] : []);

/** Counts the requests of authenticated clients, and of requestors of the SOAP front. */
export function createRequestorAdmission(
  { clients, limits: { perClient } }: Config,
  { limiter }: Pick<Foundation, 'limiter'>,
) {
  const rates = new Map(clients.map((client) => [client.client_id, client.rate_limit]));
  return {
    admitClient: (id: string): void => {
      limiter.admit(demandOf('client', id, rates.get(id) ?? perClient));
    },
    admitRequestor: (id: string): void => {
      limiter.admit(demandOf('principal', id, perClient));
    },
  };
}
