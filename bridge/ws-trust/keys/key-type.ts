// KeyType (WS-Trust 1.3 §9.2): which key the requestor wants to prove.

import { TRUST_13_NS, TRUST_2005_NS, type TrustNames } from '../names.ts';

/** The last part of its URI in each version. */
export const KEY_TYPE_NAMES = {
  bearer: 'Bearer',
  'public-key': 'PublicKey',
  'symmetric-key': 'SymmetricKey',
} as const;

export type KeyType = keyof typeof KEY_TYPE_NAMES;

/** The bearer of February 2005 comes from another standard. WCF for .NET writes that of 1.3 in its words, too. */
const NO_PROOF_KEY = 'http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey';
/** As the published schema of 1.3 misspells it. */
const SCHEMA_BEARER = 'http://docs.oasis-open.org/wssx/wstrust/200512/Bearer';

const KEY_TYPES: ReadonlyMap<string, KeyType> = new Map([
  [`${TRUST_13_NS}/Bearer`, 'bearer'],
  [SCHEMA_BEARER, 'bearer'],
  [NO_PROOF_KEY, 'bearer'],
  [`${TRUST_2005_NS}/Bearer`, 'bearer'],
  [`${TRUST_13_NS}/PublicKey`, 'public-key'],
  [`${TRUST_2005_NS}/PublicKey`, 'public-key'],
  [`${TRUST_13_NS}/SymmetricKey`, 'symmetric-key'],
  [`${TRUST_2005_NS}/SymmetricKey`, 'symmetric-key'],
]);

/** The key type of a URI, or undefined when we know none of that name. */
export function keyTypeOf(uri: string): KeyType | undefined {
  return KEY_TYPES.get(uri);
}

/** How an answer spells it. */
export function keyTypeUri({ version, base }: TrustNames, keyType: KeyType): string {
  const isNoProofKey = keyType === 'bearer' && version === '2005/02';
  return isNoProofKey ? NO_PROOF_KEY : `${base}/${KEY_TYPE_NAMES[keyType]}`;
}
