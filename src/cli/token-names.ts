// Under which names the audit may know a token that somebody holds in hand. Nothing is verified: it is only looked for.
import type { TokenRef } from '#core/token/security-token.ts';
import type { Config } from '#src/config/config.ts';
import { UsageError } from './command/command.ts';

interface Hints {
  /** Whose token it is, where the token does not say. */
  readonly issuer: string | undefined;
  readonly own: Pick<Config, 'issuer' | 'saml'>;
}

const ASSERTION_ID = /\b(?:ID|AssertionID)="([^"]{1,256})"/;
// Bounded: what is looked for may be a text that its sender made to be looked through for long.
const ASSERTION_ISSUER =
  /<(?:[\w-]{1,64}:)?Issuer\b[^>]{0,512}>([^<]{1,1024})<|\bIssuer="([^"]{1,1024})"/;
const COMPACT_JWT = /^[\w-]+\.([\w-]+)\.[\w-]*$/;

interface Named {
  readonly issuer: string | undefined;
  readonly id: string | undefined;
}

function namedInJwt(payload: string): Named {
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    const { iss, jti } = claims;
    return {
      issuer: typeof iss === 'string' ? iss : undefined,
      id: typeof jti === 'string' ? jti : undefined,
    };
  } catch {
    throw new UsageError('--token is not a JWT');
  }
}

function namedInAssertion(xml: string): Named {
  const [, element, attribute] = ASSERTION_ISSUER.exec(xml) ?? [];
  return { issuer: element?.trim() ?? attribute, id: ASSERTION_ID.exec(xml)?.[1] };
}

function namedIn(text: string): Named {
  const payload = COMPACT_JWT.exec(text)?.[1];
  if (payload !== undefined) return namedInJwt(payload);
  if (text.startsWith('<')) return namedInAssertion(text);
  const decoded = Buffer.from(text, 'base64').toString();
  return decoded.startsWith('<') ? namedInAssertion(decoded) : { issuer: undefined, id: text };
}

/** The names of a token: a JWT, an assertion as XML or in base64, or an id.
 * @throws {UsageError} when it has no id */
export function readTokenNames(token: string, { issuer, own }: Hints): readonly TokenRef[] {
  const named = namedIn(token.trim());
  const { id } = named;
  if (id === undefined) throw new UsageError('--token has no id to look for');
  const stated = issuer ?? named.issuer ?? own.issuer;
  // Assertions of ours are signed by the entity id and known by the issuer; their ids begin with a letter for XML's sake.
  const issuers = stated === own.saml.entityId ? [stated, own.issuer] : [stated];
  const ids = id.startsWith('_') ? [id, id.slice(1)] : [id];
  return issuers.flatMap((each) => ids.map((one) => ({ issuer: each, id: one })));
}
