// The ids of our assertions, and of the tokens in the ledger that they are.

import type { TokenSpec } from '#core/token/token-spec.ts';

/** The id of the assertion: XML wants one that begins like a name. */
export function assertionIdOf({ tokenId }: Pick<TokenSpec, 'tokenId'>): string {
  return `_${tokenId}`;
}

/** The id in the ledger of the assertion that has this one; undefined for what is no id of an assertion of ours. */
export function tokenIdOf(assertionId: string): string | undefined {
  return assertionId.startsWith('_') ? assertionId.slice(1) : undefined;
}
