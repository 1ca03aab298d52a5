// What bounds the scopes of a token, for who asked for more than there is, or got none.
import type { Evidence } from '#core/decision/evidence.ts';
import type { ExplainedTarget } from '#core/decision/explain.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';

type ScopedParty = Pick<RelyingParty, 'id' | 'scopes'>;

const names = (scopes: readonly string[]): string => scopes.join(' ') || 'none';

/** A line for each bound: granted is what all of them have. */
export function scopeLines(
  { request, subject }: Evidence,
  targets: readonly ExplainedTarget[],
  parties: readonly ScopedParty[],
): readonly string[] {
  const { scopes: ceiling } = request.requestor;
  return targets.flatMap(({ decidingRow, relyingParty, rows }) => {
    const { grant, id } = rows.find(({ row }) => row.id === decidingRow)?.row ?? {};
    if (grant === undefined || grant.scopes.length === 0) return [];
    const party = parties.find((each) => each.id === relyingParty);
    return [
      `  scopes of row ${id}: ${names(grant.scopes)} (${grant.scopeMode})`,
      `  scopes of ${relyingParty}: ${names(party?.scopes ?? [])}`,
      ...(ceiling ? [`  scopes of the client: ${names(ceiling)}`] : []),
      ...(grant.scopeMode === 'intersect-subject' && subject.type !== 'requestor'
        ? [`  scopes of the subject token: ${names(subject.scopes)}`]
        : []),
    ];
  });
}
