import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseUserFile } from '#src/users/user-file.ts';

const SALT = Buffer.alloc(16, 1).toString('base64url');
const HASH = Buffer.alloc(32, 2).toString('base64url');
const PASSWORD = `scrypt$16384$8$1$${SALT}$${HASH}`;

const withUser = (changes: Readonly<Record<string, unknown>>) => ({
  users: [{ id: 'alice', password: PASSWORD, ...changes }],
});

test('User file: reads all members of a record', () => {
  const claims = { department: 'sales', role: ['reader', 'writer'] };

  const records = parseUserFile({
    users: [
      { id: 'alice', password: PASSWORD },
      { id: 'bob', password: PASSWORD, disabled: true, claims, authenticationMethods: ['pwd'] },
    ],
  });

  assert.deepEqual(records, [
    { id: 'alice', password: PASSWORD, claims: {} },
    { id: 'bob', password: PASSWORD, disabled: true, claims, authenticationMethods: ['pwd'] },
  ]);
});

test('User file: a file without users is an empty list, not an error', () => {
  assert.deepEqual(parseUserFile({ users: [] }), []);
});

for (const [what, content, problem] of [
  ['nothing', undefined, /users: must be a list/],
  ['a bare list', [], /users: must be a list/],
  ['a text', 'users', /users: must be a list/],
  ['an unknown key beside users', { users: [], user: [] }, /the user file: 1 unknown key/],
  ['a record that is no mapping', { users: ['alice'] }, /users\[0\]: must be a mapping/],
  ['a record that is null', { users: [null] }, /users\[0\]: must be a mapping/],
  ['an unknown key', withUser({ admin: true }), /users\[0\]: 1 unknown key/],
  ['no id', withUser({ id: undefined }), /users\[0\]\.id: must be a name/],
  ['an empty id', withUser({ id: '' }), /users\[0\]\.id/],
  ['an id with outer spaces', withUser({ id: ' alice' }), /users\[0\]\.id/],
  ['an id with a line break', withUser({ id: 'a\nb' }), /users\[0\]\.id/],
  ['an id that is too long', withUser({ id: 'a'.repeat(257) }), /users\[0\]\.id/],
  ['an id with a lone surrogate', withUser({ id: 'a\udc00' }), /users\[0\]\.id/],
  ['an id that is not in NFC', withUser({ id: 'cafe\u0301' }), /users\[0\]\.id/],
  ['a number as id', withUser({ id: 7 }), /users\[0\]\.id/],
  ['no password', withUser({ password: undefined }), /users\[0\]\.password: must be a text/],
  ['a plain password', withUser({ password: 'hunter2' }), /users\[0\]\.password: not of the form/],
  ['a cheap hash', withUser({ password: PASSWORD.replace('16384', '1024') }), /N must be from/],
  ['a text for disabled', withUser({ disabled: 'yes' }), /users\[0\]\.disabled: must be true/],
  ['null for disabled', withUser({ disabled: null }), /users\[0\]\.disabled: must be true/],
  [
    'an unknown method',
    withUser({ authenticationMethods: ['mfa'] }),
    /authenticationMethods: must/,
  ],
  ['a doubled method', withUser({ authenticationMethods: ['pwd', 'pwd'] }), /Methods: must/],
  ['no method', withUser({ authenticationMethods: [] }), /authenticationMethods: must/],
  ['a text for methods', withUser({ authenticationMethods: 'pwd' }), /authenticationMethods: must/],
  ['a list of claims', withUser({ claims: ['role'] }), /users\[0\]\.claims: must be a mapping/],
  ['a number as claim', withUser({ claims: { age: 7 } }), /claims \(entry 1\): must be a text/],
  ['an empty claim', withUser({ claims: { role: [] } }), /claims \(entry 1\): must be a text/],
  ['a nested claim', withUser({ claims: { role: [['x']] } }), /claims \(entry 1\): must be a text/],
  ['a control character', withUser({ claims: { role: 'a\u0000' } }), /claims \(entry 1\): must/],
  ['a long value', withUser({ claims: { role: 'x'.repeat(4097) } }), /claims \(entry 1\): must/],
  ['a reserved claim', withUser({ claims: { act: 'admin' } }), /claims \(entry 1\): its name/],
  ['a claim without name', withUser({ claims: { '': 'x' } }), /claims \(entry 1\): its name/],
] as const) {
  test(`User file: refuses ${what}`, () => {
    assert.throws(() => parseUserFile(content), problem);
  });
}

test('User file: refuses too many claims', () => {
  const claims = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`c${index}`, 'x']));

  assert.throws(() => parseUserFile(withUser({ claims })), /at most 100 claims/);
});

test('User file: a claim named __proto__ is refused and pollutes nothing', () => {
  const claims: unknown = JSON.parse('{ "__proto__": "x" }');

  assert.throws(() => parseUserFile(withUser({ claims })), /its name/);
});

for (const twin of ['alice', 'Alice', 'ALICE']) {
  test(`User file: refuses ${twin} beside alice`, () => {
    const users = [
      { id: 'alice', password: PASSWORD },
      { id: twin, password: PASSWORD },
    ];

    assert.throws(() => parseUserFile({ users }), /users\[1\]\.id: is that of users\[0\] again/);
  });
}

test('User file: lists all problems at once and repeats no value', () => {
  const users = [
    { id: '', password: 'hunter2', hunter2: true, claims: { role: 'hunter2\n' } },
    { id: 'bob', password: 'hunter2', disabled: 'hunter2', authenticationMethods: ['hunter2'] },
  ];

  assert.throws(
    () => parseUserFile({ users }),
    (error: Error) => {
      assert.match(error.message, /^the user file has 7 problem\(s\):\n/);
      assert.equal(error.message.split('\n').length, 8);
      assert.doesNotMatch(error.message, /hunter2/);
      assert.equal(error.cause, undefined);
      return true;
    },
  );
});

test('User file: any content is read or refused with an Error', () => {
  const content = fc.oneof(
    fc.anything(),
    fc.record({ users: fc.array(fc.anything()) }),
    fc.record({ users: fc.array(fc.record({ id: fc.anything(), claims: fc.anything() })) }),
  );

  fc.assert(
    fc.property(content, (value) => {
      try {
        parseUserFile(value);
      } catch (error) {
        assert.ok(error instanceof Error);
        assert.match(error.message, /^the user file has/);
      }
    }),
  );
});
