import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExchangeFailure, FAILURE_REASONS, type FailureReason } from '#core/failure.ts';
import {
  ASSERTION_GRANT_ERRORS,
  type ErrorMap,
  oauthError,
  TOKEN_EXCHANGE_ERRORS,
  withOAuthErrors,
} from '#src/oauth/oauth-error.ts';

/** The ways in which a token can be bad. */
const BAD_TOKEN: readonly FailureReason[] = [
  'token-malformed',
  'signature-invalid',
  'issuer-untrusted',
  'token-audience-mismatch',
  'token-replayed',
  'token-revoked',
  'token-expired',
  'renewal-needed',
  'token-not-yet-valid',
  'confirmation-missing',
  'claim-missing',
];
const MAPS: readonly (readonly [string, ErrorMap, string])[] = [
  ['RFC 8693 §2.2.2', TOKEN_EXCHANGE_ERRORS, 'invalid_request'],
  ['RFC 7521 §4.1.1', ASSERTION_GRANT_ERRORS, 'invalid_grant'],
];

for (const [rule, map, error] of MAPS)
  test(`${rule}: the ways in which a token can be bad look the same: ${error}`, () => {
    const answers = new Set(BAD_TOKEN.map((reason) => JSON.stringify(map[reason])));

    assert.equal(answers.size, 1, [...answers].join('\n'));
    assert.equal(map['token-expired'].error, error);
  });

for (const [rule, map] of MAPS)
  test(`${rule}: whether a target is unknown or not permitted does not show`, () => {
    assert.deepEqual(map['target-unknown'], map['target-not-allowed']);
  });

test('RFC 6749 §5.2: what is told is the fixed sentence of the reason; the detail is kept for the log', () => {
  for (const reason of FAILURE_REASONS) {
    const failure = new ExchangeFailure(reason, 'said to the log');

    const error = oauthError(failure, TOKEN_EXCHANGE_ERRORS);

    const { status, description } = TOKEN_EXCHANGE_ERRORS[reason];
    assert.deepEqual([error.status, error.error_description], [status, description]);
    assert.equal(error.error_detail, 'said to the log');
    assert.equal(error.cause, failure);
    assert.equal(error.expose, true);
  }
});

test('Errors: a bug leaves as it is', async () => {
  const bug = new TypeError('bug');
  const step = async () => {
    throw bug;
  };

  await assert.rejects(withOAuthErrors(TOKEN_EXCHANGE_ERRORS, step), (cause) => cause === bug);
});
