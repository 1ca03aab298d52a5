import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filePlace, listenerPlace, startStep } from '#src/app/foundation/start-failure.ts';

const place = filePlace('store.sqlite.path', '/var/lib/viaduct.db');
const BEGINNING = 'store.sqlite.path in viaduct.yaml, /var/lib/viaduct.db: ';
const FIX = '; whoever serves must be able to write it, what lies beside it, and its folder';

for (const [what, cause, told] of [
  ['a plain reason', new Error('it is damaged'), 'it is damaged'],
  [
    'each reason behind it',
    new Error('SQLite result 14', { cause: new Error('unable to open database file') }),
    `SQLite result 14: unable to open database file${FIX}`,
  ],
  [
    'no permission',
    Object.assign(new Error("EACCES: permission denied, open '/var/lib/viaduct.db'")),
    `EACCES: permission denied, open '/var/lib/viaduct.db'${FIX}`,
  ],
  ['what is no error', 'secret', 'for no reason that is told'],
] as const)
  test(`Start: a step that fails is told with its setting and ${what}`, async () => {
    const failing = startStep(place, { file: 'viaduct.yaml' }, () => Promise.reject(cause));

    await assert.rejects(failing, new Error(`${BEGINNING}${told}`, { cause }));
  });

test('Start: an address that nobody may have is told with what helps', async () => {
  const anywhere = { host: '::1', port: 443 };
  const listener = listenerPlace({ public: anywhere, management: anywhere }, 'management');
  const cause = new Error('listen EACCES: permission denied ::1:443');

  await assert.rejects(
    startStep(listener, { file: 'viaduct.yaml' }, () => Promise.reject(cause)),
    new Error(
      'listeners.management.address in viaduct.yaml, [::1]:443: listen EACCES: permission denied ::1:443; take a port above 1023, or grant whoever serves the right to bind it',
      { cause },
    ),
  );
});

test('Start: a step that does not fail gives what it made', async () => {
  assert.equal(await startStep(place, { file: 'viaduct.yaml' }, async () => 'made'), 'made');
});
