// Users: the files they are read from, the problems told at the lines of those files, and what is set beside them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import {
  type Change,
  first,
  parseChanged,
  problemsOf,
  type World,
  warningsOf,
} from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const bytes = (length: number): string => Buffer.alloc(length, 7).toString('base64url');
const STORED = `scrypt$32768$8$3$${bytes(16)}$${bytes(32)}`;

const ALICE = { id: 'alice', password: STORED };

const users: (change?: Record<string, unknown>) => Change = (change) => (document) => {
  Object.assign(document, { users: [{ file: 'users.yaml' }] }, change);
};

const worldOf = (list: unknown): World => ({ files: { 'users.yaml': stringify({ users: list }) } });

const parseUsers = (list: unknown, change: Change = users()) => parseChanged(change, worldOf(list));

describe('Config: users', () => {
  it('are absent unless there is a file of them', async () => {
    assert.equal((await parseChanged(() => {})).users, undefined);
  });

  it('come with a lock-out and a short memory', async () => {
    const config = await parseUsers([ALICE]);

    assert.deepEqual(config.users, {
      records: [{ ...ALICE, claims: {} }],
      lockout: { maxFailures: 10, windowSeconds: 900 },
      cacheSeconds: 60,
    });
  });

  it('have what is set', async () => {
    const lockout = { maxFailures: 3, windowSeconds: 60, maxFailuresPerSource: 9 };
    const claims = { department: 'sales', role: ['reader', 'writer'] };
    const user = { ...ALICE, disabled: true, claims, authenticationMethods: ['pwd', 'hwk'] };

    const config = await parseUsers([user], users({ lockout, passwordCacheSeconds: 0 }));

    assert.deepEqual(config.users, { records: [user], lockout, cacheSeconds: 0 });
  });

  it('may be spelled in domains', async () => {
    const userDomains = [{ names: ['CORP', 'corp.example'], default: true }, { names: ['EMEA'] }];

    const config = await parseUsers([ALICE], users({ userDomains }));

    assert.deepEqual(config.users?.domains, [
      { names: ['CORP', 'corp.example'], isDefault: true },
      { names: ['EMEA'] },
    ]);
  });

  it('may have a second factor, whose secret is somewhere else', async () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    const world = worldOf([{ ...ALICE, oneTimePassword: { file: 'alice.otp' } }]);

    const config = await parseChanged(users(), {
      files: { ...world.files, 'alice.otp': `${secret.slice(0, 16)} ${secret.slice(16)}\n` },
    });

    assert.deepEqual(config.users?.records, [
      { ...ALICE, claims: {}, oneTimePasswordSecret: secret },
    ]);
  });

  it('may have a password that can be read, which is somewhere else', async () => {
    const world = worldOf([{ ...ALICE, recoverablePassword: { file: 'alice.password' } }]);

    const config = await parseChanged(users(), {
      files: { ...world.files, 'alice.password': ' correct horse \n' },
    });

    assert.equal(config.users?.records[0]?.recoverablePassword, ' correct horse ');
  });

  for (const text of ['', 'GEZDGNBVGY3TQOJQ', '0189', 'pass word']) {
    it(`refuse ${JSON.stringify(text)} as the secret of a second factor, and do not repeat it`, async () => {
      const world = worldOf([{ ...ALICE, oneTimePassword: { file: 'alice.otp' } }]);

      const problems = await problemsOf(
        parseChanged(users(), { files: { ...world.files, 'alice.otp': text } }),
      );

      assert.deepEqual(
        problems.map(({ code, path }) => `${code} ${path}`),
        ['CONFIG_SECRET users[0].file'],
      );
      if (text !== '') assert.doesNotMatch(JSON.stringify(problems), new RegExp(text));
    });
  }

  it('may stand in several files', async () => {
    const change = users({ users: [{ file: 'users.yaml' }, { file: 'more.yaml' }] });
    const files = { 'more.yaml': stringify({ users: [{ ...ALICE, id: 'bob' }] }) };

    const config = await parseChanged(change, {
      files: { ...worldOf([ALICE]).files, ...files },
    });

    assert.deepEqual(
      config.users?.records.map(({ id }) => id),
      ['alice', 'bob'],
    );
  });
});

const refused = (rule: string, list: unknown, errors: readonly string[]) => ({
  rule,
  change: users(),
  errors,
  world: worldOf(list),
});

refuses('the user file', [
  refused('users are a list', {}, ['CONFIG_WRONG_TYPE users']),
  refused('a user is a map', ['alice'], ['CONFIG_WRONG_TYPE users[0]']),
  refused('an id is text', [{ ...ALICE, id: 7 }], ['CONFIG_WRONG_TYPE users[0].id']),
  ...['', ' alice', 'a\u0000', 'e\u0301', 'x'.repeat(257)].map((id) =>
    refused(
      `an id is not ${JSON.stringify(id.slice(0, 9))}`,
      [{ ...ALICE, id }],
      ['CONFIG_INVALID_VALUE users[0].id'],
    ),
  ),
  ...[
    'hunter2',
    STORED.replace('32768', '8192'),
    STORED.replace('32768', '262144'),
    STORED.replace('32768', '32769'),
    STORED.replace('$8$', '$7$'),
    STORED.replace('$8$', '$17$'),
    STORED.replace('$3$', '$5$'),
    STORED.replace(bytes(16), bytes(15)),
    STORED.replace(bytes(32), bytes(31)),
    STORED.replace(bytes(32), bytes(65)),
    `${STORED}=`,
    `${STORED.slice(0, -1)}9`,
    ` ${STORED}`,
  ].map((password, index) =>
    refused(
      `a stored password is strong and has one form (${String(index)})`,
      [{ ...ALICE, password }],
      ['CONFIG_SECRET users[0].password'],
    ),
  ),
  refused(
    'disabled is true or false',
    [{ ...ALICE, disabled: 'no' }],
    ['CONFIG_WRONG_TYPE users[0].disabled'],
  ),
  ...[['__proto__'], ['act'], [''], ['a\u0007']].map(([name = '']) =>
    refused(
      `no claim is called ${JSON.stringify(name)}`,
      [{ ...ALICE, claims: Object.fromEntries([[name, 'x']]) }],
      ['CONFIG_INVALID_VALUE users[0].claims'],
    ),
  ),
  ...[7, true, null, [], [7], { a: 'b' }, 'a\u0007', 'x'.repeat(4097)].map((value) =>
    refused(
      `no claim has the value ${JSON.stringify(value).slice(0, 9)}`,
      [{ ...ALICE, claims: { role: value } }],
      ['CONFIG_INVALID_VALUE users[0].claims'],
    ),
  ),
  refused(
    'claims are a map',
    [{ ...ALICE, claims: ['role'] }],
    ['CONFIG_WRONG_TYPE users[0].claims'],
  ),
  refused(
    'claims are bounded',
    [
      {
        ...ALICE,
        claims: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, 'x'])),
      },
    ],
    ['CONFIG_OUT_OF_RANGE users[0].claims'],
  ),
  refused(
    'methods are known',
    [{ ...ALICE, authenticationMethods: ['otp'] }],
    ['CONFIG_INVALID_VALUE users[0].authenticationMethods[0]'],
  ),
  refused(
    'methods are named once',
    [{ ...ALICE, authenticationMethods: ['pwd', 'pwd'] }],
    ['CONFIG_INVALID_VALUE users[0].authenticationMethods'],
  ),
  refused(
    'names differ in more than case',
    [ALICE, { ...ALICE, id: 'ALICE' }],
    ['CONFIG_DUPLICATE users[1].id'],
  ),
  refused(
    'names differ in more than case, whichever comes first',
    [{ ...ALICE, id: 'ALICE' }, ALICE],
    ['CONFIG_DUPLICATE users[1].id'],
  ),
  refused(
    'RFC 9068 §5: no user is called like a client',
    [{ ...ALICE, id: 'gateway' }],
    ['CONFIG_OVERLAP users[0].id'],
  ),
  refused(
    'no user is called as a subject of a trusted issuer',
    [{ ...ALICE, id: 'partner:bob' }],
    ['CONFIG_OVERLAP users[0].id'],
  ),
  ...['CORP\\alice', 'ALICE@corp.example', 'alice'].map((id) => ({
    rule: `names differ in more than the spelling of their domain: ${id}`,
    change: users({ userDomains: [{ names: ['CORP', 'corp.example'], default: true }] }),
    errors: ['CONFIG_DUPLICATE users[1].id'],
    world: worldOf([
      { ...ALICE, id: 'alice@CORP' },
      { ...ALICE, id },
    ]),
  })),
  ...['', 'CORP\\', '@corp', 'a b', 'e\u0301', 'a\u0000', 'x'.repeat(256)].map((name) => ({
    rule: `the name of a domain is not ${JSON.stringify(name.slice(0, 9))}`,
    change: users({ userDomains: [{ names: [name] }] }),
    errors: ['CONFIG_INVALID_VALUE userDomains[0].names[0]'],
    world: worldOf([ALICE]),
  })),
  {
    rule: 'a domain has a name',
    change: users({ userDomains: [{ names: [] }] }),
    errors: ['CONFIG_OUT_OF_RANGE userDomains[0].names'],
    world: worldOf([ALICE]),
  },
  {
    rule: 'a domain is named once',
    change: users({ userDomains: [{ names: ['CORP', 'corp'] }, { names: ['Corp'] }] }),
    errors: [
      'CONFIG_DUPLICATE userDomains[0].names[1]',
      'CONFIG_DUPLICATE userDomains[1].names[0]',
    ],
    world: worldOf([ALICE]),
  },
  {
    rule: 'one domain is the default',
    change: users({
      userDomains: [
        { names: ['A'], default: true },
        { names: ['B'], default: true },
      ],
    }),
    errors: ['CONFIG_CONFLICT userDomains[1].default'],
    world: worldOf([ALICE]),
  },
  {
    rule: 'a user file must be there',
    change: users({ users: [{ file: 'missing.yaml' }] }),
    errors: ['CONFIG_SECRET users[0].file'],
  },
  {
    rule: 'a user file is YAML',
    change: users(),
    errors: ['CONFIG_YAML '],
    world: { files: { 'users.yaml': 'users: []\nusers: []\n' } },
  },
  {
    rule: 'a user file is one list and nothing else',
    change: users(),
    errors: ['CONFIG_UNKNOWN_KEY '],
    world: { files: { 'users.yaml': 'users: []\nclients: []\n' } },
  },
  {
    rule: 'a list of files is not empty',
    change: users({ users: [] }),
    errors: ['CONFIG_OUT_OF_RANGE users'],
  },
  {
    rule: 'a lock-out needs a failure',
    change: users({ lockout: { maxFailures: 0 } }),
    errors: ['CONFIG_OUT_OF_RANGE lockout.maxFailures'],
    world: worldOf([ALICE]),
  },
  {
    rule: 'a good login is not remembered for long',
    change: users({ passwordCacheSeconds: 3601 }),
    errors: ['CONFIG_OUT_OF_RANGE passwordCacheSeconds'],
    world: worldOf([ALICE]),
  },
]);

describe('Configuration: problems in a user file', () => {
  it('are told with its own name and lines, after those of the configuration', async () => {
    const change: Change = (document) => {
      users()(document);
      document.clients = [{ ...first(document.clients), grant_types: 1 }];
    };
    const text = `users:\n  - id: alice\n    password: ${STORED}\n  - id: ' bob'\n    password: x\n`;

    const problems = await problemsOf(parseChanged(change, { files: { 'users.yaml': text } }));

    assert.deepEqual(
      problems.map(({ file, line, path }) => [file.split('/').at(-1), line, path]),
      [
        ['viaduct.yaml', 35, 'clients[0].grant_types'],
        ['users.yaml', 4, 'users[1].id'],
        ['users.yaml', 5, 'users[1].password'],
      ],
    );
  });

  it('never repeat a value or an unknown key', async () => {
    const list = [{ id: 'hunter2\u0000', password: 'hunter2', hunter2: 1, claims: { hunter2: 1 } }];

    const problems = await problemsOf(parseUsers(list));

    assert.equal(problems.length, 4);
    assert.ok(!JSON.stringify(problems).includes('hunter2'));
  });
});

it('Configuration: settings for users without users are warned of', async () => {
  const change: Change = (document) => {
    Object.assign(document, {
      lockout: { maxFailures: 5 },
      passwordCacheSeconds: 5,
      userDomains: [{ names: ['CORP'] }],
    });
  };

  assert.deepEqual(await warningsOf(change), [
    'CONFIG_NO_EFFECT lockout',
    'CONFIG_NO_EFFECT passwordCacheSeconds',
    'CONFIG_NO_EFFECT userDomains',
  ]);
});
