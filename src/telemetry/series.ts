// The series of a metric: one value for each combination of label values, of which there is a bounded number, so that no
// caller can fill the memory by making up label values.

const MAX_SERIES = 1000;
/** The value of every label in the series that takes what is beyond the bound. */
const OVERFLOW = 'overflow';

export type Labels<Name extends string> = Readonly<Record<Name, string>>;

export interface Series<Value> {
  /** As written between the braces. */
  readonly labels: string;
  readonly value: Value;
}

export interface SeriesSet<Name extends string, Value> {
  /** The value of this combination of labels, made when it is new. */
  of(labels: Labels<Name>): Value;
  all(): readonly Series<Value>[];
  /** Forgets all combinations. */
  clear(): void;
}

/** Escapes a text for a comment line of the exposition format. */
export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

const TO_ESCAPE = /[\\\n"]/;

const escapeLabel = (text: string): string =>
  TO_ESCAPE.test(text) ? escapeHelp(text).replaceAll('"', '\\"') : text;

/** Makes the series of a metric with these label names; beyond the bound all share one. */
export function createSeries<Name extends string, Value>(
  names: readonly Name[],
  initial: () => Value,
): SeriesSet<Name, Value> {
  const series = new Map<string, Series<Value>>();
  const overflow = names.map((name) => `${name}="${OVERFLOW}"`).join(',');

  function make(key: string): Value {
    const made = { labels: key, value: initial() };
    series.set(key, made);
    return made.value;
  }
  return {
    of(labels) {
      const key = names.map((name) => `${name}="${escapeLabel(labels[name])}"`).join(',');
      const known = series.get(key);
      if (known) return known.value;
      if (series.size < MAX_SERIES) return make(key);
      return series.get(overflow)?.value ?? make(overflow);
    },
    all: () => [...series.values()],
    clear: () => series.clear(),
  };
}
