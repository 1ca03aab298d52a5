// Requestors by the names that core gives them: a client's id, or `principal:<self or trusted issuer>:<id>`.
import { SELF } from '#core/security-token.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { unknownReference } from '../clients.ts';

const PRINCIPAL = 'principal:';

/** The name of a principal, as core writes it. */
export const principalName = (issuer: string, id: string): string => `${PRINCIPAL}${issuer}:${id}`;

/** Holds a name against the clients and the trusted issuers. */
export function validateRequestorName({ value, path }: Entry<string>, loading: Loading): void {
  if (!value.startsWith(PRINCIPAL)) {
    if (!loading.known.clients.has(value)) loading.error(path, unknownReference('client', value));
    return;
  }
  // Ids of trusted issuers have no colon; those of their subjects may.
  const [, issuer = '', id = ''] = /^principal:([^:]*):?(.*)$/s.exec(value) ?? [];
  if (id === '') loading.error(path, NAMELESS);
  else if (issuer !== SELF && !loading.known.trustedIssuers.has(issuer))
    loading.error(path, unknownReference('trusted issuer', issuer));
}

const NAMELESS: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'is not the name of a principal',
  why: 'consent is given to one requestor, or to any',
  fix: 'write principal:self:alice for a user of ours, principal:<trusted issuer>:<id> for others',
};
