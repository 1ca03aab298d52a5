import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KnownIssuer } from '#core/decision/known-issuer.ts';
import { validateOwnCredential } from '#core/decision/own-credential.ts';
import type { UserStanding } from '#core/ledger/user-standing.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import {
  anOwnToken,
  aSubject,
  aValidatedToken,
  OWN_ISSUER,
  refusedAs,
} from '#test/support/core.ts';

const KEY = { method: 'public-key', jwkThumbprint: 'key-1' } as const;
const PARTNER: KnownIssuer = {
  id: 'partner',
  names: ['https://partner.example'],
  actorIssuers: [],
  subjectPrefixes: ['partner:', 'p-'],
};

const NORTH: KnownIssuer = { ...PARTNER, id: 'north', names: [], subjectPrefixes: ['north:'] };
const ISSUERS = [NORTH, PARTNER];

const STANDINGS: ReadonlyMap<string, UserStanding> = new Map([
  ['alice', 'enabled'],
  ['a:b', 'enabled'],
  ['on', 'enabled'],
  ['off', 'disabled'],
]);
const userStanding = (id: string): UserStanding => STANDINGS.get(id) ?? 'unknown';

const held = (originClient: string, id: string, over: Partial<TokenFacts> = {}) =>
  anOwnToken({
    originClient,
    subject: aSubject({ issuer: OWN_ISSUER, id }),
    confirmation: KEY,
    ...over,
  });

describe('ws-trust §8: a token of ours that is bound to a key is a credential', () => {
  for (const [client, id] of [
    ['principal:self:alice', 'alice'],
    ['principal:self:a:b', 'a:b'],
    ['principal:self:partner:alice', 'partner:alice'],
    ['principal:partner:alice', 'partner:alice'],
    ['principal:partner:alice', 'p-alice'],
  ] as const)
    test(`of ${id}, issued to ${client}`, () => {
      const token = held(client, id);

      assert.equal(validateOwnCredential(token, { issuers: ISSUERS, userStanding }), token);
    });

  for (const [what, client, id] of [
    ['another user', 'principal:self:bob', 'alice'],
    ['a user of a partner who is called so', 'principal:partner:alice', 'alice'],
    ['a user of ours, for one of a partner', 'principal:self:alice', 'partner:alice'],
    ['a party of an issuer that is gone', 'principal:gone:alice', 'gone:alice'],
    ['a client that is called so', 'alice', 'alice'],
    ['nobody', 'principal:self:', ''],
  ] as const)
    test(`of its subject no more, asked for by ${what}`, () => {
      const token = held(client, id);

      assert.throws(
        () => validateOwnCredential(token, { issuers: ISSUERS, userStanding }),
        refusedAs('token-audience-mismatch'),
      );
    });

  const known = { issuers: ISSUERS, userStanding };
  const BEARER = { confirmation: { method: 'bearer' } } as const;

  for (const [client, id, over] of [
    ['principal:self:on', 'on', {}],
    ['gateway', 'on', BEARER],
    ['principal:self:partner:alice', 'partner:alice', {}],
    ['principal:partner:alice', 'partner:alice', {}],
    ['gateway', 'partner:alice', BEARER],
    ['gateway', 'gateway', BEARER],
    ['principal:self:bob', 'partner:alice', BEARER],
  ] as const)
    test(`while its user may log in: of ${id}, issued to ${client}`, () => {
      const token = held(client, id, over);

      assert.equal(validateOwnCredential(token, known), token);
    });

  for (const [client, id, over] of [
    ['principal:self:off', 'off', {}],
    ['principal:self:gone', 'gone', {}],
    ['gateway', 'off', BEARER],
    ['principal:self:bob', 'gone', BEARER],
    ['gateway', 'gone', { ...BEARER, isOfUser: true }],
  ] as const)
    test(`no longer than its user may log in: of ${id}, issued to ${client}`, () => {
      const token = held(client, id, over);

      assert.throws(
        () => validateOwnCredential(token, known),
        refusedAs('requestor-unauthenticated'),
      );
    });

  test('bearers, those of others and what was proved here are not its business', () => {
    const tokens = [
      held('gateway', 'alice', { confirmation: { method: 'bearer' } }),
      aValidatedToken({ confirmation: KEY }),
      held('', 'alice', { type: 'x509' }),
    ];

    for (const token of tokens)
      assert.equal(validateOwnCredential(token, { issuers: ISSUERS, userStanding }), token);
  });
});
