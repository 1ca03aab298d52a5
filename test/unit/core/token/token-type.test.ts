import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  formOf,
  isCredential,
  TOKEN_TYPES,
  type TokenType,
  tokenTypeOfUri,
  tokenTypeOfWsTrust,
} from '#core/token/token-type.ts';

const NAMES = Object.keys(TOKEN_TYPES) as TokenType[];

describe('token types', () => {
  for (const name of [
    'access_token',
    'jwt',
    'id_token',
    'refresh_token',
    'saml1',
    'saml2',
  ] as const)
    test(`RFC 8693 §3: knows ${name} by its URI`, () => {
      assert.equal(tokenTypeOfUri(`urn:ietf:params:oauth:token-type:${name}`), name);
    });

  for (const uri of [
    '',
    'jwt',
    'undefined',
    'urn:ietf:params:oauth:token-type:',
    'urn:ietf:params:oauth:token-type:JWT',
  ])
    test(`RFC 8693 §3: ${JSON.stringify(uri)} is no token type`, () => {
      assert.equal(tokenTypeOfUri(uri), undefined);
      assert.equal(tokenTypeOfWsTrust(uri), undefined);
    });

  test('RFC 8693 §3: no URI names a credential or a security context: nobody presents one as a token', () => {
    for (const name of NAMES)
      assert.equal(isCredential(name) || name === 'sct', TOKEN_TYPES[name].uri === undefined, name);
  });

  test('WS-Trust 1.3 §4: knows every TokenType it writes', () => {
    const saml1 = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1';

    assert.equal(tokenTypeOfWsTrust(saml1), 'saml1');
    for (const name of NAMES)
      for (const uri of TOKEN_TYPES[name].wsTrust) assert.equal(tokenTypeOfWsTrust(uri), name);
  });

  test('RFC 8693 §3: assertions are signed as assertions, all else as JWT', () => {
    for (const name of NAMES) assert.equal(formOf(name), name.startsWith('saml') ? 'saml' : 'jwt');
  });
});
