import assert from 'node:assert/strict';
import test from 'node:test';
import { createUserNameKey } from '#core/request/user-domain.ts';
import { passwordMark } from '#src/users/login-mark.ts';
import { createLoginNamer, createVerifiedCache } from '#src/users/password/verified-cache.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aPassword, aUser, aUserStore } from './a-user-store.ts';

const GOOD = { name: 'alice', password: 'correct horse' };
const REFUSED = { reason: 'requestor-unauthenticated' };

test('User store: a right password gives the id and the claims of the record', async () => {
  const alice = await aUser({ claims: { role: ['reader'] } });
  const { users } = aUserStore({ records: [alice] });

  assert.deepEqual(await users.authenticate(GOOD), {
    id: 'alice',
    claims: alice.claims,
    methods: ['pwd'],
    loginMark: passwordMark(alice),
  });
});

test('User store: a name is compared in NFC and with its case', async () => {
  const { users } = aUserStore({ records: [await aUser({ id: 'ren\u00e9e' })] });

  const { id } = await users.authenticate({ ...GOOD, name: 'rene\u0301e' });

  assert.equal(id, 'ren\u00e9e');
  await assert.rejects(users.authenticate({ ...GOOD, name: 'Ren\u00e9e' }), REFUSED);
});

for (const [what, changes] of [
  ['a disabled user', { disabled: true }],
  ['a user who logs in by key only', { authenticationMethods: ['hwk'] }],
] as const) {
  test(`User store: refuses ${what} with the right password`, async () => {
    const { users } = aUserStore({ records: [await aUser(changes)] });

    await assert.rejects(users.authenticate(GOOD), REFUSED);
  });
}

for (const [what, login] of [
  ['an empty name', { ...GOOD, name: '' }],
  ['a name that is too long', { ...GOOD, name: 'a'.repeat(257) }],
  ['a name with a control character', { ...GOOD, name: 'alice\u0000' }],
  ['an empty password', { ...GOOD, password: '' }],
  ['a password that is too long', { ...GOOD, password: 'x'.repeat(1025) }],
  ['a password with a lone surrogate', { ...GOOD, password: 'x\udfff' }],
] as const) {
  test(`User store: refuses ${what} without any work`, async () => {
    const { users, derivations } = aUserStore({ records: [await aUser()] });

    await assert.rejects(users.authenticate(login), REFUSED);
    assert.equal(derivations.length, 0);
  });
}

test('Cache: the same login within its time is verified once, and not longer by being used', async () => {
  const { users, clock, derivations } = aUserStore({ records: [await aUser()] });

  await users.authenticate(GOOD);
  clock.advance(59);
  await users.authenticate(GOOD);
  assert.equal(derivations.length, 1);
  clock.advance(1);
  await users.authenticate(GOOD);

  assert.equal(derivations.length, 2);
});

test('Cache: a login is remembered for all spellings of its name', async () => {
  const nameKey = createUserNameKey([{ names: ['CORP', 'corp.example'] }]);
  const records = [await aUser({ id: 'alice@corp.example' })];
  const { users, derivations } = aUserStore({ records, nameKey });

  for (const name of ['CORP\\alice', 'alice@corp.example', 'corp\\alice'])
    assert.equal((await users.authenticate({ ...GOOD, name })).id, 'alice@corp.example');

  assert.equal(derivations.length, 1);
});

test('Cache: a clock that is set back makes no entry live longer', async () => {
  const { users, clock, derivations } = aUserStore({ records: [await aUser()] });
  await users.authenticate(GOOD);

  clock.advance(-1);
  await users.authenticate(GOOD);

  assert.equal(derivations.length, 2);
});

test('Cache: the login that was verified first goes first, used since or not', async () => {
  const names = ['u1', 'u2', 'u3'];
  const records = await Promise.all(names.map((id) => aUser({ id })));
  const { users, derivations } = aUserStore({ records, cacheSize: 2 });
  const logIn = (name: string) => users.authenticate({ ...GOOD, name });

  for (const name of ['u1', 'u2', 'u1', 'u3', 'u2']) await logIn(name);
  assert.equal(derivations.length, 3);
  await logIn('u1');

  assert.equal(derivations.length, 4);
});

test('Cache: a reload forgets a login only where the record has another hash or admits none', async () => {
  const cache = createVerifiedCache(fakeClock());
  const alice = await aUser();
  const { users } = aUserStore({ records: [alice], cache });
  await users.authenticate(GOOD);

  const outcomes = await Promise.all(
    [
      { ...alice, claims: { role: 'reader' } },
      { ...alice, password: await aPassword('correct horse') },
      { ...alice, disabled: true },
      { ...alice, authenticationMethods: ['hwk' as const] },
      { ...alice, id: 'bob' },
    ].map(async (record) => {
      const reloaded = aUserStore({ records: [record], cache });
      const [{ status }] = await Promise.allSettled([reloaded.users.authenticate(GOOD)]);
      return [status, reloaded.derivations.length];
    }),
  );

  assert.deepEqual(outcomes, [
    ['fulfilled', 0],
    ['fulfilled', 1],
    ['rejected', 1],
    ['rejected', 1],
    ['rejected', 1],
  ]);
});

for (const off of [{ cacheSize: 0 }, { cacheSeconds: 0 }]) {
  test(`Cache: ${JSON.stringify(off)} turns it off`, async () => {
    const { users, derivations } = aUserStore({ records: [await aUser()], ...off });

    await users.authenticate(GOOD);
    await users.authenticate(GOOD);

    assert.equal(derivations.length, 2);
  });
}

test('Cache: no two logins run into one name, and no two processes name a login alike', () => {
  const nameLogin = createLoginNamer();
  const login = { name: 'ab', encoded: 'x', password: 'cd' };

  const names = new Set([
    nameLogin(login),
    nameLogin({ ...login, name: 'a', password: 'bcd' }),
    nameLogin({ ...login, name: 'abc', password: 'd' }),
    nameLogin({ ...login, encoded: 'y' }),
    nameLogin({ ...login, encoded: 'xab', name: '' }),
    createLoginNamer()(login),
  ]);

  assert.equal(names.size, 6);
  assert.ok(names.has(nameLogin({ ...login })));
});

test('Coalescing: 50 equal logins at one time are one computation', async () => {
  const { users, derivations } = aUserStore({ records: [await aUser()] });

  const logins = await Promise.all(Array.from({ length: 50 }, () => users.authenticate(GOOD)));

  assert.equal(logins.length, 50);
  assert.equal(derivations.length, 1);
});

test('Coalescing: so many equal logins wait at one time, and those of one source leave room for others', async () => {
  const { users } = aUserStore({ records: [await aUser()] });
  const from = (sourceAddress: string) => users.authenticate({ ...GOOD, sourceAddress });
  const flood = Promise.allSettled(Array.from({ length: 900 }, () => from('192.0.2.1')));

  await Promise.all([from('192.0.2.2'), from('192.0.2.2')]);

  const reasons = (await flood).flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as { reason: string }).reason] : [],
  );
  assert.deepEqual(reasons, Array(900 - 301).fill('dependency-unavailable'));
});

test('Coalescing: of a service that logs in with each request one login is verified anew when its time is over, and no other waits', async () => {
  const { users, clock, derivations } = aUserStore({ records: [await aUser()] });
  const all = async () => {
    const logins = Array.from({ length: 900 }, async () => users.authenticate(GOOD));
    return (await Promise.allSettled(logins)).filter(({ status }) => status === 'rejected').length;
  };
  await users.authenticate(GOOD);
  clock.advance(60);

  const over = await all();
  clock.advance(120);
  const forgotten = await all();

  assert.equal(over, 0);
  assert.equal(forgotten, 900 - 301);
  assert.equal(derivations.length, 3);
});

test('Coalescing: nobody goes by a login that is verified anew where the record admits none any more', async () => {
  const clock = fakeClock();
  const cache = createVerifiedCache(clock);
  const alice = await aUser();
  await aUserStore({ records: [alice], cache }).users.authenticate(GOOD);
  clock.advance(60);
  const { users } = aUserStore({ records: [{ ...alice, disabled: true }], cache });

  const logins = await Promise.allSettled([users.authenticate(GOOD), users.authenticate(GOOD)]);

  assert.deepEqual(
    logins.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('Coalescing: logins that differ share nothing', async () => {
  const { users, derivations } = aUserStore({ records: [await aUser()] });

  const outcomes = await Promise.allSettled([
    users.authenticate(GOOD),
    users.authenticate({ ...GOOD, password: 'correct hors' }),
    users.authenticate({ name: 'alic', password: 'ecorrect horse' }),
  ]);

  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  );
  assert.equal(derivations.length, 3);
});

test('Queue: no more computations at one time than allowed', async () => {
  const records = await Promise.all(Array.from({ length: 20 }, (_, id) => aUser({ id: `u${id}` })));
  const queue = { maxConcurrent: 3, maxQueued: 100 };
  const { users, parallel } = aUserStore({ records, queue });

  await Promise.all(records.map(({ id }) => users.authenticate({ ...GOOD, name: id })));

  assert.equal(parallel.most, 3);
});

test('Queue: a login over the limit is refused as unavailable, uncounted, and later ones are served', async () => {
  const queue = { maxConcurrent: 1, maxQueued: 4 };
  const { users, failuresOf } = aUserStore({ records: [await aUser()], queue });
  const names = ['u1', 'u2', 'u3', 'u4', 'u5'];

  const outcomes = await Promise.allSettled(
    names.map((name) => users.authenticate({ ...GOOD, name, sourceAddress: '192.0.2.1' })),
  );

  const reasons = outcomes.map((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as { reason: string }).reason : 'none',
  );
  assert.equal(reasons.filter((reason) => reason === 'dependency-unavailable').length, 2);
  assert.equal(reasons.filter((reason) => reason === 'requestor-unauthenticated').length, 3);
  assert.equal(await failuresOf('login-source', '192.0.2.1'), 3);
  await users.authenticate(GOOD);
});

test('Queue: a flood on one name leaves room for the others', async () => {
  const queue = { maxConcurrent: 1, maxQueued: 20 };
  const lockout = { maxFailures: 100, windowSeconds: 300 };
  const { users, derivations } = aUserStore({ records: [await aUser()], queue, lockout });

  const flood = Array.from({ length: 50 }, (_, index) =>
    users.authenticate({ name: 'bob', password: `guess ${index}`, sourceAddress: '192.0.2.1' }),
  );
  const settled = Promise.allSettled(flood);
  await users.authenticate({ ...GOOD, sourceAddress: '192.0.2.2' });

  const isServed = derivations.length < 11; // It waited for a slot, not behind the flood.
  await settled;
  assert.ok(isServed);
  assert.equal(derivations.length, 12);
});

test('User store: refuses two records of one id', async () => {
  const alice = await aUser();

  assert.throws(() => aUserStore({ records: [alice, alice] }), /same id/);
});
