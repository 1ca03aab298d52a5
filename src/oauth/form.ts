// The form of a token, introspection or revocation request, before the library sees it.
import type { Context } from 'koa';
import { JWT_BEARER_ALIAS, jwtBearer } from './grants/jwt-bearer.ts';

/** Name and value pairs in the order sent, duplicates included. */
export type Form = readonly (readonly [name: string, value: string])[];

/** Reads the body of a POST within the limits of the HTTP layer. */
export type ReadForm = (ctx: Context) => Promise<Form>;

function rewritten([name, value]: readonly [string, string]): [string, string] {
  if (name === 'grant_type' && value === JWT_BEARER_ALIAS) return [name, jwtBearer.grantType];
  return [name, value];
}

/** Gives the library the parsed form in the one shape it reads quietly: a stream of the right length. */
function offerBody(ctx: Context, form: Form): void {
  // Empty is absent (RFC 6749 §3.2), also where a parameter may be repeated.
  const pairs = form.filter(([, value]) => value !== '').map(rewritten);
  const bytes = Buffer.from(new URLSearchParams(pairs).toString());
  ctx.req = Object.create(ctx.req, {
    readable: { value: true },
    readableEncoding: { value: null },
    iterator: {
      value: async function* () {
        yield bytes;
      },
    },
  }) as Context['req'];
  Object.defineProperty(ctx.request, 'length', { value: bytes.length });
}

function hasClientAuthentication(ctx: Context, form: Form): boolean {
  const names = new Set(form.filter(([, value]) => value !== '').map(([name]) => name));
  return ctx.get('authorization') !== '' || names.has('client_id') || names.has('client_assertion');
}

/** Middleware for the POST endpoints: reads the form, refuses a request without any client, hands the rest on. */
export function createFormMiddleware(readForm: ReadForm, paths: ReadonlySet<string>) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    if (ctx.method !== 'POST' || !paths.has(ctx.path)) {
      await next();
      return;
    }
    const form = await readForm(ctx);
    if (hasClientAuthentication(ctx, form)) {
      offerBody(ctx, form);
      await next();
      return;
    }
    // RFC 6749 §5.2. No WWW-Authenticate: it answers an Authorization header, and none was sent.
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
  };
}
