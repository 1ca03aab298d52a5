// Two readers of one user file: what the configuration takes, the user store takes, and it takes the same.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseUserFile } from '#src/users/user-file.ts';
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

const anything = fc.oneof(fc.constantFrom(null, 0, true, [], {}), text, fc.array(text));

const claims = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 3 }))) },
  { weight: 1, arbitrary: anything },
);

const user = fc.record(
  {
    id: fc.oneof(
      { weight: 4, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,8}$/) },
      { weight: 1, arbitrary: text },
    ),
    password: fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: password }),
    disabled: fc.oneof(fc.boolean(), anything),
    claims,
    authenticationMethods: fc.oneof(
      fc.uniqueArray(fc.constantFrom('pwd', 'swk', 'hwk', 'otp'), { maxLength: 3 }),
      anything,
    ),
    extra: fc.constant(1),
  },
  { requiredKeys: ['id', 'password'] },
);

function storeTakes(content: unknown): unknown {
  try {
    return parseUserFile(content);
  } catch {
    return undefined;
  }
}

it('Config: the users it takes are those that the user store takes', async () => {
  let taken = 0;

  await fc.assert(
    fc.asyncProperty(fc.array(user, { maxLength: 2 }), async (list) => {
      const parsing = parseChanged(
        (document) => {
          Object.assign(document, { users: [{ file: 'users.yaml' }], clients: [], policy: [] });
          document.relyingParties = [];
        },
        { files: { 'users.yaml': stringify({ users: list }) } },
      );

      const expected = storeTakes({ users: list });
      const problems = await problemsOf(parsing);

      assert.equal(problems.length === 0, expected !== undefined, JSON.stringify(problems));
      if (problems.length > 0) return;
      taken += 1;
      assert.deepEqual((await parsing).users?.records, expected);
    }),
    { numRuns: 600 },
  );

  assert.ok(taken > 30, String(taken));
});
