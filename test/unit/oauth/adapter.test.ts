// The library's storage over our store: what its own contract leaves open is atomic here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from 'oidc-provider';
import { createAdapter } from '#src/oauth/adapter.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

let serial = 0;

/** The adapter of a model, over a store of its own. */
const anAdapter = (model: string) =>
  createAdapter(new MemoryStore(fakeClock()), () => `attempt-${String(serial++)}`)(model);

test('Adapter: of eight that consume one code at once one succeeds, all others are refused by the library’s own error', async () => {
  const codes = anAdapter('AuthorizationCode');
  await codes.upsert('code-1', { jti: 'code-1' }, 60);

  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, async () => codes.consume('code-1')),
  );

  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 7);
  assert.ok(refused.every(({ reason }) => reason instanceof errors.InvalidGrant));
});

test('Adapter: what was never stored cannot be consumed', async () => {
  await assert.rejects(
    async () => anAdapter('AuthorizationCode').consume('x'),
    errors.InvalidGrant,
  );
});

test('Adapter: nothing of a revoked grant is found, also when it is stored after the revocation', async () => {
  const tokens = anAdapter('AccessToken');
  await tokens.upsert('one', { grantId: 'grant-1' }, 60);
  await tokens.upsert('other', { grantId: 'grant-2' }, 60);

  await tokens.revokeByGrantId('grant-1');
  await tokens.upsert('late', { grantId: 'grant-1' }, 60);

  assert.equal(await tokens.find('one'), undefined);
  assert.equal(await tokens.find('late'), undefined);
  assert.deepEqual(await tokens.find('other'), { grantId: 'grant-2' });
});

test('Adapter: models are kept apart, and clients are never read from the store', async () => {
  const of = createAdapter(new MemoryStore(fakeClock()), () => `attempt-${String(serial++)}`);
  await of('Session').upsert('one', { uid: 'u' }, 60);
  await of('Client').upsert('one', { client_id: 'intruder' }, 60);

  assert.equal(await of('Client').find('one'), undefined);
  assert.equal(await of('AccessToken').find('one'), undefined);
  assert.deepEqual(await of('Session').findByUid('u'), { uid: 'u' });
});

test('Adapter: what is stored is found by its user code, and by nothing once it is destroyed', async () => {
  const codes = anAdapter('DeviceCode');
  const payload = { userCode: 'ABCD-EFGH', jti: 'one' };
  await codes.upsert('one', payload, 60);

  assert.deepEqual(await codes.findByUserCode('ABCD-EFGH'), payload);
  assert.equal(await codes.findByUid('ABCD-EFGH'), undefined);
  await codes.destroy('one');
  assert.equal(await codes.find('one'), undefined);
  assert.equal(await codes.findByUserCode('ABCD-EFGH'), undefined);
});

const YEAR_SECONDS = 31_536_000;

test('Adapter: what has an end goes with it; what has none stays a year, and so does the end of a grant', async () => {
  const clock = fakeClock();
  const of = createAdapter(new MemoryStore(clock), () => `attempt-${String(serial++)}`);
  await of('Grant').upsert('for-ever', { jti: 'for-ever' });
  await of('Session').upsert('minute', { uid: 'u' }, 60);
  await of('AccessToken').revokeByGrantId('grant-1');
  const revoked = async () => {
    await of('AccessToken').upsert('late', { grantId: 'grant-1' }, 60);
    return (await of('AccessToken').find('late')) === undefined;
  };

  clock.advance(59);
  assert.deepEqual(await of('Session').findByUid('u'), { uid: 'u' });
  clock.advance(1);
  assert.equal(await of('Session').find('minute'), undefined);
  clock.advance(YEAR_SECONDS - 61);
  assert.deepEqual(await of('Grant').find('for-ever'), { jti: 'for-ever' });
  assert.equal(await revoked(), true);
  clock.advance(1);
  assert.equal(await of('Grant').find('for-ever'), undefined);
  assert.equal(await revoked(), false);
});
