// The secret that a message shows for the token that it is about (ws-trust §4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHeldSecrets } from '#bridge/ws-trust/keys/proof-key.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { aRequestor } from '#test/support/core.ts';

const NONE = { confirmation: BEARER, otherKeys: [] };
const SECRET = { method: 'symmetric-key', thumbprint: 'secret-1' } as const;

function heldFor(type: TokenType, coversBody: boolean, confirmation: Confirmation = SECRET) {
  const target = { type, use: 'lifecycle', content: '' } as const;
  const requestor = aRequestor({ kind: 'principal', confirmation: BEARER });
  const signatures = [{ confirmation, tokens: [], coversBody, coversTimestamp: true }];
  return withHeldSecrets({ cancelTarget: target }, { requestor, signatures }, BEARER);
}

for (const type of ['saml1', 'saml2', 'jwt'] as const)
  test(`ws-trust §4: the secret of a token of type ${type} is shown by a signature over the Body alone`, () => {
    assert.deepEqual(heldFor(type, true), { confirmation: SECRET, otherKeys: [] });
    assert.deepEqual(heldFor(type, false), NONE);
  });

test('WS-SecureConversation 1.3 §6: that of a context also where the Body need not be signed', () => {
  for (const coversBody of [true, false])
    assert.deepEqual(heldFor('sct', coversBody).confirmation, SECRET);
});

test('ws-trust §4: a public key that signed is no secret', () => {
  const key = { method: 'public-key', jwkThumbprint: 'key-1' } as const;

  for (const type of ['saml2', 'sct'] as const) assert.deepEqual(heldFor(type, true, key), NONE);
});
