// Places and bits, without a server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import { createStatusLists, STATUS_LIST_SIZE, tokenIdAt } from '#core/status-list/status-list.ts';
import {
  anEvidence,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { fakeStore } from '#test/support/store/fake-store.ts';

function setUp(settings: Parameters<typeof ledgerSettings>[0] = {}) {
  const clock = fakeClock(NOW);
  const store = fakeStore(clock);
  const ledger = createLedger(store, clock, ledgerSettings(settings));
  let ids = 0;
  const memory = { issuedBefore: 0 };
  const lists = createStatusLists({
    fence: () => memory,
    issuer: OWN_ISSUER,
    store,
    ledger,
    clock,
    newId: () => `list-${(ids += 1)}`,
    shuffled: (size) => Array.from({ length: size }, (_, index) => size - 1 - index),
    longestLifetimeSeconds: 600,
    marginSeconds: 60,
  });
  return { clock, store, ledger, lists, memory };
}

describe('Status lists', () => {
  test('every place of a list is given once, then the next list begins', () => {
    const { lists } = setUp();
    const places = Array.from({ length: STATUS_LIST_SIZE + 1 }, () => lists.allocate('ES256'));

    assert.equal(new Set(places.map(tokenIdAt)).size, STATUS_LIST_SIZE + 1);
    assert.equal(places.at(-2)?.list, 'list-1');
    assert.equal(places.at(-1)?.list, 'list-2');
  });

  test('a list takes tokens for an hour, and those of one algorithm', () => {
    const { clock, lists } = setUp();
    const first = lists.allocate('ES256').list;
    assert.notEqual(lists.allocate('RS256').list, first);
    clock.advance(3599);
    assert.equal(lists.allocate('ES256').list, first);
    clock.advance(1);

    assert.notEqual(lists.allocate('ES256').list, first);
  });

  test('a list takes no more tokens once the store remembers nothing from before it', () => {
    const { clock, lists, memory } = setUp();
    const first = lists.allocate('ES256').list;
    memory.issuedBefore = NOW + 1;
    clock.advance(1);

    const next = lists.allocate('ES256').list;
    assert.notEqual(next, first);
    assert.equal(lists.allocate('ES256').list, next);
  });

  test('a list is known as long as the last of its tokens can live', async () => {
    const { store, lists } = setUp();

    await lists.register(lists.allocate('ES256'));
    await lists.register(lists.allocate('ES256'));

    assert.deepEqual(store.calls, ['set:ledger']);
    assert.equal(store.lifetimeOf('set:ledger'), 3600 + 600 + 60);
  });

  test('a list that could not be made known is tried again for its next token, full or not', async () => {
    const { store, lists } = setUp();
    const places = Array.from({ length: STATUS_LIST_SIZE }, () => lists.allocate('ES256'));
    const [first, second] = places;
    assert.ok(first && second);
    lists.allocate('ES256'); // the list is full and the next one open
    store.breakOn('set:ledger');
    await assert.rejects(lists.register(first), refusedAs('dependency-unavailable'));

    await assert.rejects(lists.register(second), refusedAs('dependency-unavailable'));
  });

  test('the bit of a revoked token is set, in the right byte from the right end', async () => {
    const { ledger, lists } = setUp();
    const { list } = lists.allocate('ES256');
    await lists.register({ list, index: 0 });
    for (const index of [0, 9, 1023])
      await ledger.revoke({ issuer: OWN_ISSUER, id: tokenIdAt({ list, index }) }, NOW + 600);

    const content = await lists.read(list);

    assert.equal(content?.algorithm, 'ES256');
    const set = [...(content?.bits ?? [])].flatMap((byte, at) => (byte === 0 ? [] : [[at, byte]]));
    assert.deepEqual(set, [
      [0, 0b1],
      [1, 0b10],
      [127, 0b1000_0000],
    ]);
  });

  test('the bit of a token is set as well once what it rests on has ended', async () => {
    const removed = new Set<string>();
    const isGroundless = ({ clientId }: { readonly clientId: string }) => removed.has(clientId);
    const { ledger, lists } = setUp({ isGroundless });
    const place = lists.allocate('ES256');
    await lists.register(place);
    const moment = { now: NOW, tokenId: tokenIdAt(place) };
    await ledger.record(decide(anEvidence(), rules(), moment));
    const isSet = async () => (await lists.read(place.list))?.bits.some((byte) => byte !== 0);

    assert.equal(await isSet(), false);
    removed.add('gateway');
    assert.equal(await isSet(), true);
  });

  test('Upgrade: reads a list of version 1', async () => {
    const { store, lists } = setUp();
    await store.set(
      { class: 'ledger', parts: ['status-list', OWN_ISSUER, 'older'] },
      '{"v":1,"algorithm":"ES384"}',
      60,
    );

    assert.equal((await lists.read('older'))?.algorithm, 'ES384');
  });

  test('there is nothing to say of a list that nobody opened, and a form of another release is no list', async () => {
    const { store, lists } = setUp();
    await store.set(
      { class: 'ledger', parts: ['status-list', OWN_ISSUER, 'later'] },
      '{"v":2,"algorithm":"ES256"}',
      60,
    );

    assert.equal(await lists.read('nobody'), undefined);
    await assert.rejects(lists.read('later'), Error);
  });
});
