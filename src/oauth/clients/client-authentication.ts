// What the library leaves open in client authentication (RFC 7523 §3, rfc7523bis): audience, type, age, replay; its keys are in `client-keys.ts`.

import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { type MemoryEnd, validateRemembered } from '#core/decision/fence.ts';
import type { PolicyRules } from '#core/policy.ts';
import type { Store } from '#core/ports.ts';
import type { TokenRef } from '#core/token/security-token.ts';
import { ASSERTION_GRANT_ERRORS, withOAuthErrors } from '../oauth-error.ts';
import { ClientKeys, type ClientKeysParts } from './client-keys.ts';
import { authenticatedClient, type OAuthClient } from './oauth-client.ts';

/** Longest life of a client assertion, so that its one-time mark is bounded too. */
const MAX_ASSERTION_SECONDS = 300;
const LEGACY_MAX_ASSERTION_SECONDS = 3600;

const ASSERTION_TYPES: ReadonlySet<unknown> = new Set([
  undefined,
  'jwt',
  'client-authentication+jwt',
]);

/** Media types compare without case, and `application/` may be left out (RFC 7515 §4.1.9). */
const typeOf = ({ typ }: Record<string, unknown>): unknown =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;

export interface ClientAuthenticationParts extends ClientKeysParts {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly clients: ReadonlyMap<string, OAuthClient>;
  readonly store: Store;
  readonly sts: { readonly rules: Pick<PolicyRules, 'issuers'> };
  readonly newId: () => string;
  readonly clockSkewSeconds: number;
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
  readonly fence: MemoryEnd;
}

type AssertionHook = (
  ctx: KoaContextWithOIDC,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
) => Promise<void>;

const maxSecondsOf = ({ legacy_client_assertion: isLegacy }: OAuthClient): number =>
  isLegacy ? LEGACY_MAX_ASSERTION_SECONDS : MAX_ASSERTION_SECONDS;

function validateAssertionClaims(
  claims: Record<string, unknown>,
  client: OAuthClient,
  { clock, clockSkewSeconds }: ClientAuthenticationParts,
): void {
  const { aud, exp, iat } = claims;
  const now = clock.now();
  // Several audiences could be replayed at each of them: the issuer alone is meant (rfc7523bis §4).
  if (Array.isArray(aud) && aud.length !== 1) {
    throw new errors.InvalidClientAuth('the client assertion has several audiences');
  }
  if (typeof exp !== 'number' || exp - now > maxSecondsOf(client)) {
    throw new errors.InvalidClientAuth('the client assertion lives too long');
  }
  // After a loss of the store it would seem to be made since.
  if (typeof iat === 'number' && iat > now + clockSkewSeconds) {
    throw new errors.InvalidClientAuth('the client assertion is of the future');
  }
}

/** After a loss of the store an assertion from before must not authenticate again. It cannot have been taken before it was made, before it
 * began, or earlier than its longest life before its end: some clients do not say when it was made, or say the same each time.
 * @throws {ExchangeFailure} `dependency-unavailable` */
function validateAssertionRemembered(
  { exp, iat = 0, nbf = 0 }: Record<string, unknown>,
  client: OAuthClient,
  { clockSkewSeconds, fence }: ClientAuthenticationParts,
): void {
  const began = Number(nbf) - clockSkewSeconds;
  validateRemembered(Math.max(Number(iat), began, Number(exp) - maxSecondsOf(client)), fence());
}

/** Runs after the signature was verified and before the one-time mark is taken. */
export function createAssertionHook(parts: ClientAuthenticationParts): AssertionHook {
  return (ctx, claims, header) =>
    withOAuthErrors(ASSERTION_GRANT_ERRORS, async () => {
      const client = authenticatedClient(ctx, parts.clients);
      // RFC 8725 §3.11: a JWT made for another purpose must not authenticate its subject.
      if (!ASSERTION_TYPES.has(typeOf(header))) {
        throw new errors.InvalidClientAuth('the client assertion has another type');
      }
      if (header['crit'] !== undefined) {
        throw new errors.InvalidClientAuth('the client assertion has crit');
      }
      validateAssertionClaims(claims, client, parts);
      validateAssertionRemembered(claims, client, parts);
    });
}

/** The name of the one-time mark. A client that is a trusted issuer as well has that of its grants: a JWT that has authenticated it, and was
 * found by somebody else, must not be a grant too. */
function markOf(
  { issuer, id }: TokenRef,
  { sts: { rules } }: ClientAuthenticationParts,
): readonly string[] {
  const known = rules.issuers.find(({ names }) => names.includes(issuer));
  const [name] = known?.names ?? [];
  return name === undefined ? ['client-assertion', issuer, id] : [name, id];
}

interface SecretHolder {
  readonly clientId?: string;
  readonly clientSecret: string;
}

interface SecretComparison {
  compareClientSecret: (this: SecretHolder, actual: string) => boolean;
}

/** While a client is given another secret the one before it is taken as well, until its end. Each is compared as the library compares one. */
function takePreviousSecrets(
  provider: Provider,
  { clients, clock }: ClientAuthenticationParts,
): void {
  const { prototype } = provider.Client as unknown as { readonly prototype: SecretComparison };
  const { compareClientSecret } = prototype;
  prototype.compareClientSecret = function (actual) {
    if (compareClientSecret.call(this, actual)) return true;
    const previous = clients.get(this.clientId ?? '')?.previous_client_secret;
    if (!previous || clock.now() >= previous.until) return false;
    return compareClientSecret.call({ clientSecret: previous.secret }, actual);
  };
}

/** Replaces the library's find-then-save by one atomic insert, its Host-derived audience by configured names, and lets it find a
 * client with its present keys. */
export function overrideClientAuthentication(
  provider: Provider,
  parts: ClientAuthenticationParts,
): void {
  provider.ReplayDetection.unique = async (issuer, id, expiry) => {
    const key = { class: 'once', parts: markOf({ issuer, id }, parts) } as const;
    const lifetimeSeconds =
      Math.max(Math.ceil(expiry - parts.clock.now()), 0) + parts.marginSeconds;
    // Unknown is not "new": no mark, no authentication.
    return withOAuthErrors(ASSERTION_GRANT_ERRORS, async () => {
      const { stored } = await parts.store.putOnce(key, parts.newId(), lifetimeSeconds);
      return stored;
    });
  };
  const find = provider.Client.find.bind(provider.Client);
  const clientKeys = new ClientKeys(parts);
  provider.Client.find = async (id) => {
    const client = await find(id);
    if (client?.jwksUri === undefined) return client;
    const assertion = Provider.ctx?.oidc.params?.['client_assertion'];
    await withOAuthErrors(ASSERTION_GRANT_ERRORS, () => clientKeys.refresh(client, id, assertion));
    return client;
  };
  takePreviousSecrets(provider, parts);
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
