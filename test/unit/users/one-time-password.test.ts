import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Store } from '#core/ports.ts';
import { createUserNameKey, type UserNameKey } from '#core/request/user-domain.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import {
  matchOneTimePassword,
  oneTimePasswordOf,
  parseOneTimeSecret,
} from '#src/users/one-time-password.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aUser, aUserStore } from './a-user-store.ts';

const SECRET = Buffer.from('12345678901234567890');
const SECRET_BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
/** As far as the clock of a host may be from that of the store. */
const SKEW_SECONDS = 60;
const UNAUTHENTICATED = { reason: 'requestor-unauthenticated' };

describe('RFC 6238 appendix B, RFC 4226 appendix D: one-time passwords', () => {
  for (const [time, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const) {
    test(`RFC 6238 appendix B: at ${time} it is ${code}`, () => {
      assert.equal(oneTimePasswordOf(SECRET, Math.floor(time / 30)), code);
      assert.equal(matchOneTimePassword(SECRET, code, time), Math.floor(time / 30));
    });
  }

  for (const [step, code] of ['755224', '287082', '359152', '969429', '338314'].entries()) {
    test(`RFC 4226 appendix D: counter ${step} gives ${code}`, () => {
      assert.equal(oneTimePasswordOf(SECRET, step), code);
    });
  }
});

test('RFC 6238 §5.2: one step either way is taken, two are not', () => {
  const step = 60_000_000;
  const now = step * 30 + 15;

  for (const [drift, matched] of [
    [-2, undefined],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, undefined],
  ] as const) {
    const code = oneTimePasswordOf(SECRET, step + drift);
    assert.equal(matchOneTimePassword(SECRET, code, now), matched);
  }
});

for (const text of ['', '28708', '2870821', ' 287082', '287082 ', '２８７０８２', '0x4616a']) {
  test(`RFC 6238: ${JSON.stringify(text)} is no code`, () => {
    assert.equal(matchOneTimePassword(SECRET, text, 59), undefined);
  });
}

test('RFC 4648 §6: a secret is base32, in either case, with spaces and padding or without', () => {
  for (const text of [
    SECRET_BASE32,
    SECRET_BASE32.toLowerCase(),
    `${SECRET_BASE32.slice(0, 16)} ${SECRET_BASE32.slice(16)}`,
    `${SECRET_BASE32}====`,
  ])
    assert.deepEqual(Buffer.from(parseOneTimeSecret(text)), SECRET);
});

for (const text of [
  '',
  'GEZDGNBVGY3TQOJQ',
  `${SECRET_BASE32}1`,
  `${SECRET_BASE32}é`,
  'A'.repeat(25),
]) {
  test(`RFC 4226 §4 R6: ${JSON.stringify(text)} is no secret`, () => {
    assert.throws(() => parseOneTimeSecret(text), /base32|128 bits/);
  });
}

const start = async ({
  id = 'alice',
  ...settings
}: {
  id?: string;
  nameKey?: UserNameKey;
  store?: Store;
  marginSeconds?: number;
} = {}) => {
  const records = [
    await aUser({ id, oneTimePasswordSecret: SECRET_BASE32 }),
    await aUser({ id: 'bob' }),
  ];
  const world = aUserStore({ records, ...settings });
  const codeNow = () => oneTimePasswordOf(SECRET, Math.floor(world.clock.now() / 30));
  const login = (oneTimePassword?: string, name = 'alice') =>
    world.users.authenticate({
      name,
      password: 'correct horse',
      sourceAddress: '192.0.2.1',
      ...(oneTimePassword !== undefined && { oneTimePassword }),
    });
  return { ...world, codeNow, login };
};

test('Second factor: a password alone is not enough where the record has a secret, and it does not count as a failure', async () => {
  const { login, failuresOf } = await start();

  await assert.rejects(login(), { reason: 'second-factor-required' });
  assert.equal(await failuresOf('login-name', 'alice'), 0);
});

test('Second factor: of all spellings of a name codes are good once, and wrong ones are counted together', async () => {
  const nameKey = createUserNameKey([{ names: ['CORP', 'corp.example'] }]);
  const { codeNow, failuresOf, login } = await start({ id: 'alice@corp.example', nameKey });
  await login(codeNow(), 'CORP\\alice');

  for (const name of ['alice@corp.example', 'CORP\\alice', 'alice@CORP', 'corp\\alice'])
    await assert.rejects(login(codeNow(), name), { reason: 'requestor-unauthenticated' });

  assert.equal(await failuresOf('login-name', 'alice@corp'), 4);
});

test('Second factor: password and code together are a login of both', async () => {
  const { codeNow, login } = await start();

  assert.deepEqual((await login(codeNow())).methods, ['pwd', 'otp', 'mfa']);
  assert.deepEqual((await login(undefined, 'bob')).methods, ['pwd']);
});

test('RFC 6238 §5.2: a code is good once: of 50 in parallel exactly one is accepted', async () => {
  const { codeNow, login } = await start();
  const code = codeNow();

  const results = await Promise.allSettled(Array.from({ length: 50 }, () => login(code)));

  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  await assert.rejects(login(code), UNAUTHENTICATED);
});

test('RFC 6238 §5.2: a code is good once at hosts whose clocks are apart, whatever the store says of the time', async () => {
  const ofStore = fakeClock();
  const { clock, codeNow, login } = await start({
    store: new MemoryStore(ofStore),
    marginSeconds: 2 * SKEW_SECONDS,
  });
  // The first host is ahead, and takes the code of the step that comes next there.
  clock.set(ofStore.now() + SKEW_SECONDS);
  const code = oneTimePasswordOf(SECRET, Math.floor(clock.now() / 30) + 1);
  await login(code);

  // The second one is behind, and would take it to the end of the step that follows there.
  clock.advance(89 - (clock.now() % 30));
  ofStore.set(clock.now() + SKEW_SECONDS);

  assert.notEqual(code, codeNow());
  assert.notEqual(matchOneTimePassword(SECRET, code, clock.now()), undefined);
  await assert.rejects(login(code), UNAUTHENTICATED);
});

test('Second factor: a wrong code counts for name and source; after as many as allowed the right one is refused', async () => {
  const { codeNow, failuresOf, login } = await start();

  for (let count = 0; count < 5; count += 1)
    await assert.rejects(login('000000' === codeNow() ? '000001' : '000000'), UNAUTHENTICATED);

  assert.equal(await failuresOf('login-name', 'alice'), 5);
  assert.equal(await failuresOf('login-source', '192.0.2.1'), 5);
  await assert.rejects(login(codeNow()), UNAUTHENTICATED);
});

test('NIST SP 800-63B §5.2.2: after a hundred wrong codes in a month none is right, however slow they came, but with another secret or password', async () => {
  const { clock, codeNow, login, store } = await start();
  const wrong = codeNow() === '000000' ? '000001' : '000000';
  const passWindow = (): void => clock.advance(301);
  const again = await aUser({ oneTimePasswordSecret: SECRET_BASE32 });

  for (let count = 0; count < 99; count += 1) {
    await assert.rejects(login(wrong), UNAUTHENTICATED);
    if (count % 4 === 3) passWindow();
  }
  passWindow();
  const before = await login(codeNow());
  await assert.rejects(login(wrong), UNAUTHENTICATED);
  passWindow();
  await assert.rejects(login(codeNow()), UNAUTHENTICATED);
  const renewed = aUserStore({ records: [again], store });
  renewed.clock.advance(clock.now() - renewed.clock.now());
  const { methods } = await renewed.users.authenticate({
    name: 'alice',
    password: 'correct horse',
    oneTimePassword: codeNow(),
  });
  clock.advance(30 * 86_400);

  assert.deepEqual(before.methods, methods);
  assert.deepEqual((await login(codeNow())).methods, methods);
});

/** A store that takes its time to count. */
class SlowStore extends MemoryStore {
  override async increment(...[key, by, lifetimeSeconds]: Parameters<Store['increment']>) {
    for (let turn = 0; by > 0 && turn < 10; turn++) await nextTurn();
    return super.increment(key, by, lifetimeSeconds);
  }
}

test('Second factor: a burst of wrong codes gives no more guesses than a slow attack, however long the store takes to count', async () => {
  const { codeNow, login } = await start({ store: new SlowStore(fakeClock()) });
  const wrong = codeNow() === '000000' ? '000001' : '000000';

  const guesses = [...Array.from({ length: 20 }, () => wrong), codeNow()].map((code) =>
    login(code),
  );

  await Promise.all(guesses.map((guess) => assert.rejects(guess, UNAUTHENTICATED)));
  await assert.rejects(login(codeNow()), UNAUTHENTICATED);
});

test('Second factor: a code for a user who has none is refused, and a wrong password with the right code too', async () => {
  const { codeNow, login, users } = await start();

  await assert.rejects(login('123456', 'bob'), UNAUTHENTICATED);
  await assert.rejects(
    users.authenticate({ name: 'alice', password: 'wrong', oneTimePassword: codeNow() }),
    UNAUTHENTICATED,
  );
});
