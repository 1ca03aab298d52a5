import assert from 'node:assert/strict';
import test from 'node:test';
import { FOREVER } from '#core/instant.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import { validatorFor } from '#core/token/token-validator.ts';
import { createUserValidator } from '#src/users/user-validator.ts';
import { aUser, aUserStore } from './a-user-store.ts';

const ISSUER = 'https://sts.example.org';

async function aValidator() {
  const claims = { department: 'sales', role: ['reader', 'writer'] };
  const { users, clock, failuresOf } = aUserStore({ records: [await aUser({ claims })] });
  return { validator: createUserValidator({ issuer: ISSUER, users, clock }), clock, failuresOf };
}

const evidence = (content: string | object): SecurityToken => ({
  type: 'username',
  use: 'subject',
  content,
});

test('User validator: a right password makes the user the Subject, with the claims of the record as ours', async () => {
  const { validator, clock } = await aValidator();
  clock.set(1_800_000_123);

  const token = await validator.validate(evidence({ name: 'alice', password: 'correct horse' }));

  const ours = { issuer: ISSUER, originalIssuer: ISSUER };
  assert.match(token.loginMark ?? '', /^[\w-]{43}$/);
  assert.deepEqual(token, {
    type: 'username',
    use: 'subject',
    issuer: ISSUER,
    trustedIssuer: 'self',
    subject: { issuer: ISSUER, id: 'alice' },
    authentication: {
      instant: 1_800_000_123,
      methods: ['pwd'],
      contextClass: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    },
    claims: [
      { name: 'department', values: ['sales'], ...ours },
      { name: 'role', values: ['reader', 'writer'], ...ours },
    ],
    loginMark: token.loginMark,
    scopes: [],
    lifetime: { notBefore: 0, notOnOrAfter: FOREVER },
    confirmation: { method: 'bearer' },
    audiences: [ISSUER],
    actors: [],
  });
});

test('ws-trust §4: the context class names what was used: a password in an encrypted message says nothing of the transport', async () => {
  const { validator } = await aValidator();
  const content = { name: 'alice', password: 'correct horse', isMessageEncrypted: true };

  const { authentication } = await validator.validate(evidence(content));

  assert.equal(authentication?.contextClass, 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password');
});

test('User validator: a wrong password is refused and counted for its source', async () => {
  const { validator, failuresOf } = await aValidator();
  const content = { name: 'alice', password: 'wrong', sourceAddress: '192.0.2.1' };

  await assert.rejects(validator.validate(evidence(content)), {
    reason: 'requestor-unauthenticated',
  });
  assert.equal(await failuresOf('login-source', '192.0.2.1'), 1);
});

for (const content of [
  'alice',
  {},
  [],
  { name: 'alice' },
  { password: 'correct horse' },
  { name: 'alice', password: undefined },
  { name: ['alice'], password: 'correct horse' },
  { name: 'alice', password: { toString: () => 'correct horse' } },
  { name: 'alice', password: 'correct horse', sourceAddress: 7 },
]) {
  test(`WS-Trust 1.4 §4.1: a user name is not taken at its word: refuses ${JSON.stringify(content)}`, async () => {
    const { validator } = await aValidator();

    await assert.rejects(validator.validate(evidence(content)), { reason: 'token-malformed' });
  });
}

test('User validator: is the one for user names only', async () => {
  const { validator } = await aValidator();
  const token = evidence({ name: 'alice', password: 'correct horse' });

  assert.equal(validatorFor([validator], token), validator);
  assert.throws(() => validatorFor([validator], { ...token, type: 'jwt' }), {
    reason: 'token-type-unsupported',
  });
});
