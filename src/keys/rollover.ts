// Which of several keys is active, next or superseded at an instant. Pure: all nodes with the same keys and the
// same time come to the same answer, so a rotation happens on all of them at once.
import { earliest, type Instant } from '#core/instant.ts';

interface Scheduled {
  readonly activeFrom: Instant;
}

/** The keys of one purpose at one instant, each once. Absent from all three: superseded for longer than the overlap. */
interface Phases<K extends Scheduled> {
  readonly active: K | undefined;
  /** Published, so that verifiers know them in time; they sign nothing. */
  readonly next: readonly K[];
  /** Sign nothing any more; published while tokens of theirs may live. */
  readonly superseded: readonly K[];
}

const byStart = <K extends Scheduled>(keys: readonly K[]): readonly K[] =>
  keys.toSorted((left, right) => left.activeFrom - right.activeFrom);

/** Sorts the keys of one purpose into their phases. */
export function phasesAt<K extends Scheduled>(
  keys: readonly K[],
  now: Instant,
  overlapSeconds: number,
): Phases<K> {
  const ordered = byStart(keys);
  const started = ordered.filter((key) => key.activeFrom <= now);
  return {
    active: started.at(-1),
    next: ordered.slice(started.length),
    superseded: started
      .slice(0, -1)
      .filter((_, index) => now < (started[index + 1]?.activeFrom ?? 0) + overlapSeconds)
      .toReversed(),
  };
}

/** When another key of the same purpose takes over from this one; undefined: none does. */
export function supersededAt<K extends Scheduled>(key: K, keys: readonly K[]): Instant | undefined {
  return earliest(keys.map(({ activeFrom }) => activeFrom).filter((from) => from > key.activeFrom));
}

/** When the phases change next after `now`: a key becomes active, or a superseded one is dropped. */
export function nextPhaseChange<K extends Scheduled>(
  keys: readonly K[],
  now: Instant,
  overlapSeconds: number,
): Instant | undefined {
  const ordered = byStart(keys);
  const instants = ordered.flatMap((key, index) =>
    index === 0 ? [key.activeFrom] : [key.activeFrom, key.activeFrom + overlapSeconds],
  );
  return earliest(instants.filter((instant) => instant > now));
}
