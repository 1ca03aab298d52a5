// An audit record as the content of a line: members in a fixed order, each token id replaced by its keyed hash.
import type { AuditParty, AuditRecord, AuditRequestor } from '#core/ports.ts';
import type { TokenRef } from '#core/token/security-token.ts';
import { type AuditKey, lookupHash } from '../audit-key.ts';

interface HashedToken {
  readonly issuer: string;
  readonly idHash: string;
}

/** Total over AuditRecord and its requestor: a new member does not compile until it is decided here how it is written. */
type RecordContent = Total<Omit<AuditRecord, 'requestor'>> & {
  readonly event: string;
  readonly requestor: Total<AuditRequestor> | undefined;
};

type Total<T> = { readonly [Member in keyof Required<T>]: unknown };

/** The content of the line for a record. Only named members pass: what a caller adds at run time is not written. */
export function recordContent(record: AuditRecord, key: AuditKey): RecordContent {
  const hashed = (token: TokenRef): HashedToken => ({
    issuer: token.issuer,
    idHash: lookupHash(key, token),
  });
  const party = ({ issuer, id, token, tokenType, clientId }: AuditParty): object => ({
    issuer,
    id,
    token: token && hashed(token),
    tokenType,
    clientId,
  });
  const { requestor } = record;
  return {
    event: record.event,
    outcome: record.outcome,
    correlationId: record.correlationId,
    operation: record.operation,
    reason: record.reason,
    detail: record.detail,
    requestor: requestor && {
      id: requestor.id,
      kind: requestor.kind,
      method: requestor.method,
      issuer: requestor.issuer,
    },
    subject: record.subject && party(record.subject),
    actors: record.actors?.map(party),
    requestedType: record.requestedType,
    grantedType: record.grantedType,
    targets: record.targets,
    requestedScopes: record.requestedScopes,
    grantedScopes: record.grantedScopes,
    policyRows: record.policyRows,
    confirmation: record.confirmation,
    token: record.token && hashed(record.token),
    parents: record.parents?.map(hashed),
    notOnOrAfter: record.notOnOrAfter,
    sourceAddress: record.sourceAddress,
  };
}
