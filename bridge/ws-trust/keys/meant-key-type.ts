// Which key is meant where no KeyType names one (WS-Trust 1.3 §9.2).
// Deviation: by the text a symmetric key. Most clients that name none know nothing of keys and want a bearer token.

import type { RelyingParty } from '#core/request/relying-party.ts';
import { tokenTypeOfWsTrust } from '#core/token/token-type.ts';
import type { EndpointProfile } from '../endpoint/endpoint-profile.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import type { KeyType } from './key-type.ts';

/** What the request itself says of its key; undefined when it says nothing. Entropy is a part of a symmetric one. */
export function impliedKeyType({
  keyType,
  present,
}: Pick<RstRequest, 'keyType' | 'present'>): KeyType | undefined {
  return keyType ?? (present.has('Entropy') ? 'symmetric-key' : undefined);
}

/** A request to issue with the key that it means: what it says, else what the profile has for an assertion that all relying
 * parties could find a secret in. */
export function withMeantKeyType(
  rst: RstRequest,
  parties: readonly RelyingParty[],
  { defaultKeyType }: EndpointProfile,
): RstRequest {
  const isDefault = rst.operation === 'Issue' && isAssertionWithSecret(rst, parties);
  const keyType = impliedKeyType(rst) ?? (isDefault ? defaultKeyType : undefined);
  return keyType === undefined ? rst : { ...rst, keyType };
}

function isAssertionWithSecret(
  { tokenType }: RstRequest,
  parties: readonly RelyingParty[],
): boolean {
  const asked = tokenType === undefined ? undefined : tokenTypeOfWsTrust(tokenType);
  const isFor = ({ token }: RelyingParty): boolean =>
    token.keyEncryption !== undefined && (asked ?? token.type) !== 'jwt';
  return parties.length > 0 && parties.every(isFor);
}
