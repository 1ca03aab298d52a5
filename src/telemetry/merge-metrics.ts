// The metrics of several processes as those of one: what is counted is added up, what is a state is the highest of them.

interface Merged {
  /** HELP and TYPE as first seen. */
  readonly head: string[];
  readonly samples: Map<string, number>;
  isState: boolean;
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/;
const SAMPLE = /^(([a-zA-Z_:][\w:]*)(?:\{.*\})?) (\S+)$/;
const HISTOGRAM_PART = /_(?:bucket|sum|count)$/;

function createMerge() {
  const metrics = new Map<string, Merged>();
  const metricOf = (name: string): Merged => {
    const known = metrics.get(name) ?? { head: [], samples: new Map(), isState: false };
    metrics.set(name, known);
    return known;
  };
  function takeHead([line, kind, name = '', text]: readonly string[]): void {
    const metric = metricOf(name);
    if (metric.head.length < 2) metric.head.push(line ?? '');
    if (kind === 'TYPE') metric.isState = text === 'gauge';
  }
  function takeSample([, series = '', name = '', number = '']: readonly string[]): void {
    const base = name.replace(HISTOGRAM_PART, '');
    const metric = metricOf(metrics.has(name) ? name : base);
    const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
    const before = metric.samples.get(series);
    const merged = metric.isState ? Math.max(before ?? value, value) : (before ?? 0) + value;
    metric.samples.set(series, merged);
  }
  return { metrics, takeHead, takeSample };
}

/** Merges texts in the exposition format of `registry.ts`. */
export function mergeMetrics(texts: readonly string[], { isCountsOnly = false } = {}): string {
  const { metrics, takeHead, takeSample } = createMerge();
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const head = HEAD.exec(line);
    if (head) takeHead(head);
    const sample = head ? null : SAMPLE.exec(line);
    if (sample) takeSample(sample);
  }
  const lines = [...metrics.values()]
    .filter(({ isState }) => !(isState && isCountsOnly))
    .flatMap(({ head, samples }) => [
      ...head,
      ...[...samples].map(([series, value]) => `${series} ${value}`),
    ]);
  return `${lines.join('\n')}\n`;
}
