// The validator of security contexts of ours: a name, and what we kept of it. Whoever knows the name knows nothing else: that it is
// theirs, a signature with its secret shows.
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock } from '#core/instant.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import type { Ledger } from '#core/ledger/ledger.ts';
import {
  acceptToken,
  SELF,
  type SecurityToken,
  type ValidatedToken,
} from '#core/token/security-token.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { parseContextName } from './context-name.ts';

interface ContextValidatorParts {
  /** Our own name. */
  readonly issuer: string;
  readonly ledger: Pick<Ledger, 'lookUp'>;
  readonly clock: Clock;
}

function nameOf({ content }: SecurityToken): ContextName {
  if (typeof content === 'object' && 'identifier' in content) return content as ContextName;
  throw new Error('asked for evidence it cannot handle');
}

/** What is on record under a name.
 * @throws {ExchangeFailure} `token-malformed` where that is no context, or no longer opens */
async function findContext(token: SecurityToken, { issuer, ledger }: ContextValidatorParts) {
  const { family, tokenId } = parseContextName(nameOf(token), issuer);
  const { entry, kept } = await ledger.lookUp({ issuer, id: tokenId });
  // By the ids of both: an Instance of one context must not be told of another.
  const isOfContext = entry?.type === 'sct' && (entry.renewal?.family ?? tokenId) === family;
  if (!isOfContext || !kept?.context)
    throw new ExchangeFailure('token-malformed', 'no context of this name is kept');
  return { tokenId, entry, context: kept.context, secret: kept.secret };
}

/** A validator of contexts that we issued.
 * It throws `token-malformed` for the name of nothing we have kept, `token-expired`, `dependency-unavailable`. */
export function createContextValidator(parts: ContextValidatorParts): TokenValidator {
  return {
    canHandle: ({ type }) => type === 'sct',
    async validate(token): Promise<ValidatedToken> {
      const { context, entry, secret, tokenId } = await findContext(token, parts);
      // Both clocks are ours: there is no skew to allow.
      if (token.use !== 'lifecycle' && parts.clock.now() >= context.lifetime.notOnOrAfter)
        throw new ExchangeFailure('token-expired', 'the context has ended');
      return acceptToken({
        ...context,
        type: 'sct',
        use: token.use,
        issuer: parts.issuer,
        trustedIssuer: SELF,
        id: tokenId,
        originClient: entry.clientId,
        ...(entry.issuedAt !== undefined && { issuedAt: entry.issuedAt }),
        ...(entry.delegations !== undefined && { delegations: entry.delegations }),
        confirmation: { method: 'symmetric-key', thumbprint: secret.thumbprint },
      });
    },
  };
}
