// What the REST form answers to each reason, and to a mistake of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restRefusalOf } from '#bridge/ws-trust/rest/rest-error.ts';
import { ExchangeFailure, FAILURE_REASONS } from '#core/failure.ts';

const ABOUT_TOKENS = /^(token|signature|issuer|confirmation)-(?!type)|renewal-needed/;

for (const reason of FAILURE_REASONS.filter((each) => ABOUT_TOKENS.test(each)))
  test(`xml-security E9: a token that is refused for ${reason} is answered like any other`, () => {
    const { description, error, status } = restRefusalOf(new ExchangeFailure(reason, 'detail'));

    assert.deepEqual(
      [status, error, description],
      [400, 'invalid_grant', 'a presented token is not acceptable'],
    );
  });

test('RFC 6749 §5.2: a mistake of ours is told as that, and its text is not', () => {
  const refusal = restRefusalOf(new Error('a secret'));

  assert.deepEqual(
    [refusal.status, refusal.error, refusal.reason],
    [500, 'server_error', 'server-error'],
  );
  assert.doesNotMatch(JSON.stringify(refusal), /a secret/);
});
