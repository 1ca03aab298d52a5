// What `explain` needs of the product: the same validators and rules, with no store, no audit and no signature.
import type { PolicyRules } from '#core/decide.ts';
import type { Instant } from '#core/instant.ts';
import type { Requestor } from '#core/requestor.ts';
import type { SecurityToken, ValidatedToken } from '#core/security-token.ts';
import { validatorFor } from '#core/token-validator.ts';
import type { Config } from '../config/config.ts';
import { type OAuthClient, requestorOf } from '../oauth/oauth-client.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRegistry } from '../telemetry/registry.ts';
import { buildBridge } from './bridge.ts';
import { createValidators, loadKeyRing, policyRules } from './service.ts';

export interface Explainer {
  readonly rules: PolicyRules;
  requestorOf(client: OAuthClient): Requestor;
  /** Validates as the server would; whether a token was revoked or used before, only the server knows.
   * @throws {ExchangeFailure} as the validator */
  validate(token: SecurityToken): Promise<ValidatedToken>;
  moment(): { readonly now: Instant; readonly tokenId: string };
}

/** Builds it for a configuration.
 * @throws {Error} when a key cannot be used */
export async function createExplainer(config: Config): Promise<Explainer> {
  const clock = { now: () => Math.floor(Date.now() / 1000) };
  const observers = {
    clock,
    logger: createLogger({ level: 'error' }),
    metrics: createMetrics(createRegistry()),
  };
  const ring = await loadKeyRing(config, clock);
  const bridge = buildBridge(config, ring, observers);
  const validators = createValidators(config, ring, { bridge, observers });
  return {
    rules: policyRules(config),
    requestorOf,
    validate: (token) => validatorFor(validators, token).validate(token),
    moment: () => ({ now: clock.now(), tokenId: 'explained' }),
  };
}
