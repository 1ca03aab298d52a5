// The OAuth front as one middleware: paths, form, refusals, cache headers, then the library.
import type { Context, Middleware } from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import { createFormMiddleware, type FormParts } from './form.ts';
import { plainContext } from './plain-context.ts';
import { createProvider, type ProviderParts, ROUTES, servedGrantTypes } from './provider.ts';
import { createRefusalAudit } from './refusal-audit.ts';

interface OAuthFrontParts extends ProviderParts, Pick<FormParts, 'readForm' | 'validateJwtForm'> {
  /** Whether a request came without TLS, somewhere on its way. */
  readonly cameInClear: (ctx: Context) => boolean;
  /** How long others may keep our metadata and keys: also the least time a new key is published before it signs. */
  readonly metadataMaxAgeSeconds: number;
}

const POST_PATHS: ReadonlySet<string> = new Set([
  ROUTES.token,
  ROUTES.introspection,
  ROUTES.revocation,
]);
const METADATA_PATHS: ReadonlySet<string> = new Set([
  ROUTES.jwks,
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
]);
/** Every path of the front, for routing and metrics. */
export const OAUTH_PATHS: readonly string[] = [
  ...POST_PATHS,
  ...METADATA_PATHS,
  ROUTES.authorization,
];
const PATHS: ReadonlySet<string> = new Set(OAUTH_PATHS);

const WELL_KNOWN = /^(\/\.well-known\/(?:oauth-authorization-server|openid-configuration))(\/.*)?$/;

/** The path below the issuer, or undefined when it is not ours. RFC 8414 §3.1 puts the well-known part before the issuer's
 * path, OIDC Discovery §4 behind it: both are answered. */
function pathBelowIssuer(path: string, issuerPath: string): string | undefined {
  const [, wellKnown, suffix = ''] = WELL_KNOWN.exec(path) ?? [];
  if (wellKnown !== undefined && suffix === issuerPath) return wellKnown;
  if (issuerPath === '') return path;
  return path.startsWith(`${issuerPath}/`) ? path.slice(issuerPath.length) : undefined;
}

/** Refuses another method than those of the address (RFC 9110 §15.5.6). */
function refuseMethod(ctx: Context): void {
  ctx.status = 405;
  ctx.set('Allow', POST_PATHS.has(ctx.path) ? 'POST' : 'GET, HEAD');
  ctx.body = { error: 'method_not_allowed' };
}

function createCacheHeaders(maxAgeSeconds: number): Middleware {
  return async (ctx, next) => {
    await next();
    const isMetadata = METADATA_PATHS.has(ctx.path) && ctx.status === 200;
    ctx.set('Cache-Control', isMetadata ? `public, max-age=${maxAgeSeconds}` : 'no-store');
    if (!isMetadata) return;
    // The library names the page that asked. Many a cache does not heed Vary, and would give one page what it may tell another.
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.remove('Vary');
  };
}

/** What the library says of a login. None of it must be there (RFC 8414 §2, RFC 9207 §3, OIDC Discovery §3). */
const OF_A_LOGIN: ReadonlySet<string> = new Set([
  'authorization_response_iss_parameter_supported',
  'claims_supported',
  'code_challenge_methods_supported',
  'response_modes_supported',
  'scopes_supported',
]);

/** Many clients fail without `code` (deviations, RFC 8414 §2), though each request for one is refused. */
const RESPONSE_TYPES = ['code'] as const;

/** The library names what it would serve with a login. What is published is what there is. */
function publishOwn(grantTypes: readonly string[]): Middleware {
  return async (ctx, next) => {
    await next();
    const body: unknown = ctx.body;
    if (typeof body === 'object' && body !== null && 'grant_types_supported' in body) {
      const served = Object.entries(body).filter(([name]) => !OF_A_LOGIN.has(name));
      ctx.body = {
        ...Object.fromEntries(served),
        grant_types_supported: grantTypes,
        response_types_supported: RESPONSE_TYPES,
      };
    }
  };
}

function forceJson(ctx: Context): void {
  // The library answers errors in HTML to whoever accepts it; these endpoints speak JSON only.
  if (POST_PATHS.has(ctx.path)) ctx.req.headers.accept = 'application/json';
}

/** Refuses requests of web pages before the library does: it would first look for the client, and so tell which ones there
 * are to whoever has no secret. */
const refuseWebPages: Middleware = (ctx, next) => {
  if (POST_PATHS.has(ctx.path) && ctx.get('origin') !== '')
    throw new ExchangeFailure('request-malformed', 'a web page of some origin asks');
  return next();
};

/** Who read it on its way has the secret or token in it, and would go unnoticed if it were answered (RFC 6749 §3.2, RFC 7009 §2,
 * RFC 7662 §2). */
const refuseClear =
  (cameInClear: OAuthFrontParts['cameInClear']): Middleware =>
  (ctx, next) => {
    if (POST_PATHS.has(ctx.path) && cameInClear(ctx))
      throw new ExchangeFailure('request-malformed', 'it came without TLS');
    return next();
  };

/** There is no login. The library would look for the client before it says so, and tell anybody which clients there are. */
function refuseLogin(issuer: string): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== ROUTES.authorization || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) {
      await next();
      return;
    }
    ctx.status = 400;
    ctx.body = {
      error: 'unsupported_response_type',
      error_description: 'there is no login here',
      iss: issuer,
    };
  };
}

type LibraryMiddleware = (ctx: Context, next: () => Promise<unknown>) => Promise<unknown>;

/** The middlewares of the front in order, the library's last. Anything that is not its own is passed on. */
export function createOAuthFront(parts: OAuthFrontParts): readonly Middleware[] {
  const issuerPath = new URL(parts.issuer).pathname.replace(/\/$/, '');
  const provider = createProvider(parts);
  const inner: readonly Middleware[] = [
    createCacheHeaders(parts.metadataMaxAgeSeconds),
    publishOwn(servedGrantTypes(parts)),
    createRefusalAudit(parts.audit, POST_PATHS),
    refuseClear(parts.cameInClear),
    refuseWebPages,
    refuseLogin(parts.issuer),
    createFormMiddleware({ ...parts, paths: POST_PATHS, realm: parts.issuer }),
  ];
  const select: Middleware = async (ctx, next) => {
    const path = pathBelowIssuer(ctx.path, issuerPath);
    if (path === undefined || !PATHS.has(path)) {
      ctx.status = 404;
      return;
    }
    ctx.path = path;
    // A page that asks beforehand is told the same: it is no request for a token, and no refusal to record.
    if (POST_PATHS.has(path) && ctx.method !== 'POST') return refuseMethod(ctx);
    forceJson(ctx);
    await next();
    // Afterwards, for the library answers more than these: a page may ask beforehand for what it may read.
    if (ctx.status === 404) refuseMethod(ctx);
  };
  const library = (provider.middleware as LibraryMiddleware[]).map(
    (middleware): Middleware =>
      (ctx, next) =>
        middleware(plainContext(ctx), next),
  );
  return [select, ...inner, ...library];
}
