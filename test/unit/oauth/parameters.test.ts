import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionalParameter, requiredParameter, scopeNames } from '#src/oauth/parameters.ts';

const MALFORMED = { name: 'ExchangeFailure', reason: 'request-malformed' };

test('RFC 6749 §3.2: what may stand once is refused when it stands twice, whoever should have seen it before', () => {
  const twice = { scope: ['a', 'b'] };

  assert.throws(() => optionalParameter(twice, 'scope'), MALFORMED);
  assert.throws(() => requiredParameter(twice, 'scope'), MALFORMED);
  assert.throws(() => scopeNames(twice), MALFORMED);
});
