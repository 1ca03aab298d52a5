import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestorName } from '#core/request/requestor.ts';
import { createRequestorValidator, requestorToken } from '#core/request/requestor-validator.ts';
import {
  aRequestor,
  aSecurityToken,
  aValidatedToken,
  OWN_ISSUER,
  refusedAs,
} from '#test/support/core.ts';

describe('requestorName', () => {
  test('RFC 9700 §4.15: a client is named by its id, a principal never like a client', () => {
    assert.equal(requestorName(aRequestor()), 'gateway');
    assert.equal(requestorName(aRequestor({ kind: 'principal' })), 'principal:self:gateway');
  });

  test('Policy: principals of two issuers with one id have two names', () => {
    const names = ['self', 'partner'].map((trustedIssuer) =>
      requestorName(
        aRequestor({ kind: 'principal', identity: aValidatedToken({ trustedIssuer }) }),
      ),
    );

    assert.deepEqual(names, ['principal:self:alice', 'principal:partner:alice']);
  });

  test('Policy: refuses a client whose id reads like a principal', () => {
    const client = aRequestor({ id: 'principal:self:alice' });

    assert.throws(() => requestorName(client), refusedAs('requestor-not-allowed'));
  });
});

describe('requestor validator', () => {
  const validator = createRequestorValidator(OWN_ISSUER);

  test('RFC 6749 §4.4: an authenticated client is evidence of itself', async () => {
    const token = requestorToken(aRequestor({ scopes: ['orders.read'] }), 'subject');

    const facts = await validator.validate(token);

    assert.deepEqual(facts.subject, { issuer: OWN_ISSUER, id: 'gateway' });
    assert.equal(facts.type, 'requestor');
    assert.equal(facts.trustedIssuer, 'self');
    assert.equal(facts.originClient, 'gateway');
    assert.deepEqual(facts.scopes, ['orders.read']);
    assert.equal(facts.id, undefined);
  });

  test('Policy: a principal is nobody`s client', async () => {
    const token = requestorToken(aRequestor({ kind: 'principal' }), 'actor');

    const facts = await validator.validate(token);

    assert.equal(facts.originClient, undefined);
    assert.equal(facts.use, 'actor');
  });

  test('Policy: a requestor with a token as its credential is that token', async () => {
    const identity = aValidatedToken();

    const facts = await validator.validate(
      requestorToken(aRequestor({ kind: 'principal', identity }), 'subject'),
    );

    assert.equal(facts, identity);
  });

  test('Policy: handles nothing that a client could send', async () => {
    assert.equal(validator.canHandle(aSecurityToken()), false);
    await assert.rejects(async () => validator.validate(aSecurityToken()), /cannot handle/);
  });
});
