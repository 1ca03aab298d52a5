// Guessing: what a login tells and how many guesses it gives. Work is counted as scrypt computations, never measured as time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { ExchangeFailure } from '#core/failure.ts';
import { createUserNameKey } from '#core/request/user-domain.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aFailingStore, aPassword, aUser, aUserStore } from '#test/unit/users/a-user-store.ts';

const GOOD = { name: 'alice', password: 'correct horse' };
const WRONG = { name: 'alice', password: 'wrong horse' };
const REFUSED = { reason: 'requestor-unauthenticated' };
const SOURCE = '192.0.2.1';

type Users = ReturnType<typeof aUserStore>['users'];

async function failTimes(users: Users, times: number, changes: object = {}): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await assert.rejects(users.authenticate({ ...WRONG, ...changes }), REFUSED);
  }
}

async function failureOf(login: Promise<unknown>): Promise<ExchangeFailure> {
  const [outcome] = await Promise.allSettled([login]);
  assert.ok(outcome?.status === 'rejected' && outcome.reason instanceof ExchangeFailure);
  return outcome.reason;
}

const COSTS = { N: 2 ** 15, r: 8, p: 1 };

for (const [what, changes, login] of [
  ['a wrong password', {}, WRONG],
  ['an unknown user', {}, { ...GOOD, name: 'mallory' }],
  ['a disabled user with the right password', { disabled: true }, GOOD],
  ['a disabled user with a wrong password', { disabled: true }, WRONG],
  ['a user without password login', { authenticationMethods: ['hwk'] }, GOOD],
] as const) {
  test(`xml-security E3, same work: ${what} costs one computation of the cost in the file`, async () => {
    const password = await aPassword('correct horse', COSTS);
    const { users, derivations } = aUserStore({ records: [await aUser({ password, ...changes })] });

    await assert.rejects(users.authenticate(login), REFUSED);

    assert.deepEqual(derivations, [COSTS.N]);
  });
}

for (const [what, login] of [
  ['the right password, remembered as good', GOOD],
  ['a wrong password', WRONG],
] as const) {
  test(`Lock-out: while a name is locked out, ${what} costs no computation and is refused`, async () => {
    const { users, derivations } = aUserStore({ records: [await aUser()] });
    await users.authenticate(GOOD);
    await failTimes(users, 5);
    const before = derivations.length;

    await assert.rejects(users.authenticate(login), REFUSED);

    assert.equal(derivations.length, before);
  });
}

test('Lock-out: a source that is locked out costs no computation, for known and unknown names', async () => {
  const lockout = { maxFailures: 9, windowSeconds: 300, maxFailuresPerSource: 2 };
  const { users, derivations } = aUserStore({ records: [await aUser()], lockout });
  await failTimes(users, 2, { sourceAddress: SOURCE });

  for (const name of ['alice', 'mallory']) {
    await assert.rejects(users.authenticate({ ...GOOD, name, sourceAddress: SOURCE }), REFUSED);
  }

  assert.equal(derivations.length, 2);
});

test('Same work: without any user an unknown name costs the standard computation', async () => {
  const { users, derivations } = aUserStore();

  await assert.rejects(users.authenticate(GOOD), REFUSED);

  assert.deepEqual(derivations, [2 ** 15]);
});

test('Same work: where costs are mixed, unknown names have each of them, and the same one after a restart', async () => {
  const costs = [2 ** 14, 2 ** 15];
  const passwords = await Promise.all(costs.map((N) => aPassword('x', { N, r: 8, p: 1 })));
  const records = await Promise.all(
    passwords.map((password, index) => aUser({ id: `u${index}`, password })),
  );
  async function costsOfStrangers(): Promise<number[]> {
    const { users, derivations } = aUserStore({ records });
    for (let index = 0; index < 64; index += 1) {
      await assert.rejects(users.authenticate({ ...GOOD, name: `stranger${index}` }), REFUSED);
    }
    return derivations;
  }

  const first = await costsOfStrangers();

  assert.deepEqual(await costsOfStrangers(), first);
  assert.deepEqual(new Set(first), new Set(costs));
});

test('xml-security E3, lock-out: refuses the right password after as many failures as allowed, until the window ends', async () => {
  const { users, clock } = aUserStore({ records: [await aUser()] });
  await failTimes(users, 4);
  await users.authenticate(GOOD);
  await failTimes(users, 1);

  await assert.rejects(users.authenticate(GOOD), REFUSED);
  clock.advance(300);

  await users.authenticate(GOOD);
});

test('Lock-out: a success in between resets nothing', async () => {
  const { users, failuresOf } = aUserStore({ records: [await aUser()], cacheSeconds: 0 });

  await failTimes(users, 3);
  await users.authenticate(GOOD);

  assert.equal(await failuresOf('login-name', 'alice'), 3);
});

test('Lock-out: a remembered good password does not get past it', async () => {
  const { users } = aUserStore({ records: [await aUser()] });
  await users.authenticate(GOOD);

  await failTimes(users, 5);

  await assert.rejects(users.authenticate(GOOD), REFUSED);
});

test('Lock-out: another process that locked the name locks it here, remembered login or not', async () => {
  const clock = fakeClock();
  const store = new MemoryStore(clock);
  const records = [await aUser()];
  const here = aUserStore({ records, store });
  const there = aUserStore({ records, store });
  await here.users.authenticate(GOOD);

  await failTimes(there.users, 5);

  await assert.rejects(here.users.authenticate(GOOD), REFUSED);
});

test('Lock-out: other spellings of a name give no more guesses', async () => {
  const { users, failuresOf } = aUserStore({ records: [await aUser()] });

  for (const name of ['alice', 'Alice', 'ALICE', 'aLice', 'alicE']) {
    await failTimes(users, 1, { name });
  }

  assert.equal(await failuresOf('login-name', 'alice'), 5);
  await assert.rejects(users.authenticate(GOOD), REFUSED);
});

test('Lock-out: spellings of a name in a domain are one name, known or not, in turn and with one cost', async () => {
  const nameKey = createUserNameKey([{ names: ['CORP', 'corp.example'] }]);
  for (const user of ['alice', 'mallory']) {
    const records = [await aUser({ id: 'alice@corp.example' })];
    const { users, failuresOf, derivations } = aUserStore({ records, nameKey });
    const spellings = ['CORP\\', 'corp\\', 'Corp\\'].map((domain) => `${domain}${user}`);
    const names = [...spellings, `${user}@corp.example`, `${user}@CORP`, `${user}@corp`];

    const outcomes = await Promise.allSettled(
      names.map((name, index) => users.authenticate({ name, password: `guess ${index}` })),
    );

    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal(await failuresOf('login-name', `${user}@corp`), 5);
    assert.equal(derivations.length, 5);
  }
});

test('Lock-out: unknown names are counted and locked like known ones', async () => {
  const { users, failuresOf } = aUserStore({ records: [await aUser()] });

  await failTimes(users, 6, { name: 'mallory' });

  assert.equal(await failuresOf('login-name', 'mallory'), 5);
});

test('Lock-out: of 50 parallel wrong passwords as many are compared as failures are allowed', async () => {
  const { users, failuresOf, derivations } = aUserStore({ records: [await aUser()] });
  const guesses = Array.from({ length: 50 }, (_, index) => `guess ${index}`);

  await Promise.allSettled(
    guesses.map((password) => users.authenticate({ ...GOOD, password, sourceAddress: SOURCE })),
  );

  assert.equal(await failuresOf('login-name', 'alice'), 5);
  assert.equal(await failuresOf('login-source', SOURCE), 5);
  assert.equal(derivations.length, 5);
});

test('Lock-out: of 50 parallel names from one source few more are compared than failures are allowed', async () => {
  const lockout = { maxFailures: 50, windowSeconds: 300, maxFailuresPerSource: 8 };
  const { users, derivations } = aUserStore({ records: [await aUser()], lockout });

  await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) =>
      users.authenticate({ ...WRONG, name: `user${index}`, sourceAddress: SOURCE }),
    ),
  );

  // Two slots: when the eighth failure is counted one more comparison may be under way.
  assert.ok(derivations.length >= 8 && derivations.length <= 9, String(derivations.length));
});

test('Lock-out: the addresses of one IPv6 /64 are one source', async () => {
  const lockout = { maxFailures: 50, windowSeconds: 300, maxFailuresPerSource: 3 };
  const { users } = aUserStore({ records: [await aUser()], lockout });
  for (const host of ['1', 'ffff:1', 'a:b:c:d']) {
    await failTimes(users, 1, { sourceAddress: `2001:db8:0:7::${host}`.replace('::a:', ':a:') });
  }

  await assert.rejects(
    users.authenticate({ ...GOOD, sourceAddress: '2001:DB8::7:0:0:0:9' }),
    REFUSED,
  );
  await users.authenticate({ ...GOOD, sourceAddress: '2001:db8:0:8::1' });
});

test('Fair queue: floods from several sources leave room for a login that comes later from elsewhere', async () => {
  const lockout = { maxFailures: 50, windowSeconds: 300, maxFailuresPerSource: 1000 };
  const queue = { maxConcurrent: 2, maxQueued: 30 };
  const { users } = aUserStore({ records: [await aUser()], lockout, queue });
  const flooded = Promise.allSettled(
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'].flatMap((sourceAddress, source) =>
      Array.from({ length: 40 }, (_, index) =>
        users.authenticate({ ...WRONG, name: `user${source}-${index}`, sourceAddress }),
      ),
    ),
  );

  await users.authenticate({ ...GOOD, sourceAddress: '192.0.2.4' });

  await flooded;
});

test('Fair queue: a login from elsewhere waits for no more than one computation of a flood', async () => {
  const lockout = { maxFailures: 50, windowSeconds: 300, maxFailuresPerSource: 1000 };
  const { users, derivations } = aUserStore({ records: [await aUser()], lockout });
  const flood = Array.from({ length: 40 }, (_, index) =>
    users.authenticate({ ...WRONG, name: `user${index}`, sourceAddress: SOURCE }),
  );
  const flooded = Promise.allSettled(flood);

  await users.authenticate({ ...GOOD, sourceAddress: '192.0.2.2' });

  // Two were under way, each slot may have taken one more in the meantime, and one is its own.
  assert.ok(derivations.length <= 6, String(derivations.length));
  await flooded;
});

test('Lock-out: 50 parallel equal wrong passwords are one computation and 50 failures', async () => {
  const { users, failuresOf, derivations } = aUserStore({ records: [await aUser()] });

  await Promise.allSettled(Array.from({ length: 50 }, () => users.authenticate(WRONG)));

  assert.equal(await failuresOf('login-name', 'alice'), 50);
  assert.equal(derivations.length, 1);
});

test('Lock-out: a burst gives no more guesses than a slow attack: the right one after the limit is refused', async () => {
  const { users } = aUserStore({ records: [await aUser()] });
  const guesses = ['g1', 'g2', 'g3', 'g4', 'g5', 'correct horse'];

  const outcomes = await Promise.allSettled(
    guesses.map((password) => users.authenticate({ ...GOOD, password })),
  );

  assert.ok(outcomes.every(({ status }) => status === 'rejected'));
});

test('Lock-out: a source that tries many names is locked out for all, others are not', async () => {
  const lockout = { maxFailures: 5, windowSeconds: 300, maxFailuresPerSource: 8 };
  const { users } = aUserStore({ records: [await aUser()], lockout });
  for (let index = 0; index < 8; index += 1) {
    await failTimes(users, 1, { name: `user${index}`, sourceAddress: SOURCE });
  }

  await assert.rejects(users.authenticate({ ...GOOD, sourceAddress: SOURCE }), REFUSED);
  await users.authenticate({ ...GOOD, sourceAddress: '192.0.2.2' });
  await assert.rejects(users.authenticate({ ...GOOD, sourceAddress: SOURCE }), REFUSED);
});

test('Lock-out: a source that is locked out cannot lock out users', async () => {
  const lockout = { maxFailures: 5, windowSeconds: 300, maxFailuresPerSource: 2 };
  const { users, failuresOf } = aUserStore({ records: [await aUser()], lockout });

  await failTimes(users, 20, { sourceAddress: SOURCE });

  assert.equal(await failuresOf('login-name', 'alice'), 2);
  await users.authenticate({ ...GOOD, sourceAddress: '192.0.2.2' });
});

test('Lock-out: a source that is locked out does not drag an equal login from elsewhere along', async () => {
  const lockout = { maxFailures: 5, windowSeconds: 300, maxFailuresPerSource: 2 };
  const { users } = aUserStore({ records: [await aUser()], lockout });
  await failTimes(users, 2, { sourceAddress: SOURCE });

  const [locked, other] = await Promise.allSettled([
    users.authenticate({ ...GOOD, sourceAddress: SOURCE }),
    users.authenticate({ ...GOOD, sourceAddress: '192.0.2.2' }),
  ]);

  assert.deepEqual([locked.status, other.status], ['rejected', 'fulfilled']);
});

test('Counters away: this process counts on from what it knew, tells of it, and the sum stands when they are back', async () => {
  const clock = fakeClock();
  let isAway = false;
  const store = aFailingStore(new MemoryStore(clock), () => isAway);
  const causes: unknown[] = [];
  const onCounterFailure = (cause: unknown) => causes.push(cause);
  const { users } = aUserStore({ records: [await aUser()], store, onCounterFailure });
  await failTimes(users, 3);

  isAway = true;
  await users.authenticate(GOOD);
  await failTimes(users, 2);
  await assert.rejects(users.authenticate(GOOD), REFUSED);
  isAway = false;

  await assert.rejects(users.authenticate(GOOD), REFUSED);
  assert.ok(causes.length > 0);
  assert.doesNotMatch(inspect(causes), /horse/);
});

test('Counters away: what this process counted ends with the window', async () => {
  const store = aFailingStore(new MemoryStore(fakeClock()), () => true);
  const { users, clock } = aUserStore({ records: [await aUser()], store });
  await failTimes(users, 5);
  await assert.rejects(users.authenticate(GOOD), REFUSED);

  clock.advance(300);

  await users.authenticate(GOOD);
});

test('No secret in a refusal: neither password, nor hash, nor what was typed as name, in any error of the chain', async () => {
  const alice = await aUser();
  const off = await aUser({ id: 'off', disabled: true });
  const { users } = aUserStore({ records: [alice, off] });
  const logins = [
    WRONG,
    { name: 'typed horse', password: 'wrong horse' },
    { name: 'off', password: 'correct horse' },
    { name: 'alice', password: '' },
    { name: 'alice', password: `horse${'x'.repeat(2000)}` },
    { name: 'alice', password: 'horse\ud800' },
    { name: 'horse\u0000', password: 'wrong horse' },
  ];

  for (const login of logins) {
    const failure = await failureOf(users.authenticate(login));

    const text = inspect(failure, { depth: null, showHidden: true });
    assert.doesNotMatch(text, /horse|scrypt\$/);
    assert.equal(failure.cause, undefined);
    assert.equal(failure.reason, 'requestor-unauthenticated');
  }
});

test('No secret in a broken record: it is refused when the store is created, without its text', async () => {
  const broken = await aUser({ password: 'correct horse' });

  assert.throws(
    () => aUserStore({ records: [broken] }),
    (error) => !/horse/.test(inspect(error, { depth: null })),
  );
});

test('A computation that fails is no failure of the user: no refusal, not counted, and the next login is served', async () => {
  let isBroken = true;
  const beforeDerivation = () => {
    if (isBroken) throw new Error('out of memory');
  };
  const { users, failuresOf } = aUserStore({ records: [await aUser()], beforeDerivation });

  await assert.rejects(users.authenticate(GOOD), /out of memory/);
  isBroken = false;
  await users.authenticate(GOOD);

  assert.equal(await failuresOf('login-name', 'alice'), 0);
});
