// What a mark in the ledger tells: that somebody logs in with something else now, and nothing of what with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyMark, passwordMark, presentMarks } from '#src/users/login-mark.ts';
import { aPassword, aUser } from './a-user-store.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test('Login mark: neither name, stored password nor second factor is in it', async () => {
  const alice = await aUser({ oneTimePasswordSecret: SECRET });
  const [salt = '', stored = ''] = alice.password.split('$').slice(-2);

  for (const part of ['alice', salt, stored, SECRET])
    assert.equal(passwordMark(alice).includes(part), false);
});

test('Login mark: another for each salt, name and second factor, and the same for whatever else is said of a user', async () => {
  const alice = await aUser();
  const marks = [
    alice,
    await aUser(),
    { ...alice, id: 'bob' },
    { ...alice, oneTimePasswordSecret: SECRET },
    { ...alice, oneTimePasswordSecret: SECRET.toLowerCase() },
  ].map(passwordMark);

  assert.equal(new Set([...marks, keyMark(alice), keyMark({ id: 'bob' })]).size, marks.length + 2);
  assert.equal(passwordMark({ ...alice, claims: { role: 'reader' } }), passwordMark(alice));
});

for (const [what, changes, has] of [
  ['by password unless told', {}, { password: true, key: false }],
  ['by both', { authenticationMethods: ['pwd', 'hwk'] }, { password: true, key: true }],
  ['by a key alone', { authenticationMethods: ['swk'] }, { password: false, key: true }],
  [
    'by neither while disabled',
    { authenticationMethods: ['pwd', 'swk'], disabled: true },
    { password: false, key: false },
  ],
] as const)
  test(`Login mark: present is what a user logs in with ${what}`, async () => {
    const alice = await aUser({ password: await aPassword('correct horse'), ...changes });

    const present = presentMarks([alice]);

    const found = { password: present.has(passwordMark(alice)), key: present.has(keyMark(alice)) };
    assert.deepEqual(found, has);
  });
