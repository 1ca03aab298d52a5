// Where the status of a token is told: `status` (draft-ietf-oauth-status-list §6.2).
import type { TokenSpec } from '#core/token/token-spec.ts';

/** Below the issuer. */
export const STATUS_LIST_PATH = '/status/';

/** Where a list is published. */
export const statusListUri = (issuer: string, list: string): string =>
  `${issuer.replace(/\/$/, '')}${STATUS_LIST_PATH}${list}`;

/** The member of a token that has a place in a list. */
export function statusMember({ issuer, status }: Pick<TokenSpec, 'issuer' | 'status'>) {
  if (!status) return {};
  return {
    status: { status_list: { idx: status.index, uri: statusListUri(issuer, status.list) } },
  };
}
