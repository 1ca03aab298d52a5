// The bridge over the configuration: our SAML keys, whose assertions are trusted, who logs in with a password.
import { type Bridge, type BridgeTrust, createBridge } from '#bridge';
import type { Store } from '#core/ports.ts';
import type { TokenValidator } from '#core/token-validator.ts';
import type { Config, TrustedIssuerConfig } from '../config/config.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { createUserStore } from '../users/user-store.ts';
import { createUserValidator } from '../users/user-validator.ts';
import type { Observers } from './trust.ts';

function bridgeTrust({
  enabledUntil,
  id,
  issuer,
  saml,
}: TrustedIssuerConfig): readonly BridgeTrust[] {
  if (!saml) return [];
  const { keySource, ...terms } = saml;
  if (keySource.kind !== 'pinned')
    throw new Error(`trusted issuer ${id}: metadata is not supported yet`);
  const until = enabledUntil === undefined ? {} : { enabledUntil };
  return [{ id, issuer, ...until, ...terms, certificatePems: keySource.certificatePems }];
}

/** The bridge of one generation.
 * @throws {Error} when a record of trust is unsafe */
export function buildBridge(config: Config, ring: KeyRing, { clock, logger }: Observers): Bridge {
  return createBridge({
    clock,
    issuer: config.issuer,
    entityId: config.saml.entityId,
    skewSeconds: config.clockSkewSeconds,
    signingKeys: ring,
    trusted: config.trustedIssuers.flatMap(bridgeTrust),
    onLegacySha1: ({ trustedIssuer }) =>
      logger.warn('an assertion was verified with SHA-1', { trustedIssuer }),
  });
}

/** The validator of user names and passwords, where the configuration has users. */
export function userValidators(
  config: Config,
  store: Store,
  { clock, logger }: Observers,
): readonly TokenValidator[] {
  if (!config.users) return [];
  const { cacheSeconds, lockout, records } = config.users;
  const users = createUserStore({
    records,
    store,
    clock,
    lockout,
    cacheSeconds,
    onCounterFailure: (cause) => logger.warn('failed logins are counted locally', { cause }),
  });
  return [createUserValidator({ issuer: config.issuer, users, clock })];
}
