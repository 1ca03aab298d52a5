// What the configuration takes for a user name or a stored password, the user store can do its work with.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { isPossibleUserName } from '#core/request/user-name.ts';
import { parseEncodedPassword } from '#src/users/password/encoded-password.ts';
import { parseChanged, problemsOf } from '#test/unit/config/document.ts';

const bytes = (length: number): string => Buffer.alloc(length, 7).toString('base64url');

const text = fc.oneof(
  fc.constantFrom(
    '',
    'alice',
    'Alice',
    ' bob',
    'e\u0301',
    'a\u0085b',
    'x\u200by',
    '__proto__',
    'sub',
  ),
  fc.string({ maxLength: 12 }),
);

const password = fc
  .tuple(
    fc.constantFrom('8192', '16384', '32768', '40000', '131072', '262144', '0'),
    fc.constantFrom('7', '8', '16', '17', '08'),
    fc.constantFrom('0', '1', '4', '5'),
    fc.constantFrom(bytes(15), bytes(16), bytes(64), bytes(65), `${bytes(16)}=`),
    fc.constantFrom(bytes(31), bytes(32), bytes(64), bytes(65), `${bytes(32).slice(0, -1)}9`),
  )
  .map((parts) => ['scrypt', ...parts].join('$'));

const good = fc.constant(`scrypt$32768$8$3$${bytes(16)}$${bytes(32)}`);

const user = fc.record({
  id: fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,8}$/) },
    { weight: 1, arbitrary: text },
  ),
  password: fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: password }),
});

function isReadable(encoded: string): boolean {
  try {
    parseEncodedPassword(encoded);
    return true;
  } catch {
    return false;
  }
}

it('Config: the names and passwords it takes are those that the user store can log in with', async () => {
  let taken = 0;

  await fc.assert(
    fc.asyncProperty(user, async ({ id, password: encoded }) => {
      const parsing = parseChanged(
        (document) => {
          Object.assign(document, { users: [{ file: 'users.yaml' }], clients: [], policy: [] });
          document.relyingParties = [];
        },
        { files: { 'users.yaml': stringify({ users: [{ id, password: encoded }] }) } },
      );

      const isUsable = isPossibleUserName(id) && id === id.normalize('NFC') && isReadable(encoded);
      const problems = await problemsOf(parsing);

      assert.equal(problems.length === 0, isUsable, JSON.stringify(problems));
      if (isUsable) taken += 1;
    }),
    { numRuns: 600 },
  );

  assert.ok(taken > 30, String(taken));
});
