// The form of a token, introspection or revocation request, before the library sees it.
import type { Context } from 'koa';
import { JWT_BEARER_ALIAS, jwtBearer } from './grants/jwt-bearer.ts';

/** Name and value pairs in the order sent, duplicates included. */
export type Form = readonly (readonly [name: string, value: string])[];

/** Reads the body of a POST within the limits of the HTTP layer. */
export type ReadForm = (ctx: Context) => Promise<Form>;

function writePair([name, value]: readonly [name: string, value: string]): string {
  const isAlias = name === 'grant_type' && value === JWT_BEARER_ALIAS;
  return `${encodeURIComponent(name)}=${encodeURIComponent(isAlias ? jwtBearer.grantType : value)}`;
}

/** Gives the library the parsed form in the one shape it reads quietly: a stream of the right length. The members are put
 * on the request itself; an object derived from it would cost more than the parsing. */
function offerBody(ctx: Context, form: Form): void {
  // Empty is absent (RFC 6749 §3.2), also where a parameter may be repeated.
  const pairs = form.filter(([, value]) => value !== '').map(writePair);
  const bytes = Buffer.from(pairs.join('&'));
  Object.defineProperty(ctx.req, 'readable', { value: true });
  Object.defineProperty(ctx.req, 'iterator', {
    value: async function* () {
      yield bytes;
    },
  });
  Object.defineProperty(ctx.request, 'length', { value: bytes.length });
}

// RFC 6749 §A: visible characters and space, once the form encoding of §2.3.1 is undone.
const CREDENTIALS = /^[\x20-\x7e]*:[\x20-\x7e]*$/;

/** Whether an Authorization header holds Basic credentials that can be anybody's. Raw Latin-1 or a stray percent sign is a
 * wrong secret, not a malformed request. */
function hasReadableCredentials(authorization: string): boolean {
  const [scheme, encoded = ''] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'basic') return true;
  try {
    return CREDENTIALS.test(decodeURIComponent(Buffer.from(encoded, 'base64').toString('latin1')));
  } catch {
    return false;
  }
}

function hasClientAuthentication(ctx: Context, form: Form): boolean {
  const authorization = ctx.get('authorization');
  if (authorization !== '') return hasReadableCredentials(authorization);
  const names = new Set(form.filter(([, value]) => value !== '').map(([name]) => name));
  return names.has('client_id') || names.has('client_assertion');
}

/** Middleware for the POST endpoints: reads the form, refuses a request without any client, hands the rest on. */
export function createFormMiddleware(
  readForm: ReadForm,
  paths: ReadonlySet<string>,
  realm: string,
) {
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
    // RFC 6749 §5.2: the challenge answers an Authorization header; without one it would only hide the error.
    if (ctx.get('authorization') !== '') ctx.set('WWW-Authenticate', `Basic realm="${realm}"`);
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
  };
}
