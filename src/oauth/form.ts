// The form of a token, introspection or revocation request, before the library sees it.
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import { JWT_BEARER_ALIAS, jwtBearer } from './grants/jwt-bearer.ts';
import { markRefusal } from './request-state.ts';

type Parameter = readonly [name: string, value: string];

/** In the order sent, duplicates included. */
type Form = readonly Parameter[];

/** Reads the body of a POST within the limits of the HTTP layer. */
type ReadForm = (ctx: Context) => Promise<Form>;

type LibraryBody = Record<string, string | string[]>;

/** The form as the library knows one. Empty is absent (RFC 6749 §3.2), also where a parameter may be repeated. */
function bodyForLibrary(form: Form): LibraryBody {
  // Without a prototype: no name of a parameter finds anything that was not sent.
  const body = Object.create(null) as LibraryBody;
  for (const [name, sent] of form) {
    if (sent === '') continue;
    const isAlias = name === 'grant_type' && sent === JWT_BEARER_ALIAS;
    const value = isAlias ? jwtBearer.grantType : sent;
    const known = body[name];
    body[name] = known === undefined ? value : [known, value].flat();
  }
  return body;
}

/** Gives the library the form as it was parsed here, by one strict parser: a second one could read it differently. Without a
 * media type the library parses nothing. */
function offerBody({ req: { headers }, state }: Context, form: Form): void {
  state['libraryBody'] = bodyForLibrary(form);
  delete headers['content-type'];
  // RFC 9110 §11.4: there may be several spaces behind the scheme. The library knows one.
  if (headers.authorization !== undefined)
    headers.authorization = headers.authorization.replace(/ +/, ' ');
}

/** Makes the library take the body that was offered, whatever it would set itself. */
export function readOfferedBodies(provider: Provider): void {
  const { prototype } = provider.OIDCContext as { readonly prototype: object };
  Object.defineProperty(prototype, 'body', {
    get(this: { readonly ctx: Context }): unknown {
      return this.ctx.state['libraryBody'];
    },
    set() {
      // What the library sets says that it read nothing.
    },
  });
}

/** The text of Basic credentials, of which some leave out the padding; undefined for another scheme, and for what is no base64. */
function basicText(authorization: string): string | undefined {
  const [, encoded] = /^basic +([^ ]+)$/i.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const padded = bytes.toString('base64');
  const isBase64 = encoded === padded || encoded === padded.replaceAll('=', '');
  return isBase64 ? bytes.toString('latin1') : undefined;
}

// No client of ours has an empty name or secret.
const CREDENTIALS = /^[^:]+:.+$/s;
// RFC 6749 §A: visible characters and space, once the form encoding of §2.3.1 is undone.
const CHARACTERS = /^[\x20-\x7e]*$/;

/** Whether an Authorization header holds Basic credentials that can be anybody's. Raw Latin-1 or a stray percent sign is a
 * wrong secret, not a malformed request; another scheme authenticates no client (RFC 6749 §5.2: 401 answers it). */
function hasReadableCredentials(authorization: string): boolean {
  const text = basicText(authorization) ?? '';
  try {
    return CREDENTIALS.test(text) && CHARACTERS.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

function hasClientAuthentication(ctx: Context, form: Form): boolean {
  const authorization = ctx.get('authorization');
  if (authorization !== '') return hasReadableCredentials(authorization);
  return form.some(
    ([name, value]) => value !== '' && (name === 'client_id' || name === 'client_assertion'),
  );
}

/** Headers of a client authentication that is not offered. The library reads them although it is switched off, and its answer tells whether
 * there is a client of that name. */
const UNOFFERED = ['oauth-client-attestation', 'oauth-client-attestation-pop'] as const;

export interface FormParts {
  readonly readForm: ReadForm;
  readonly paths: ReadonlySet<string>;
  readonly realm: string;
  /** @throws {ExchangeFailure} for what is no signed JWT that all read alike */
  readonly validateJwtForm: (text: string) => void;
}

/** Refuses a request that nobody can have authenticated, before any client is looked for. The library reads the JSON of an assertion
 * leniently: what another reader reads otherwise goes no further than this.
 * @throws {ExchangeFailure} */
function requireClientAuthentication(
  ctx: Context,
  form: Form,
  validateJwtForm: FormParts['validateJwtForm'],
): void {
  const isUnoffered = UNOFFERED.some((name) => ctx.req.headers[name] !== undefined);
  if (isUnoffered || !hasClientAuthentication(ctx, form))
    throw new ExchangeFailure('requestor-unauthenticated', 'no client authentication of ours');
  for (const [name, value] of form)
    if (name === 'client_assertion' && value !== '') validateJwtForm(value);
}

function refuseClient(ctx: Context, cause: ExchangeFailure, realm: string): void {
  markRefusal(ctx, new ExchangeFailure('requestor-unauthenticated', cause.message, { cause }));
  // RFC 6749 §5.2: the challenge answers an Authorization header; without one it would only hide the error.
  if (ctx.get('authorization') !== '') ctx.set('WWW-Authenticate', `Basic realm="${realm}"`);
  ctx.status = 401;
  ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
}

/** Middleware for the POST endpoints: reads the form, refuses a request without any client, hands the rest on. */
export function createFormMiddleware({ readForm, paths, realm, validateJwtForm }: FormParts) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    if (ctx.method !== 'POST' || !paths.has(ctx.path)) {
      await next();
      return;
    }
    const form = await readForm(ctx);
    try {
      requireClientAuthentication(ctx, form, validateJwtForm);
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure)) throw cause;
      refuseClient(ctx, cause, realm);
      return;
    }
    offerBody(ctx, form);
    await next();
  };
}
