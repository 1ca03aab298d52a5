import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClaimValue } from '#core/claims/claim.ts';
import { decide } from '#core/decision/decide.ts';
import { saidBy, saidIn } from '#core/ledger/said.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { aClaim, anEvidence, anOwnToken, NOW, OWN_ISSUER, rules } from '#test/support/core.ts';

const DECIDED = decide(anEvidence(), rules(), { now: NOW, tokenId: 'token-1' });

const claim = (name: string, values: readonly ClaimValue[]) => aClaim({ name, values });

/** Whether a token says what was decided. */
function isSaid(decided: Partial<TokenSpec>, told: Partial<TokenFacts> = {}): boolean {
  const spec = { ...DECIDED, ...decided };
  const { actors, audiences, claims, confirmation, scopes, subjectName, tokenId, type } = spec;
  const subject = { issuer: OWN_ISSUER, id: subjectName };
  const facts = { type, id: tokenId, subject, audiences, actors, claims, confirmation, scopes };
  return saidIn(spec) === saidBy(anOwnToken({ ...facts, ...told }));
}

const BROKER = { issuer: OWN_ISSUER, id: 'broker', clientId: 'gateway' };
const [JWK, CERTIFICATE] = ['jwk-1', 'x5t-1'];
const KEY = {
  method: 'public-key',
  jwkThumbprint: JWK,
  certificateThumbprint: CERTIFICATE,
} as const;
const ROLE = claim('role', ['buyer']);

describe('WS-Trust 1.3 §5: a token says what is on record of it', () => {
  test('as it was decided', () => {
    for (const type of ['access_token', 'id_token', 'saml2'] as const)
      assert.ok(isSaid({ type, actors: [BROKER], claims: [ROLE], confirmation: KEY }));
  });

  test('whatever order its claims have, and without those that have no value', () => {
    const age = claim('age', [7]);

    assert.ok(isSaid({ claims: [ROLE, claim('none', []), age] }, { claims: [age, ROLE] }));
  });

  test('where a number or a list comes back as it was written', () => {
    const claims = [claim('age', [7, true]), claim('roles', [['a', 'b']])];

    assert.ok(
      isSaid({ claims }, { claims: [claim('age', ['7', 'true']), claim('roles', ['a', 'b'])] }),
    );
  });

  test('in an assertion, which tells of no scopes and of no client of an actor, and names a key in one way', () => {
    const actors = [{ issuer: OWN_ISSUER, id: 'broker' }];
    const confirmation = { method: 'public-key', jwkThumbprint: JWK } as const;
    const decided = { type: 'saml2', actors: [BROKER], confirmation: KEY } as const;

    assert.ok(isSaid(decided, { actors, confirmation, scopes: [] }));
  });

  test('in a JWT that names its key by the certificate, and in an ID token without scopes', () => {
    const confirmation = { method: 'public-key', certificateThumbprint: CERTIFICATE } as const;

    assert.ok(isSaid({ confirmation: KEY }, { confirmation }));
    assert.ok(isSaid({ type: 'id_token' }, { scopes: [] }));
  });
});

describe('WS-Trust 1.3 §5: a token does not say what is on record', () => {
  const decided = { actors: [BROKER], claims: [ROLE], confirmation: KEY } as const;
  const others: Readonly<Record<string, Partial<TokenFacts>>> = {
    'another id': { id: 'token-2' },
    'another kind': { type: 'id_token' },
    'another subject': { subject: { issuer: OWN_ISSUER, id: 'partner:bob' } },
    'another audience': { audiences: ['billing'] },
    'an actor of another issuer': { actors: [{ ...BROKER, issuer: 'urn:other' }] },
    'another actor': { actors: [{ ...BROKER, id: 'other' }] },
    'an actor with another client': { actors: [{ ...BROKER, clientId: 'other' }] },
    'no actor': { actors: [] },
    'another scope': { scopes: ['orders.admin'] },
    'another claim': { claims: [claim('group', ['buyer'])] },
    'another value': { claims: [claim('role', ['admin'])] },
    'a list of lists': { claims: [claim('role', [['buyer'], 'buyer'])] },
    'no key': { confirmation: { method: 'bearer' } },
    'a secret': { confirmation: { method: 'symmetric-key' } },
    'another certificate': { confirmation: { ...KEY, certificateThumbprint: 'x5t-2' } },
  };

  for (const [what, told] of Object.entries(others))
    test(`with ${what}`, () => {
      assert.equal(isSaid(decided, told), false);
    });

  test('as an ID token, where there is no scope either', () => {
    assert.equal(isSaid({ scopes: [] }, { type: 'id_token' }), false);
  });

  test('with another key in an assertion, or another of its only name in either form', () => {
    const method = 'public-key';
    const byKey = (jwkThumbprint: string) => ({ method, jwkThumbprint }) as const;
    const byCertificate = (certificateThumbprint: string) =>
      ({ method, certificateThumbprint }) as const;

    for (const [type, confirmation, other] of [
      ['saml2', KEY, { ...KEY, jwkThumbprint: 'jwk-2' }],
      ['saml2', byCertificate(CERTIFICATE), byCertificate('x5t-2')],
      ['jwt', byKey(JWK), byKey('jwk-2')],
    ] as const)
      assert.equal(isSaid({ type, confirmation }, { confirmation: other }), false);
  });
});
