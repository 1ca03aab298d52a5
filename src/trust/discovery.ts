// Finds the JWK Set of an issuer by its metadata (RFC 8414 §3, OIDC Discovery §4).
import type { FetchedDocument } from '#core/foreign/fetched.ts';
import type { FetchText } from './fetch-text.ts';

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

/** Where the metadata of an issuer may be: OIDC appends to its path, RFC 8414 inserts before it. */
function metadataLocations(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  return [
    `${withoutSlash(issuer)}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${withoutSlash(pathname)}`,
  ];
}

/** The first location that answers. Its content is judged later: a wrong document is not a reason to look elsewhere. */
async function fetchMetadata(issuer: string, fetchText: FetchText): Promise<string> {
  const failures: unknown[] = [];
  for (const location of metadataLocations(issuer)) {
    try {
      return (await fetchText(location)).text;
    } catch (cause) {
      failures.push(cause);
    }
  }
  throw new AggregateError(failures, 'no metadata of the issuer can be fetched');
}

function parseMetadata(text: string): Readonly<Record<string, unknown>> {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null) throw new Error('metadata is no object');
  return document as Readonly<Record<string, unknown>>;
}

/** Fetches the JWK Set that the metadata of `issuer` names.
 * @throws {Error} when the metadata is of another issuer (RFC 8414 §3.3: it could name any keys), or names no keys */
export async function discoverJwks(issuer: string, fetchText: FetchText): Promise<FetchedDocument> {
  const metadata = parseMetadata(await fetchMetadata(issuer, fetchText));
  if (metadata['issuer'] !== issuer) throw new Error('the metadata is of another issuer');
  const location = metadata['jwks_uri'];
  if (typeof location !== 'string') throw new Error('the metadata names no jwks_uri');
  return fetchText(location, issuer);
}
