import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeMetrics } from '#src/telemetry/merge-metrics.ts';
import { createRegistry } from '#src/telemetry/registry.ts';

function aProcess(requests: number, generation: number, seconds: readonly number[]): string {
  const registry = createRegistry();
  const counter = registry.counter({ name: 'requests_total', help: 'Requests.', labels: ['path'] });
  const gauge = registry.gauge({ name: 'generation', help: 'Generation.', labels: [] });
  const histogram = registry.histogram({
    name: 'work_seconds',
    help: 'Work.',
    labels: [],
    buckets: [0.1, 1],
  });
  for (let time = 0; time < requests; time += 1) counter.increment({ path: '/a "b" c' });
  gauge.set({}, generation);
  for (const value of seconds) histogram.observe({}, value);
  return registry.write();
}

test('Merged metrics: counts and distributions are added up, states are the highest, heads stand once', () => {
  const merged = mergeMetrics([aProcess(2, 3, [0.05, 5]), aProcess(5, 2, [0.5])]);

  assert.equal(
    merged,
    `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{path="/a \\"b\\" c"} 7
# HELP generation Generation.
# TYPE generation gauge
generation 3
# HELP work_seconds Work.
# TYPE work_seconds histogram
work_seconds_bucket{le="0.1"} 1
work_seconds_bucket{le="1"} 2
work_seconds_bucket{le="+Inf"} 3
work_seconds_sum 5.55
work_seconds_count 3
`,
  );
});

test('Merged metrics: of a process that is gone the counts stay, its states do not', () => {
  const departed = mergeMetrics([aProcess(2, 9, [])], { isCountsOnly: true });

  const merged = mergeMetrics([departed, aProcess(1, 1, [])]);

  assert.match(merged, /^generation 1$/m);
  assert.match(merged, /^requests_total\{[^}]*\} 3$/m);
});

test('Merged metrics: of nothing there is nothing', () => {
  assert.equal(mergeMetrics(['', '']).trim(), '');
});
