import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitsKey, admitsPassword } from '#src/users/login.ts';
import { aUser } from './a-user-store.ts';

for (const [what, changes, byPassword, byKey] of [
  ['nothing of it', {}, true, false],
  ['password', { authenticationMethods: ['pwd'] }, true, false],
  ['key', { authenticationMethods: ['hwk'] }, false, true],
  ['both', { authenticationMethods: ['pwd', 'hwk'] }, true, true],
  ['none', { authenticationMethods: [] }, false, false],
  [
    'both, and is disabled',
    { authenticationMethods: ['pwd', 'hwk'], disabled: true },
    false,
    false,
  ],
] as const)
  test(`User store: whose record says ${what} logs in by what it says, and by nothing else`, async () => {
    const record = await aUser(changes);

    assert.deepEqual([admitsPassword(record), admitsKey(record)], [byPassword, byKey]);
  });
