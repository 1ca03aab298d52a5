// Which of its own writes a process has at hand when a master is new.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ScriptCall } from '#src/store/redis/redis-commands.ts';
import { RewriteRing } from '#src/store/redis/rewrite-ring.ts';
import { PUT } from '#src/store/redis/scripts.ts';

const SECONDS = 120;
/** Of what is written. */
const LIFE_MILLISECONDS = 3_600_000;

const aCall = (name: string): ScriptCall => ({ script: PUT, keys: [name], args: ['canary', ''] });
const namesOf = (calls: readonly ScriptCall[]) => calls.map(({ keys: [name] }) => name);

/** A ring whose time is moved. */
function aRing(t: TestContext) {
  let now = 1_000_000;
  t.mock.method(performance, 'now', () => now);
  const ring = new RewriteRing(SECONDS);
  return {
    ring,
    now: () => now,
    keep: (name: string, bucket = 0) => ring.keep(bucket, aCall(name), LIFE_MILLISECONDS),
    pass: (seconds: number): void => {
      now += seconds * 1000;
    },
  };
}

test('ring: what was written since then, to these buckets, in order', (t) => {
  const { keep, now, pass, ring } = aRing(t);
  keep('before');
  pass(1);
  const since = now();
  keep('one');
  keep('elsewhere', 1);
  keep('other', 2);

  assert.deepEqual(namesOf(ring.since(since, [0, 2])), ['one', 'other']);
  assert.deepEqual(namesOf(ring.since(0, [0, 1, 2])), ['before', 'one', 'elsewhere', 'other']);
});

test('ring: what is older than it keeps is not written again, nor what has ended', (t) => {
  const { keep, pass, ring } = aRing(t);
  keep('old');
  pass(SECONDS);
  keep('young');
  ring.keep(0, aCall('short'), 500);
  assert.deepEqual(namesOf(ring.since(0, [0])), ['old', 'young', 'short']);

  pass(1);

  assert.deepEqual(namesOf(ring.since(0, [0])), ['young']);
});

test('ring: what is written again lives as long as it would have', (t) => {
  const { pass, ring } = aRing(t);
  const args = ['canary', 'text', '2000'] as const;
  ring.keep(0, { ...aCall('value'), args }, 1999.5);
  pass(1);

  const [call] = ring.since(0, [0]);

  assert.deepEqual(call, { script: PUT, keys: ['value'], args: ['canary', 'text', '1000'] });
});

test('ring: while a master is away nothing gets older: what it may have lost is what came before that', (t) => {
  const { keep, pass, ring } = aRing(t);
  keep('too old');
  pass(SECONDS);
  keep('before');
  pass(1);
  ring.hold(true);
  pass(10 * SECONDS);
  ring.hold(true);
  keep('elsewhere', 1);

  assert.deepEqual(namesOf(ring.since(0, [0, 1])), ['before', 'elsewhere']);
  ring.hold(false);
  keep('after');

  assert.deepEqual(namesOf(ring.since(0, [0, 1])), ['elsewhere', 'after']);
});

test('ring: many come and go, and those of the last time are there', (t) => {
  const { keep, pass, ring } = aRing(t);
  const names = Array.from({ length: 6000 }, (_, index) => String(index));
  for (const name of names) {
    keep(name);
    pass(1);
  }

  assert.deepEqual(namesOf(ring.since(0, [0])), names.slice(-SECONDS));
});

test('ring: of more than it holds the oldest go', (t) => {
  const { keep, ring } = aRing(t);
  for (let index = 0; index <= 100_000; index += 1) keep(String(index));

  const kept = namesOf(ring.since(0, [0]));

  assert.equal(kept.length, 100_000);
  assert.deepEqual([kept.at(0), kept.at(-1)], ['1', '100000']);
});

test('ring: of long texts it holds fewer, and of short ones again as many', (t) => {
  const { keep, ring } = aRing(t);
  const text = 'x'.repeat(1_000_000);
  const keepLong = (name: string) =>
    ring.keep(0, { ...aCall(name), args: [text, ''] }, LIFE_MILLISECONDS);
  for (let index = 0; index < 60; index += 1) keepLong(String(index));

  const ofLong = namesOf(ring.since(0, [0]));
  for (let index = 0; index < 100_000; index += 1) keep('short');
  const ofShort = namesOf(ring.since(0, [0]));

  assert.deepEqual(
    ofLong,
    Array.from({ length: 50 }, (_, index) => String(index + 10)),
  );
  assert.equal(ofShort.length, 100_000);
  assert.ok(ofShort.every((name) => name === 'short'));
});
