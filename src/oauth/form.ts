// The form of a token, introspection or revocation request, before the library sees it.
import type { Context } from 'koa';
import { JWT_BEARER_ALIAS, jwtBearer } from './grants/jwt-bearer.ts';

type Parameter = readonly [name: string, value: string];

interface Form {
  /** As sent. */
  readonly text: string;
  /** In the order sent, duplicates included. */
  readonly parameters: readonly Parameter[];
}

/** Reads the body of a POST within the limits of the HTTP layer. */
export type ReadForm = (ctx: Context) => Promise<Form>;

const VISIBLE_ASCII = /^[\x21-\x7e]*$/;

// Empty is absent (RFC 6749 §3.2), also where a parameter may be repeated.
const needsRewriting = ([name, value]: Parameter): boolean =>
  value === '' || (name === 'grant_type' && value === JWT_BEARER_ALIAS);

function writeParameter([name, value]: Parameter): string {
  const isAlias = name === 'grant_type' && value === JWT_BEARER_ALIAS;
  return `${encodeURIComponent(name)}=${encodeURIComponent(isAlias ? jwtBearer.grantType : value)}`;
}

/** The form for the library's own parser: as sent where both parsers are bound to read the same, else written anew. */
function formForLibrary({ text, parameters }: Form): string {
  if (VISIBLE_ASCII.test(text) && !parameters.some(needsRewriting)) return text;
  return parameters
    .filter(([, value]) => value !== '')
    .map(writeParameter)
    .join('&');
}

/** Gives the library the form in the one shape it reads quietly: a stream of the right length. The members are put on the
 * request itself; an object derived from it would cost more than the parsing. */
function offerBody({ req }: Context, text: string): void {
  const bytes = Buffer.from(text);
  Object.defineProperty(req, 'readable', { value: true });
  Object.assign(req, { iterator: () => [bytes] });
  req.headers['content-length'] = String(bytes.length);
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

function hasClientAuthentication(ctx: Context, { parameters }: Form): boolean {
  const authorization = ctx.get('authorization');
  if (authorization !== '') return hasReadableCredentials(authorization);
  return parameters.some(
    ([name, value]) => value !== '' && (name === 'client_id' || name === 'client_assertion'),
  );
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
      offerBody(ctx, formForLibrary(form));
      await next();
      return;
    }
    // RFC 6749 §5.2: the challenge answers an Authorization header; without one it would only hide the error.
    if (ctx.get('authorization') !== '') ctx.set('WWW-Authenticate', `Basic realm="${realm}"`);
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
  };
}
