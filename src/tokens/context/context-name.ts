// The name of a security context of ours (WS-SecureConversation 1.3 §2): an Identifier, which is an absolute URI under our issuer, and
// once it was renewed the Instance. The ids in it are those of the ledger.
import { ExchangeFailure } from '#core/failure.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';

/** The ids that a name stands for. */
interface ContextIds {
  readonly tokenId: string;
  /** The first token of the context. */
  readonly family: string;
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

const prefixOf = (issuer: string): string => `${issuer.replace(/\/$/, '')}/ws-trust/context/`;

/** The name as one text: the Identifier, and the Instance after a space. */
export function writeContextName({ issuer, renewal, tokenId }: TokenSpec): string {
  const family = renewal?.family ?? tokenId;
  const identifier = `${prefixOf(issuer)}${family}`;
  return family === tokenId ? identifier : `${identifier} ${tokenId}`;
}

/** The ids of a name.
 * @throws {ExchangeFailure} `token-malformed` for what names no context of ours */
export function parseContextName(
  { identifier, instance }: ContextName,
  issuer: string,
): ContextIds {
  const prefix = prefixOf(issuer);
  const family = identifier.slice(prefix.length);
  const tokenId = instance ?? family;
  if (!identifier.startsWith(prefix) || !ID.test(family) || !ID.test(tokenId))
    throw new ExchangeFailure('token-malformed', 'the name of no context of ours');
  return { family, tokenId };
}
