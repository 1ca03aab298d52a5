import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAudience, resolveTargets, type TargetName } from '#core/request/relying-party.ts';
import { aRelyingParty, refusedAs } from '#test/support/core.ts';

const PARTIES = [aRelyingParty(), aRelyingParty({ id: 'billing' })];
const idsOf = (names: readonly TargetName[], defaultTarget?: string) =>
  resolveTargets(PARTIES, names, defaultTarget).map(({ id }) => id);

describe('resolveTargets', () => {
  test('RFC 8707 §2: finds a target by resource, by audience and by address', () => {
    assert.deepEqual(idsOf([{ kind: 'resource', value: 'https://orders.example/' }]), ['orders']);
    assert.deepEqual(idsOf([{ kind: 'audience', value: 'billing' }]), ['billing']);
    assert.deepEqual(idsOf([{ kind: 'applies-to', value: 'https://billing.example/soap' }]), [
      'billing',
    ]);
  });

  test('RFC 8707 §2: a name counts for its own kind only', () => {
    const crossed: readonly TargetName[] = [
      { kind: 'resource', value: 'orders' },
      { kind: 'audience', value: 'https://orders.example/' },
      { kind: 'applies-to', value: 'https://orders.example/' },
    ];

    for (const name of crossed) assert.throws(() => idsOf([name]), refusedAs('target-unknown'));
  });

  for (const value of [
    'https://orders.example',
    'https://orders.example/x',
    'HTTPS://orders.example/',
    '',
    '__proto__',
  ])
    test(`RFC 8707 §2: ${JSON.stringify(value)} is not the resource https://orders.example/`, () => {
      assert.throws(() => idsOf([{ kind: 'resource', value }]), refusedAs('target-unknown'));
    });

  test('RFC 8707 §2: several names of one party are one target, in the order named', () => {
    const names: readonly TargetName[] = [
      { kind: 'audience', value: 'billing' },
      { kind: 'resource', value: 'https://orders.example/' },
      { kind: 'audience', value: 'orders' },
    ];

    assert.deepEqual(idsOf(names), ['billing', 'orders']);
  });

  test('RFC 8707 §2: refuses all when one is unknown', () => {
    const names: readonly TargetName[] = [
      { kind: 'audience', value: 'orders' },
      { kind: 'audience', value: 'unknown' },
    ];

    assert.throws(() => idsOf(names, 'orders'), refusedAs('target-unknown'));
  });

  test('Policy: a request that names none means the default of the requestor', () => {
    assert.deepEqual(idsOf([], 'billing'), ['billing']);
  });

  test('Policy: refuses a request without a target and without a default', () => {
    assert.throws(() => idsOf([]), refusedAs('target-unknown'));
    assert.throws(() => idsOf([], 'unknown'), refusedAs('target-unknown'));
  });
});

describe('isAudience', () => {
  test('RFC 7519 §4.1.3: every spelling of a party is the party, and no other', () => {
    const party = aRelyingParty({ audience: 'urn:orders' });

    for (const name of [
      'urn:orders',
      'orders',
      'https://orders.example/',
      'https://orders.example/soap',
    ])
      assert.equal(isAudience(party, ['other', name]), true, name);
    assert.equal(isAudience(party, ['billing', 'ORDERS']), false);
    assert.equal(isAudience(party, []), false);
  });
});
