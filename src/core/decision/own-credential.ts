// Whether a token of ours is a credential here: where it is bound to a key, that is the key of whoever asked for it.
import { ExchangeFailure } from '../failure.ts';
import { principalOf } from '../requestor.ts';
import { SELF, type ValidatedToken } from '../security-token.ts';
import { isCredential } from '../token-type.ts';
import { type KnownIssuer, knownIssuer } from './actor-issuer.ts';

/** The names that tokens of ours have for a requestor, known by its own name. */
function subjectNamesOf(requestorName: string, issuers: readonly KnownIssuer[]): readonly string[] {
  const principal = principalOf(requestorName);
  if (!principal) return [];
  const { id, trustedIssuer } = principal;
  if (trustedIssuer === SELF) return [id];
  const prefixes = knownIssuer(trustedIssuer, issuers)?.subjectPrefixes ?? [];
  return prefixes.map((prefix) => `${prefix}${id}`);
}

/** The token, unless it is one of ours that was asked for in the name of another: whoever may impersonate a subject towards one target
 * has its key, and would be that subject towards all.
 * @throws {ExchangeFailure} `token-audience-mismatch` */
export function validateOwnCredential(
  token: ValidatedToken,
  issuers: readonly KnownIssuer[],
): ValidatedToken {
  const { confirmation, originClient, subject, trustedIssuer, type } = token;
  const isOwn = trustedIssuer === SELF && !isCredential(type);
  // A bearer token is no credential but where the operator takes it from whoever has it.
  if (!isOwn || confirmation.method === 'bearer') return token;
  if (originClient !== undefined && subjectNamesOf(originClient, issuers).includes(subject.id))
    return token;
  throw new ExchangeFailure('token-audience-mismatch', 'asked for in the name of another');
}
