import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Evidence,
  expressionContext,
  isPartyOf,
  validateConfirmation,
  validateOrigin,
} from '#core/decision/evidence.ts';
import { type Confirmation, isConfirmed } from '#core/token/confirmation.ts';
import {
  aClaim,
  anActorToken,
  anEvidence,
  anOwnToken,
  aRelyingParty,
  aRequestor,
  aValidatedToken,
  OWN_ISSUER,
  refusedAs,
} from '#test/support/core.ts';

const KEY: Confirmation = { method: 'public-key', jwkThumbprint: 'key-1' };
const CERTIFICATE: Confirmation = {
  method: 'public-key',
  certificateThumbprint: 'key-1',
};
const PARTIES = [aRelyingParty(), aRelyingParty({ id: 'billing' })];

const passes = (evidence: Evidence) => validateOrigin(evidence, PARTIES);
const refuses = (evidence: Evidence) =>
  assert.throws(() => passes(evidence), refusedAs('token-audience-mismatch'));

describe('validateOrigin', () => {
  test('RFC 8693 §2.1: a token of ours is usable by the client it was issued to', () => {
    passes({ ...anEvidence(), subject: anOwnToken({ originClient: 'gateway' }) });
  });

  test('RFC 8693 §2.1: refuses a token of ours that was issued to another client and is for another server', () => {
    refuses({ ...anEvidence(), subject: anOwnToken({ originClient: 'other' }) });
  });

  test('RFC 8693 §2.1: refuses a token of ours without a client or an audience', () => {
    const { originClient: _, ...facts } = anOwnToken({ audiences: [] });

    refuses({ ...anEvidence(), subject: aValidatedToken(facts) });
  });

  test('RFC 8693 §2.1: a token of ours is usable by the server it is addressed to, in any of its spellings', () => {
    for (const audience of ['orders', 'https://orders.example/', 'https://orders.example/soap']) {
      const subject = anOwnToken({ originClient: 'other', audiences: [audience] });
      passes({ ...anEvidence({ requestor: { represents: ['orders'] } }), subject });
    }
  });

  test('RFC 8693 §2.1: a token of ours is usable by the client named in its audience', () => {
    passes({
      ...anEvidence(),
      subject: anOwnToken({ originClient: 'other', audiences: ['gateway'] }),
    });
  });

  test('RFC 8693 §2.1: refuses the server of another relying party', () => {
    const subject = anOwnToken({ originClient: 'other', audiences: ['orders'] });

    refuses({ ...anEvidence({ requestor: { represents: ['billing'] } }), subject });
  });

  test('RFC 8693 §2.1: refuses a user who is called like the client the token was issued to', () => {
    const requestor = { kind: 'principal', id: 'gateway' } as const;

    refuses({ ...anEvidence({ requestor }), subject: anOwnToken({ audiences: ['gateway'] }) });
  });

  test('RFC 8693 §2.1: an actor token of ours is held to the same rule', () => {
    const stolen = anActorToken({ originClient: 'other' });

    refuses(anEvidence({ actor: stolen }));
    passes(anEvidence({ actor: anActorToken({ originClient: 'gateway' }) }));
  });

  test('RFC 8693 §2.1: foreign tokens were held against their expected audiences already', () => {
    passes(anEvidence({ subject: { originClient: 'unknown', audiences: ['urn:anything'] } }));
  });

  test('Policy: the requestor as evidence is the requestor itself, never another', () => {
    const self = (id: string) =>
      aValidatedToken({
        type: 'requestor',
        trustedIssuer: 'self',
        subject: { issuer: OWN_ISSUER, id },
      });

    passes({ ...anEvidence(), subject: self('gateway') });
    refuses({ ...anEvidence(), subject: self('other') });
    refuses(anEvidence({ actor: self('other') }));
  });

  test('RFC 7521 §5.1: a token of ours is a grant where it is for us, and nowhere else', () => {
    const grant = (audiences: readonly string[]) => ({
      ...anEvidence(),
      subject: anOwnToken({ use: 'assertion', audiences }),
    });

    passes(grant(['orders', OWN_ISSUER]));
    refuses(grant(['orders']));
  });

  test('Policy: a credential that was proved here has no origin', () => {
    const facts = { type: 'username', trustedIssuer: 'self', audiences: [] } as const;

    passes(anEvidence({ subject: facts }));
  });

  test("Policy: the requestor's own credential needs no audience", () => {
    const identity = anOwnToken({ type: 'saml2', originClient: 'other', audiences: [] });
    const requestor = { kind: 'principal', id: 'alice', identity } as const;

    passes({ ...anEvidence({ requestor }), subject: identity });
    refuses({
      ...anEvidence({ requestor }),
      subject: anOwnToken({ type: 'saml2', id: 'another' }),
    });
  });

  test('Policy: a credential of others under the id of a token of ours is not that token', () => {
    const subject = anOwnToken({ type: 'saml2', originClient: 'other', audiences: [] });
    const identity = aValidatedToken({ ...subject, trustedIssuer: 'partner' });

    refuses({
      ...anEvidence({ requestor: { kind: 'principal', id: 'alice', identity } }),
      subject,
    });
  });
});

describe('isPartyOf', () => {
  test('RFC 7662 §2.2: names a client by its own name only', () => {
    const token = anOwnToken({ originClient: 'principal:self:bob' });

    assert.equal(isPartyOf(token, aRequestor({ kind: 'principal', id: 'bob' }), []), true);
    assert.equal(isPartyOf(token, aRequestor({ id: 'bob' }), []), false);
  });
});

describe('validateConfirmation', () => {
  const bound = (confirmation: Confirmation) => ({ confirmation });

  test('RFC 7800 §3: a bearer token needs no key', () => {
    validateConfirmation(anEvidence());
    validateConfirmation(anEvidence({ requestor: bound(KEY) }));
  });

  test('RFC 7800 §3: a bound token is good in the hands of who proved its key', () => {
    validateConfirmation(anEvidence({ subject: bound(KEY), requestor: bound(KEY) }));
  });

  for (const [what, proved] of [
    ['no key', { method: 'bearer' }],
    ['another key', { ...KEY, jwkThumbprint: 'key-2' }],
    ['a key of another kind with the same thumbprint', CERTIFICATE],
  ] as const) {
    test(`RFC 7800 §3: refuses a bound subject token with ${what} proved`, () => {
      const evidence = anEvidence({ subject: bound(KEY), requestor: bound(proved) });

      assert.throws(() => validateConfirmation(evidence), refusedAs('confirmation-missing'));
    });
  }

  const SECRET: Confirmation = { method: 'symmetric-key', thumbprint: 'key-1' };

  for (const [what, required, proved] of [
    ['a certificate for a key that it names', KEY, { ...KEY, certificateThumbprint: 'other' }],
    ['another certificate of a known key', { ...KEY, certificateThumbprint: 'one' }, KEY],
    ['the secret', SECRET, SECRET],
  ] as const) {
    test(`RFC 7800 §3: takes ${what}`, () => {
      validateConfirmation(anEvidence({ subject: bound(required), requestor: bound(proved) }));
    });
  }

  for (const [what, required, proved] of [
    ['another secret', SECRET, { method: 'symmetric-key', thumbprint: 'key-2' }],
    [
      'a secret we cannot see, for itself',
      { method: 'symmetric-key' },
      { method: 'symmetric-key' },
    ],
    ['a public key for a secret of the same thumbprint', SECRET, KEY],
    ['a key for a certificate that is named alone', CERTIFICATE, KEY],
    ['nothing for nothing', { method: 'public-key' }, { method: 'public-key' }],
  ] as const) {
    test(`RFC 7800 §3: refuses ${what}`, () => {
      const evidence = anEvidence({ subject: bound(required), requestor: bound(proved) });

      assert.throws(() => validateConfirmation(evidence), refusedAs('confirmation-missing'));
    });
  }

  test('RFC 7800 §3: refuses a bound actor token without its key', () => {
    const evidence = anEvidence({ actor: anActorToken(bound(KEY)) });

    assert.throws(() => validateConfirmation(evidence), refusedAs('confirmation-missing'));
  });

  test('RFC 7800 §3: one key cannot prove two different bindings', () => {
    const evidence = anEvidence({
      subject: bound(KEY),
      actor: anActorToken(bound(CERTIFICATE)),
      requestor: bound(KEY),
    });

    assert.throws(() => validateConfirmation(evidence), refusedAs('confirmation-missing'));
  });

  test('isConfirmed: holds for the very key only', () => {
    assert.equal(isConfirmed(KEY, KEY), true);
    assert.equal(isConfirmed(KEY, { method: 'bearer' }), false);
    assert.equal(isConfirmed({ method: 'bearer' }, { method: 'bearer' }), true);
  });
});

describe('expressionContext', () => {
  test('Policy: a condition reads one value as it is and several as a list', () => {
    const claims = [
      aClaim(),
      aClaim({ name: 'groups', values: ['a', 'b'] }),
      aClaim({ name: 'none', values: [] }),
    ];

    const context = expressionContext(anEvidence({ subject: { claims } }), aRelyingParty());

    assert.deepEqual({ ...context.claims }, { department: 'sales', groups: ['a', 'b'], none: [] });
    assert.equal(context.actor, null);
    assert.deepEqual(context.target, { id: 'orders' });
  });

  test('Policy: values of one name in several claims are one list', () => {
    const claims = [aClaim(), aClaim({ values: ['ops'] })];

    const context = expressionContext(anEvidence({ subject: { claims } }), aRelyingParty());

    assert.deepEqual(context.claims['department'], ['sales', 'ops']);
  });

  test('Policy: a claim called like a member of every object changes nothing but itself', () => {
    const claims = [
      aClaim({ name: '__proto__', values: [{ isAdmin: true }] }),
      aClaim({ name: 'toString' }),
    ];

    const { claims: seen } = expressionContext(
      anEvidence({ subject: { claims } }),
      aRelyingParty(),
    );

    assert.equal(seen['isAdmin'], undefined);
    assert.equal(seen['constructor'], undefined);
    assert.equal(seen['toString'], 'sales');
    assert.equal(({} as Record<string, unknown>)['isAdmin'], undefined);
  });

  test('Policy: twenty thousand claims are read once each', () => {
    const claims = Array.from({ length: 20_000 }, (_, index) => aClaim({ name: `c${index}` }));

    const context = expressionContext(anEvidence({ subject: { claims } }), aRelyingParty());

    assert.equal(Object.keys(context.claims).length, 20_000);
  });
});
