import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, first, warningsOf } from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const files = { 'keys/refresh.key': KEY };

/** A row that grants refresh tokens, changed. */
const granting =
  (allow: Record<string, unknown>, section: object | undefined): Change =>
  (document) => {
    const row = first(document.policy);
    const types = ['refresh_token'];
    document.policy = [{ ...row, allow: { ...(row['allow'] as object), types, ...allow } }];
    if (section) Object.assign(document, { refreshTokens: section });
  };

const SECTION = { key: { file: 'keys/refresh.key' } };
const RENEWAL = { renewal: { lifetimeSeconds: 3600 } };

refuses('refreshTokens', [
  {
    rule: 'a row that grants refresh tokens has a key and an end for them',
    change: granting(RENEWAL, SECTION),
    errors: [],
    world: { files },
  },
  {
    rule: 'RFC 9700 §4.14.2: refresh tokens have an absolute end',
    change: granting({}, SECTION),
    errors: ['CONFIG_CONFLICT policy[0].allow.types[0]'],
    world: { files },
  },
  {
    rule: 'there is a key for refresh tokens',
    change: granting(RENEWAL, undefined),
    errors: ['CONFIG_CONFLICT policy[0].allow.types[0]'],
  },
  {
    rule: 'the key has 32 bytes or more',
    change: granting(RENEWAL, SECTION),
    errors: ['CONFIG_SECRET refreshTokens.key'],
    world: { files: { 'keys/refresh.key': Buffer.alloc(31, 1).toString('base64') } },
  },
  {
    rule: 'the key is base64',
    change: granting(RENEWAL, SECTION),
    errors: ['CONFIG_SECRET refreshTokens.key'],
    world: { files: { 'keys/refresh.key': 'correct horse battery staple correct horse battery' } },
  },
  {
    rule: 'a broken section is one problem',
    change: granting(RENEWAL, {}),
    errors: ['CONFIG_MISSING refreshTokens.key'],
  },
]);

test('Configuration: a row that has the requestor act grants no refresh token, which is a warning', async () => {
  const acting = { ...RENEWAL, impersonation: false, delegation: true, requestorAsActor: true };

  const found = await warningsOf(granting(acting, SECTION), { files });

  assert.deepEqual(found, ['CONFIG_NO_EFFECT policy[0].allow.types[0]']);
});

test('Configuration: a row that grants refresh tokens to a client that may not use them is a warning', async () => {
  const granted = granting(RENEWAL, SECTION);

  const found = await warningsOf(
    (document) => {
      granted(document);
      Object.assign(first(document.clients), { grant_types: ['client_credentials'] });
    },
    { files },
  );

  assert.deepEqual(found, ['CONFIG_NO_EFFECT policy[0].allow.types[0]']);
});
