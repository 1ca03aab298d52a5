// Policy rows against each other: which of them can never decide.
import type { PartySelector, PolicyRow } from '#core/policy.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';

/** Warns of rows that another one always decides. */
export function validateRowOrder(rows: readonly Entry<PolicyRow>[], loading: Loading): void {
  for (const [index, { value, path }] of rows.entries()) {
    const rival = rows.find(
      (other, place) =>
        decidesBefore({ other: other.value, place, row: value, index }) &&
        covers(other.value, value),
    );
    if (rival) loading.warn(path, unreachable(rival.value));
  }
}

interface Pair {
  readonly other: PolicyRow;
  readonly place: number;
  readonly row: PolicyRow;
  readonly index: number;
}

// A deny row that fits decides wherever it stands; among rows of one effect the first does.
const decidesBefore = ({ other, place, row, index }: Pair): boolean =>
  other.effect === row.effect ? place < index : other.effect === 'deny';

function covers(other: PolicyRow, row: PolicyRow): boolean {
  return (
    other.when === undefined &&
    coversRequestors(other, row) &&
    includesAll(other.targets, row.targets) &&
    coversParty(other.subject, row.subject) &&
    (!other.actor || (row.actor !== undefined && coversParty(other.actor, row.actor)))
  );
}

function coversRequestors(other: PolicyRow, row: PolicyRow): boolean {
  if (!includesAll(other.requestors, row.requestors)) return false;
  if (!row.principals) return true;
  return other.principals !== undefined && coversParty(other.principals, row.principals);
}

const coversParty = (other: PartySelector, row: PartySelector): boolean =>
  includesAll(other.issuers, row.issuers) &&
  includesAll(other.types, row.types) &&
  includesAll(other.ids, row.ids);

// Absent means all.
function includesAll<T>(all: readonly T[] | undefined, some: readonly T[] | undefined): boolean {
  if (!all) return true;
  return some?.every((each) => all.includes(each)) ?? false;
}

const unreachable = ({ id, effect }: PolicyRow): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `is never reached: ${id} decides whatever fits here`,
  why:
    effect === 'deny'
      ? 'a deny row that fits decides wherever it stands'
      : 'allow rows are tried in order and the first that fits decides',
  fix: effect === 'deny' ? `remove it, or narrow ${id}` : `move it up, or narrow ${id}`,
});
