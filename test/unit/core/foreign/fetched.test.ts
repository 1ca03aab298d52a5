import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFetched, type Load } from '#core/foreign/fetched.ts';
import { NOW } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const SETTINGS = { refetchSeconds: 30, staleSeconds: 3600, defaultFreshSeconds: 600 };

const failing: Load<string> = async () => {
  throw new Error('no answer');
};
const answering: Load<string> = async () => ({ content: 'keys' });

function setUp() {
  const clock = fakeClock();
  const failures: unknown[] = [];
  const onFailure = (cause: unknown) => failures.push(cause);
  let reloads = 0;
  const renewals = () => reloads;
  const reload = () => void reloads++;
  const fetched = createFetched<string>({ clock, settings: SETTINGS, onFailure, renewals });
  const read = async (load: Load<string>) => (await fetched.current(load))?.content;
  return { clock, failures, fetched, read, reload };
}

test('Reliability row 19: a source that answers again is waited for as one that never failed', async () => {
  const { clock, fetched, read } = setUp();
  assert.equal(await read(failing), undefined);
  assert.equal(fetched.retryAfterSeconds(), SETTINGS.refetchSeconds);
  clock.advance(SETTINGS.refetchSeconds);
  await read(answering);
  assert.equal(fetched.retryAfterSeconds(), undefined);
  clock.advance(SETTINGS.defaultFreshSeconds + SETTINGS.staleSeconds);

  const all = await Promise.all([read(answering), read(answering)]);

  assert.deepEqual(all, ['keys', 'keys']);
});

test('Reliability row 19: a clock that is set back while the source fails takes nothing away, and makes nothing last longer', async () => {
  const { clock, read } = setUp();
  await read(answering);

  clock.advance(-SETTINGS.staleSeconds);
  assert.equal(await read(failing), 'keys');

  clock.advance(-1);
  assert.equal(await read(failing), undefined);
});

test('Reliability row 19: what is over at this moment is a failure, and is asked for once in an interval', async () => {
  const { failures, read } = setUp();
  const over: Load<string> = async () => ({ content: 'keys', validUntil: NOW });

  assert.equal(await read(over), undefined);
  assert.equal(await read(answering), undefined);

  assert.equal(failures.length, 1);
});

test('RFC 9110 §10.2.3: a clock that is set back while the source is asked keeps nobody away for longer than an interval', async () => {
  const { clock, fetched, read } = setUp();
  await read(async () => {
    clock.advance(-SETTINGS.staleSeconds);
    throw new Error('no answer');
  });

  assert.equal(fetched.retryAfterSeconds(), 1);
  assert.equal(await read(answering), 'keys');
});

test('RFC 9110 §10.2.3: a failure of before a reload keeps nobody away, as the source is asked at once', async () => {
  const { fetched, read, reload } = setUp();
  await read(failing);

  reload();

  assert.equal(fetched.retryAfterSeconds(), 1);
  assert.equal(await read(answering), 'keys');
});
