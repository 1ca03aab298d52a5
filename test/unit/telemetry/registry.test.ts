import assert from 'node:assert/strict';
import test from 'node:test';
import { createMetrics } from '#src/telemetry/metrics.ts';
import { createRegistry } from '#src/telemetry/registry.ts';

test('metrics: a counter counts for each combination of labels', () => {
  const registry = createRegistry();
  const counter = registry.counter({ name: 'c_total', help: 'Things.', labels: ['kind'] });

  counter.increment({ kind: 'a' });
  counter.increment({ kind: 'a' });
  counter.increment({ kind: 'b' });

  assert.equal(
    registry.write(),
    '# HELP c_total Things.\n# TYPE c_total counter\nc_total{kind="a"} 2\nc_total{kind="b"} 1\n',
  );
});

test('metrics: a gauge has the last value', () => {
  const registry = createRegistry();
  const gauge = registry.gauge({ name: 'g', help: 'G.', labels: [] });

  gauge.set({}, 3);
  gauge.set({}, Number.POSITIVE_INFINITY);

  assert.match(registry.write(), /^g \+Inf$/m);
});

test('metrics: a gauge can go up by one from what it has', () => {
  const registry = createRegistry();
  const gauge = registry.gauge({ name: 'g', help: 'G.', labels: [] });

  gauge.increment({});
  gauge.set({}, 3);
  gauge.increment({});

  assert.match(registry.write(), /^g 4$/m);
});

test('metrics: a histogram has cumulative buckets, sum and count', () => {
  const registry = createRegistry();
  const definition = { name: 'h', help: 'H.', labels: ['op'] as const, buckets: [0.1, 1] };
  const histogram = registry.histogram(definition);

  for (const value of [0.05, 0.1, 0.5, 5]) histogram.observe({ op: 'get' }, value);

  assert.deepEqual(registry.write().trimEnd().split('\n').slice(2), [
    'h_bucket{op="get",le="0.1"} 2',
    'h_bucket{op="get",le="1"} 3',
    'h_bucket{op="get",le="+Inf"} 4',
    'h_sum{op="get"} 5.65',
    'h_count{op="get"} 4',
  ]);
});

test('metrics: a label value cannot break out of its quotes or its line', () => {
  const registry = createRegistry();
  const counter = registry.counter({ name: 'c', help: 'a\nb\\', labels: ['kind'] });

  counter.increment({ kind: 'x"} 1\ny{\\' });

  assert.equal(
    registry.write(),
    '# HELP c a\\nb\\\\\n# TYPE c counter\nc{kind="x\\"} 1\\ny{\\\\"} 1\n',
  );
});

test('metrics: beyond its bound a metric counts in one series', () => {
  const registry = createRegistry();
  const counter = registry.counter({ name: 'c', help: 'C.', labels: ['kind'] });

  for (let index = 0; index < 5000; index += 1) counter.increment({ kind: `k${index}` });

  const lines = registry.write().trimEnd().split('\n');
  assert.equal(lines.length, 2 + 1001);
  assert.equal(lines.at(-1), 'c{kind="overflow"} 4000');
});

test('metrics: a bad or repeated name is a bug', () => {
  const registry = createRegistry();
  registry.gauge({ name: 'g', help: '', labels: [] });

  assert.throws(() => registry.counter({ name: 'g', help: '', labels: [] }), /repeated/);
  assert.throws(() => registry.counter({ name: 'g h', help: '', labels: [] }), /bad/);
});

test('metrics: those of the handbook are declared, and the ones without labels show zero', () => {
  const registry = createRegistry();

  const metrics = createMetrics(registry);
  metrics.requests.increment({ endpoint: '/token', grant: '', outcome: 'ok', reason: '' });

  const text = registry.write();
  for (const name of [
    'sts_requests_total',
    'sts_issue_seconds',
    'sts_sign_seconds',
    'sts_store_op_seconds',
    'sts_store_fenced',
    'sts_store_role_changes_total',
    'sts_replay_detected_total',
    'sts_audit_write_seconds',
    'sts_audit_write_failures_total',
    'sts_key_not_after_seconds',
    'sts_trust_cert_not_after_seconds',
    'sts_revocation_list_not_after_seconds',
    'sts_jwks_refresh_failures_total',
    'sts_config_generation',
    'sts_ratelimit_local_fallback',
  ]) {
    assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
  }
  assert.match(text, /^sts_audit_write_failures_total 0$/m);
  assert.match(
    text,
    /^sts_requests_total\{endpoint="\/token",grant="",outcome="ok",reason=""\} 1$/m,
  );
});
