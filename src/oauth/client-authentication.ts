// What the library leaves open in client authentication (RFC 7523 §3, rfc7523bis): audience, type, age, removed keys, replay.

import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import { type MemoryEnd, validateRemembered } from '#core/fence.ts';
import type { Clock } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';
import type { OAuthClient } from './oauth-client.ts';
import { ASSERTION_GRANT_ERRORS, oauthError } from './oauth-error.ts';

/** Longest life of a client assertion, so that its one-time mark is bounded too. */
const MAX_ASSERTION_SECONDS = 300;
const LEGACY_MAX_ASSERTION_SECONDS = 3600;

const ASSERTION_TYPES: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt'];

export interface ClientAuthenticationParts {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly clients: ReadonlyMap<string, OAuthClient>;
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
  readonly fence: MemoryEnd;
}

type AssertionHook = (
  ctx: KoaContextWithOIDC,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
) => Promise<void>;

interface ClientKeyStore {
  refresh(): Promise<void>;
  selectForVerify(query: { readonly alg: unknown; readonly kid: unknown }): readonly unknown[];
}

function keyStoreOf(client: object): ClientKeyStore {
  const keyStore: unknown = 'asymmetricKeyStore' in client ? client.asymmetricKeyStore : undefined;
  const isKeyStore =
    typeof keyStore === 'object' &&
    keyStore !== null &&
    'refresh' in keyStore &&
    'selectForVerify' in keyStore;
  if (!isKeyStore) throw new Error('the library keeps client keys elsewhere now');
  return keyStore as ClientKeyStore;
}

/** The library fetches a client's keys again only when a signature fails: a key that was removed upstream would still be
 * accepted. Fetch when stale, then ask whether the key that signed is still there. */
async function validateKeyStillPublished(
  client: object,
  header: Record<string, unknown>,
): Promise<void> {
  const keyStore = keyStoreOf(client);
  try {
    await keyStore.refresh();
  } catch (cause) {
    const failure = new ExchangeFailure('dependency-unavailable', 'client keys cannot be fetched', {
      cause,
    });
    throw oauthError(failure, ASSERTION_GRANT_ERRORS);
  }
  if (keyStore.selectForVerify({ alg: header['alg'], kid: header['kid'] }).length === 0) {
    throw new errors.InvalidClientAuth('the key of the client assertion is no longer published');
  }
}

const maxSecondsOf = ({ legacy_client_assertion: isLegacy }: OAuthClient): number =>
  isLegacy ? LEGACY_MAX_ASSERTION_SECONDS : MAX_ASSERTION_SECONDS;

function validateAssertionClaims(
  claims: Record<string, unknown>,
  client: OAuthClient,
  now: number,
): void {
  const { aud, exp } = claims;
  // Several audiences could be replayed at each of them: the issuer alone is meant (rfc7523bis §4).
  if (Array.isArray(aud) && aud.length !== 1) {
    throw new errors.InvalidClientAuth('the client assertion has several audiences');
  }
  if (typeof exp !== 'number' || exp - now > maxSecondsOf(client)) {
    throw new errors.InvalidClientAuth('the client assertion lives too long');
  }
}

/** After a loss of the store an assertion from before must not authenticate again. Where it does not say when it was made, it
 * cannot have been taken earlier than its longest life before its end.
 * @throws {errors.OIDCProviderError} */
function validateAssertionRemembered(
  { exp, iat }: Record<string, unknown>,
  client: OAuthClient,
  fence: MemoryEnd,
): void {
  const madeAt = typeof iat === 'number' ? iat : Number(exp) - maxSecondsOf(client);
  try {
    validateRemembered(madeAt, fence());
  } catch (cause) {
    if (cause instanceof ExchangeFailure) throw oauthError(cause, ASSERTION_GRANT_ERRORS);
    throw cause;
  }
}

/** Runs after the signature was verified and before the one-time mark is taken. */
export function createAssertionHook(parts: ClientAuthenticationParts): AssertionHook {
  return async (ctx, claims, header) => {
    const { client } = ctx.oidc;
    const configured = parts.clients.get(client?.clientId ?? '');
    if (!client || !configured) throw new Error('the authenticated client is not configured');
    // RFC 8725 §3.11: a JWT made for another purpose must not authenticate its subject.
    if (!ASSERTION_TYPES.includes(header['typ'])) {
      throw new errors.InvalidClientAuth('the client assertion has another type');
    }
    validateAssertionClaims(claims, configured, parts.clock.now());
    await validateKeyStillPublished(client, header);
    validateAssertionRemembered(claims, configured, parts.fence);
  };
}

/** Replaces the library's find-then-save by one atomic insert, and its Host-derived audience by configured names. */
export function overrideClientAuthentication(
  provider: Provider,
  parts: ClientAuthenticationParts,
): void {
  provider.ReplayDetection.unique = async (issuer, id, expiry) => {
    const key = { class: 'once', parts: ['client-assertion', issuer, id] } as const;
    const lifetimeSeconds =
      Math.max(Math.ceil(expiry - parts.clock.now()), 0) + parts.marginSeconds;
    try {
      const result = await parts.store.putOnce(key, parts.newId(), lifetimeSeconds);
      return result.stored;
    } catch (cause) {
      // Unknown is not "new": no mark, no authentication.
      if (cause instanceof ExchangeFailure) throw oauthError(cause, ASSERTION_GRANT_ERRORS);
      throw cause;
    }
  };
  const { prototype } = provider.OIDCContext as { readonly prototype: object };
  Object.assign(prototype, {
    clientJwtAuthExpectedAudience(this: KoaContextWithOIDC['oidc']): ReadonlySet<string> {
      const client = parts.clients.get(this.client?.clientId ?? '');
      return new Set(
        client?.legacy_client_assertion ? [parts.issuer, parts.tokenEndpoint] : [parts.issuer],
      );
    },
    // The library derives published addresses from the Host header; the issuer decides them (oauth front, Host pinning).
    urlFor: (name: string): string => provider.urlFor(name),
  });
}
