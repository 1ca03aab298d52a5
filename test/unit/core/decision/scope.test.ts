import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commonScopes, decideScopes, grantableScopes } from '#core/decision/scope.ts';
import { refusedAs } from '#test/support/core.ts';

const BOUNDS = {
  mode: 'intersect-subject',
  row: ['a', 'b', 'c'],
  relyingParty: ['a', 'b', 'c', 'd'],
  subject: ['a', 'b', 'd'],
  client: undefined,
} as const;

describe('grantableScopes', () => {
  test('Scope: never more than the subject token has', () => {
    assert.deepEqual(grantableScopes(BOUNDS), ['a', 'b']);
  });

  test('Scope: never more than the relying party has', () => {
    assert.deepEqual(grantableScopes({ ...BOUNDS, relyingParty: ['b'] }), ['b']);
  });

  test('Scope: never more than the client was registered with, in every mode', () => {
    for (const mode of ['intersect-subject', 'intersect-client', 'mapped'] as const)
      assert.deepEqual(grantableScopes({ ...BOUNDS, mode, client: ['b'] }), ['b'], mode);
  });

  test('Scope: a client registered with no scope gets none', () => {
    assert.deepEqual(grantableScopes({ ...BOUNDS, client: [] }), []);
  });

  test('Scope: the client mode does not ask the subject token, and grants nothing without a registered ceiling', () => {
    assert.deepEqual(grantableScopes({ ...BOUNDS, mode: 'intersect-client', client: ['c'] }), [
      'c',
    ]);
    assert.deepEqual(grantableScopes({ ...BOUNDS, mode: 'intersect-client' }), []);
  });

  test('Scope: only a mapped row grants what the subject token lacks', () => {
    assert.deepEqual(grantableScopes({ ...BOUNDS, mode: 'mapped' }), ['a', 'b', 'c']);
  });
});

describe('commonScopes', () => {
  test('RFC 8707 §2.2: only what every target grants counts at all of them', () => {
    assert.deepEqual(commonScopes([['a', 'b'], ['b', 'c'], ['b']]), ['b']);
  });

  test('Scope: of one target all that it grants, each once', () => {
    assert.deepEqual(commonScopes([['a', 'b', 'a']]), ['a', 'b']);
    assert.deepEqual(commonScopes([]), []);
  });
});

describe('decideScopes', () => {
  test('Scope: grants all that can be granted when none is asked for', () => {
    assert.deepEqual(decideScopes(['a', 'b'], undefined), ['a', 'b']);
    assert.deepEqual(decideScopes(['a', 'b'], []), ['a', 'b']);
  });

  test('Scope: grants exactly what is asked for, each once', () => {
    assert.deepEqual(decideScopes(['a', 'b'], ['b', 'b']), ['b']);
  });

  test('Scope: refuses one scope too many, it does not cut it away', () => {
    assert.throws(() => decideScopes(['a'], ['a', 'b']), refusedAs('scope-not-allowed'));
  });

  for (const scope of ['A', ' a', 'a ', '', '__proto__', 'constructor', '*', 'a\u0000'])
    test(`Scope: ${JSON.stringify(scope)} is not the scope a`, () => {
      assert.throws(() => decideScopes(['a'], [scope]), refusedAs('scope-not-allowed'));
    });
});
