// What the library may keep: nothing. Were it to keep something, it would be lost without a word.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdapter } from '#src/oauth/adapter.ts';

test('Adapter: nothing is found, under whatever name', async () => {
  const adapter = createAdapter();

  assert.equal(await adapter.find('one'), undefined);
  assert.equal(await adapter.findByUid('one'), undefined);
  assert.equal(await adapter.findByUserCode('one'), undefined);
});

test('Adapter: what the library would keep, use up or end is refused', async () => {
  const adapter = createAdapter();

  for (const change of [
    () => adapter.upsert('one', { jti: 'one' }, 60),
    () => adapter.consume('one'),
    () => adapter.destroy('one'),
    () => adapter.revokeByGrantId('one'),
  ])
    await assert.rejects(async () => change(), /keeps nothing/);
});
