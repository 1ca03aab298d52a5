// Requestors by the names that core gives them: a client's id, or `principal:<self or trusted issuer>:<id>`.
import { isPrincipalName, principalOf } from '#core/request/requestor.ts';
import { SELF } from '#core/token/security-token.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { validateReference } from '../reference.ts';

/** Holds a name against the clients and the trusted issuers. */
export function validateRequestorName({ value, path }: Entry<string>, loading: Loading): void {
  if (!isPrincipalName(value)) {
    validateReference({ value, path }, 'clients', loading);
    return;
  }
  const principal = principalOf(value);
  if (!principal) {
    loading.error(path, NAMELESS);
    return;
  }
  const { trustedIssuer } = principal;
  if (trustedIssuer !== SELF)
    validateReference({ value: trustedIssuer, path }, 'trustedIssuers', loading);
}

const NAMELESS: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'is not the name of a principal',
  why: 'consent is given to one requestor, or to any',
  fix: 'write principal:self:alice for a user of ours, principal:<trusted issuer>:<id> for others',
};
