// What happens again and again is told once in a while, and nothing of it is lost from the count.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logSeldom } from '#src/app/foundation/seldom-log.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

function aLog() {
  const clock = fakeClock(1000);
  const lines: (readonly unknown[])[] = [];
  const seldom = logSeldom(clock, ({ cause, untold }) =>
    lines.push([(cause as Error).message, untold]),
  );
  return { clock, lines, happens: (message: string) => seldom(new Error(message)) };
}

test('seldom: the first is told at once, those after it as a number half a minute later', () => {
  const { clock, happens, lines } = aLog();

  for (let time = 0; time < 5; time += 1) happens('away');
  clock.set(1029);
  happens('away');
  clock.set(1030);
  happens('away');
  happens('away');

  assert.deepEqual(lines, [
    ['away', undefined],
    ['away', 5],
  ]);
});

test('seldom: another message is told at once', () => {
  const { happens, lines } = aLog();

  happens('away');
  happens('no permission');

  assert.deepEqual(lines, [
    ['away', undefined],
    ['no permission', undefined],
  ]);
});

test('seldom: messages that are never the same take no memory without end', () => {
  const { happens, lines } = aLog();

  for (let time = 0; time < 250; time += 1) happens(`away ${time}`);
  happens('away 0');

  assert.equal(lines.length, 251);
});
