// Metrics in the text format of Prometheus (version 0.0.4): counters, gauges, histograms.
import { createSeries, escapeHelp, type Labels, type Series, type SeriesSet } from './series.ts';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Counter<Name extends string = never> {
  increment(labels: Labels<Name>): void;
}

export interface Gauge<Name extends string = never> extends Counter<Name> {
  set(labels: Labels<Name>, value: number): void;
  /** Forgets all that was set: what is there no more must not be told of. */
  clear(): void;
}

export interface Histogram<Name extends string = never> {
  observe(labels: Labels<Name>, value: number): void;
}

interface MetricDefinition<Name extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Name[];
}

interface HistogramDefinition<Name extends string> extends MetricDefinition<Name> {
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[];
}

export interface Registry {
  counter<Name extends string>(definition: MetricDefinition<Name>): Counter<Name>;
  gauge<Name extends string>(definition: MetricDefinition<Name>): Gauge<Name>;
  histogram<Name extends string>(definition: HistogramDefinition<Name>): Histogram<Name>;
  /** All metrics as text. */
  write(): string;
}

interface Cell {
  value: number;
}

interface Distribution {
  /** How many observations fell into each bucket, the last one without a bound. */
  readonly counts: number[];
  sum: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const writeNumber = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
};

const sample = (name: string, labels: string, value: number): string =>
  `${name}${labels === '' ? '' : `{${labels}}`} ${writeNumber(value)}`;

function writeDistribution(
  { name, buckets }: HistogramDefinition<string>,
  { labels, value }: Series<Distribution>,
): readonly string[] {
  const prefix = labels === '' ? '' : `${labels},`;
  let count = 0;
  const lines = [...buckets, Number.POSITIVE_INFINITY].map((bound, index) => {
    count += value.counts[index] ?? 0;
    return sample(`${name}_bucket`, `${prefix}le="${writeNumber(bound)}"`, count);
  });
  const sum = sample(`${name}_sum`, labels, value.sum);
  return [...lines, sum, sample(`${name}_count`, labels, count)];
}

function observe(into: Distribution, buckets: readonly number[], value: number): void {
  const found = buckets.findIndex((bound) => value <= bound);
  const bucket = found < 0 ? buckets.length : found;
  into.counts[bucket] = (into.counts[bucket] ?? 0) + 1;
  into.sum += value;
}

/** Makes an empty registry. */
export function createRegistry(): Registry {
  const metrics = new Map<string, () => readonly string[]>();

  function add<Name extends string, Value>(
    definition: MetricDefinition<Name> & { readonly type: string },
    initial: () => Value,
    write: (series: Series<Value>) => readonly string[],
  ): SeriesSet<Name, Value> {
    const { name, help, labels, type } = definition;
    if (!NAME.test(name) || metrics.has(name)) throw new Error(`bad or repeated metric ${name}`);
    const series = createSeries(labels, initial);
    // A metric without labels is there from the start: a counter that came with its first event would hide that event.
    if (labels.length === 0) series.of({} as Labels<Name>);
    const head = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`];
    metrics.set(name, () => [...head, ...series.all().flatMap(write)]);
    return series;
  }
  const addNumber = <Name extends string>(definition: MetricDefinition<Name>, type: string) =>
    add<Name, Cell>(
      { ...definition, type },
      () => ({ value: 0 }),
      ({ labels, value }) => [sample(definition.name, labels, value.value)],
    );

  return {
    counter(definition) {
      const series = addNumber(definition, 'counter');
      return { increment: (labels) => void (series.of(labels).value += 1) };
    },
    gauge(definition) {
      const series = addNumber(definition, 'gauge');
      return {
        increment: (labels) => void (series.of(labels).value += 1),
        set: (labels, value) => void (series.of(labels).value = value),
        clear: () => series.clear(),
      };
    },
    histogram(definition) {
      const { buckets } = definition;
      const series = add<(typeof definition.labels)[number], Distribution>(
        { ...definition, type: 'histogram' },
        () => ({ counts: Array.from({ length: buckets.length + 1 }, () => 0), sum: 0 }),
        (one) => writeDistribution(definition, one),
      );
      return { observe: (labels, value) => observe(series.of(labels), buckets, value) };
    },
    write: () => `${[...metrics.values()].flatMap((lines) => lines()).join('\n')}\n`,
  };
}
