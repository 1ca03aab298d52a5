import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { FailureReason } from '#core/failure.ts';
import type { Grant, PolicyRules } from '#core/policy.ts';
import {
  aClaim,
  aMappingRule,
  anActorToken,
  anEvidence,
  anOwnToken,
  aPolicyRow,
  aRelyingParty,
  aValidatedToken,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  rules,
  yields,
} from '#test/support/core.ts';

const MOMENT = { now: NOW, tokenId: 'new-token-1' };
const decided = (evidence: Evidence = anEvidence(), inForce: PolicyRules = rules()) =>
  decide(evidence, inForce, MOMENT);
const refuses = (reason: FailureReason, evidence: Evidence, inForce: PolicyRules = rules()) =>
  assert.throws(() => decided(evidence, inForce), refusedAs(reason));
const granting = (grant: Partial<Grant>) => rules({ rows: [aPolicyRow({ grant })] });
const ENCRYPTION = {
  certificate: 'PEM',
  content: 'aes256-gcm',
  keyTransport: 'rsa-oaep-sha256',
} as const;
const ANOTHER_KEY = { method: 'public-key', jwkThumbprint: 'key-1' } as const;

describe('decide', () => {
  test('Policy: a decision is complete', () => {
    const spec = decided();

    assert.deepEqual(spec, {
      type: 'access_token',
      tokenId: 'new-token-1',
      issuer: OWN_ISSUER,
      subject: { issuer: PARTNER_ISSUER, id: 'alice' },
      subjectName: 'partner:alice',
      actors: [],
      clientId: 'gateway',
      audiences: ['orders'],
      relyingParties: ['orders'],
      scopes: ['orders.read', 'orders.write'],
      claims: [],
      issuedAt: NOW,
      lifetime: { notBefore: NOW, notOnOrAfter: NOW + 600 },
      confirmation: { method: 'bearer' },
      algorithm: 'ES256',
      policyRows: ['partner-to-orders'],
      parents: [{ issuer: PARTNER_ISSUER, id: 'subject-token-1' }],
      ancestors: [{ issuer: PARTNER_ISSUER, id: 'subject-token-1' }],
      root: { issuer: PARTNER_ISSUER, id: 'subject-token-1' },
      vouchers: ['partner'],
      once: [],
    });
  });

  test('Policy: the token rests on the word of all who vouched for the subject or the actor, each once', () => {
    const actor = anActorToken({ vouchers: ['north', 'partner'] });

    assert.deepEqual(decided(anEvidence({ actor })).vouchers, ['partner', 'north']);
  });

  test('Policy: passes the authentication of the subject on and keeps both parents', () => {
    const authentication = { instant: NOW - 10, methods: ['pwd'] };

    const spec = decided(anEvidence({ subject: { authentication }, actor: anActorToken() }));

    assert.deepEqual(spec.authentication, authentication);
    assert.deepEqual(spec.vouchers, ['partner']);
    assert.deepEqual(spec.parents, [
      { issuer: PARTNER_ISSUER, id: 'subject-token-1' },
      { issuer: OWN_ISSUER, id: 'actor-token-1' },
    ]);
  });

  test('RFC 7519 §4.1.2: alice of two issuers are two subjects in our tokens', () => {
    const other = { trustedIssuer: 'other', issuer: 'urn:other' };
    const rows = [aPolicyRow({ subject: { issuers: ['partner', 'other'] } })];

    assert.equal(
      decided(anEvidence({ subject: other }), rules({ rows })).subjectName,
      'other:alice',
    );
    const merged = decided(
      anEvidence({ subject: { ...other, subjectPrefix: '' } }),
      rules({ rows }),
    );
    assert.equal(merged.subjectName, 'alice');
  });

  test('RFC 7519 §4.1.2: our own subject keeps its name on every hop', () => {
    const subject = anOwnToken({ subject: { issuer: OWN_ISSUER, id: 'partner:alice' } });

    assert.equal(decided({ ...anEvidence(), subject }).subjectName, 'partner:alice');
  });

  test('Policy: no row, no token', () => {
    refuses('target-not-allowed', anEvidence(), rules({ rows: [] }));
  });

  test('RFC 8707 §2: an unknown target is refused', () => {
    const request = { targets: [{ kind: 'audience', value: 'unknown' }] } as const;

    refuses('target-unknown', anEvidence({ request }));
  });

  test('RFC 8693 §2.1: refuses a token of ours that belongs to another client', () => {
    const subject = anOwnToken({ originClient: 'other' });

    refuses('token-audience-mismatch', { ...anEvidence(), subject });
  });

  test('RFC 8693 §4.4: refuses an actor that may_act does not name', () => {
    const mayAct = { issuer: OWN_ISSUER, id: 'somebody else' };

    refuses('delegation-not-allowed', anEvidence({ subject: { mayAct }, actor: anActorToken() }));
    refuses('delegation-not-allowed', anEvidence({ subject: { mayAct } }));
  });

  test('RFC 8693 §4.4: a may_act of the partner does not name our broker by its id alone', () => {
    refuses(
      'delegation-not-allowed',
      anEvidence({ subject: { mayAct: { id: 'broker' } }, actor: anActorToken() }),
    );
  });
});

describe('decide: token type', () => {
  const asking = (requestedType: 'jwt' | 'id_token' | 'saml2' | 'refresh_token') =>
    anEvidence({ request: { requestedType } });

  test('RFC 8693 §2.1: the type is what the target wants when none is asked for', () => {
    assert.equal(decided().type, 'access_token');
  });

  test('RFC 8693 §2.1: refuses a type that the row does not let be asked for', () => {
    refuses('token-type-unsupported', asking('saml2'));
  });

  test('RFC 8693 §2.1: grants a type that the row lets be asked for, with the algorithm of its form', () => {
    const spec = decided(asking('saml2'), granting({ types: ['saml2'] }));

    assert.equal(spec.type, 'saml2');
    assert.equal(spec.algorithm, 'RS256');
  });

  test('OIDC Core §2: an ID token speaks to the client, not to the target', () => {
    const spec = decided(asking('id_token'), granting({ types: ['id_token'] }));

    assert.deepEqual(spec.audiences, ['gateway']);
  });

  test('Policy: a refresh token is refused where there is an actor', () => {
    const inForce = granting({
      types: ['refresh_token'],
      renewal: { lifetimeSeconds: 7200, maxCount: 1 },
    });

    assert.equal(decided(asking('refresh_token'), inForce).type, 'refresh_token');
    refuses(
      'delegation-not-allowed',
      { ...asking('refresh_token'), actor: anActorToken() },
      inForce,
    );
    const delegated = aValidatedToken({ actors: [{ issuer: OWN_ISSUER, id: 'broker' }] });
    refuses('delegation-not-allowed', { ...asking('refresh_token'), subject: delegated }, inForce);
  });

  test('RFC 9700 §4.14.2: a refresh token has an absolute end, that of the row, or there is none', () => {
    const renewal = { lifetimeSeconds: 7200, maxCount: 1 };
    const granted = granting({ types: ['refresh_token'], renewal });

    const spec = decided(asking('refresh_token'), granted);

    assert.equal(spec.lifetime.notOnOrAfter, NOW + 7200);
    assert.equal(spec.renewal?.notOnOrAfter, NOW + 7200);
    refuses(
      'renewal-not-possible',
      asking('refresh_token'),
      granting({ types: ['refresh_token'] }),
    );
  });

  test('Policy: an assertion is encrypted to the certificate of its target, a JWT is not', () => {
    const party = aRelyingParty();
    const inForce = {
      ...granting({ types: ['saml2'] }),
      relyingParties: [{ ...party, token: { ...party.token, encryption: ENCRYPTION } }],
    };

    assert.equal(decided(asking('saml2'), inForce).encryption, ENCRYPTION);
    assert.equal(decided(anEvidence(), inForce).encryption, undefined);
  });
});

describe('decide: impersonation and delegation', () => {
  const withActor = anEvidence({ actor: anActorToken() });
  const shown = { issuer: OWN_ISSUER, id: 'broker', clientId: 'gateway' };

  test('Policy: impersonation wants its own permission', () => {
    assert.deepEqual(decided(anEvidence(), granting({ delegation: false })).actors, []);
    refuses('delegation-not-allowed', anEvidence(), granting({ impersonation: false }));
  });

  test('Policy: delegation wants its own permission, and shows the actor', () => {
    assert.deepEqual(decided(withActor, granting({ impersonation: false })).actors, [shown]);
    refuses('delegation-not-allowed', withActor, granting({ delegation: false }));
  });

  test('RFC 8693 §4.1: the chain of the subject token is nested in the new actor', () => {
    const earlier = { issuer: OWN_ISSUER, id: 'earlier' };

    const spec = decided(anEvidence({ subject: { actors: [earlier] }, actor: anActorToken() }));

    assert.deepEqual(spec.actors, [shown, earlier]);
  });

  test('RFC 8693 §4.1: a chain is never dropped on the way', () => {
    const earlier = { issuer: OWN_ISSUER, id: 'earlier' };

    assert.deepEqual(decided(anEvidence({ subject: { actors: [earlier] } })).actors, [earlier]);
  });

  test('RFC 8693 §4.1: refuses an actor token with a chain of its own', () => {
    const actor = anActorToken({ actors: [{ issuer: OWN_ISSUER, id: 'other' }] });

    refuses('delegation-not-allowed', anEvidence({ actor }));
  });
});

describe('decide: a requestor that asks for itself', () => {
  const neither = granting({ impersonation: false, delegation: false, requestorAsActor: true });
  const self = aValidatedToken({
    type: 'requestor',
    trustedIssuer: 'self',
    issuer: OWN_ISSUER,
    subject: { issuer: OWN_ISSUER, id: 'gateway' },
    scopes: [],
  });

  test('RFC 6749 §4.4: needs neither permission and has no actor', () => {
    const spec = decided({ ...anEvidence(), subject: self }, neither);

    assert.deepEqual(spec.actors, []);
    assert.deepEqual(spec.scopes, ['orders.read', 'orders.write']);
  });

  test('Scope: a client that asks for itself is bounded by its registration', () => {
    const subject = { ...self, scopes: ['orders.read'] };
    const evidence = anEvidence({ requestor: { scopes: ['orders.read'] } });

    assert.deepEqual(decided({ ...evidence, subject: aValidatedToken(subject) }, neither).scopes, [
      'orders.read',
    ]);
  });

  test('RFC 6749 §4.4: its own earlier token is itself too', () => {
    const subject = anOwnToken({ subject: { issuer: OWN_ISSUER, id: 'gateway' } });

    assert.deepEqual(decided({ ...anEvidence(), subject }, neither).actors, []);
  });

  test('RFC 9700 §4.15: a foreign subject called like the client is not the client', () => {
    const foreign = aValidatedToken({ subject: { issuer: PARTNER_ISSUER, id: 'gateway' } });
    const posing = aValidatedToken({
      subject: { issuer: OWN_ISSUER, id: 'gateway' },
      originClient: 'gateway',
    });
    const inForce = granting({ impersonation: false });

    refuses('delegation-not-allowed', { ...anEvidence(), subject: foreign }, inForce);
    refuses('delegation-not-allowed', { ...anEvidence(), subject: posing }, inForce);
  });

  test('RFC 9700 §4.15: a user called like the client, with a token for another client, is not the client', () => {
    const subject = anOwnToken({
      subject: { issuer: OWN_ISSUER, id: 'gateway' },
      originClient: 'portal',
      audiences: ['gateway'],
    });

    refuses(
      'delegation-not-allowed',
      { ...anEvidence(), subject },
      granting({ impersonation: false }),
    );
  });

  test('Policy: a principal with a token as its credential asks for itself', () => {
    const identity = aValidatedToken({ type: 'saml2' });
    const evidence = anEvidence({ requestor: { kind: 'principal', id: 'alice', identity } });
    const row = aPolicyRow({
      requestors: ['principal:partner:alice'],
      grant: { impersonation: false, delegation: false },
    });

    assert.deepEqual(
      decided({ ...evidence, subject: identity }, rules({ rows: [row] })).actors,
      [],
    );
  });

  test('Policy: alice as another issuer tells of her is not the principal', () => {
    const identity = aValidatedToken({ type: 'saml2', trustedIssuer: 'other' });
    const evidence = anEvidence({ requestor: { kind: 'principal', id: 'alice', identity } });
    const row = aPolicyRow({
      requestors: ['principal:other:alice'],
      grant: { impersonation: false },
    });

    refuses('delegation-not-allowed', evidence, rules({ rows: [row] }));
  });

  test('Policy: alice of another issuer is another principal', () => {
    const identity = aValidatedToken({
      type: 'saml2',
      trustedIssuer: 'other',
      issuer: 'urn:other',
    });
    const evidence = anEvidence({ requestor: { kind: 'principal', id: 'alice', identity } });
    const row = aPolicyRow({
      requestors: ['principal:other:alice'],
      grant: { impersonation: false },
    });

    refuses('delegation-not-allowed', evidence, rules({ rows: [row] }));
  });
});

describe('decide: key binding', () => {
  test('RFC 7800 §3: binds the new token to the key the requestor proved', () => {
    const spec = decided(anEvidence({ requestor: { confirmation: ANOTHER_KEY } }));

    assert.deepEqual(spec.confirmation, ANOTHER_KEY);
  });

  test('RFC 7800 §3: what the request names is what the token is bound to, bearer too', () => {
    const { request, ...evidence } = anEvidence({ requestor: { confirmation: ANOTHER_KEY } });
    const bearer = { ...request, confirmation: { method: 'bearer' } } as const;

    assert.deepEqual(decided({ ...evidence, request: bearer }).confirmation.method, 'bearer');
    refuses(
      'confirmation-missing',
      { ...evidence, request: bearer },
      granting({ senderConstraint: true }),
    );
  });

  test('WS-Trust 1.3 §4.4.5: a secret is for a target that can decrypt it, and goes to it alone', () => {
    const { request, ...evidence } = anEvidence();
    const confirmation = { method: 'symmetric-key', thumbprint: 't' } as const;
    const asking = { ...evidence, request: { ...request, confirmation } };
    const { token, ...party } = aRelyingParty();
    const relyingParties = [{ ...party, token: { ...token, keyEncryption: ENCRYPTION } }];

    refuses('target-not-allowed', asking);
    assert.deepEqual(decided(asking, rules({ relyingParties })).keyEncryption, ENCRYPTION);
    assert.equal(decided(anEvidence(), rules({ relyingParties })).keyEncryption, undefined);
  });

  test('RFC 7800 §3: a bound subject token never becomes a bearer token', () => {
    const subject = { confirmation: ANOTHER_KEY };

    refuses('confirmation-missing', anEvidence({ subject }));
    const proved = anEvidence({ subject, requestor: { confirmation: ANOTHER_KEY } });
    assert.deepEqual(decided(proved).confirmation, ANOTHER_KEY);
    const asBearer = { ...proved.request, confirmation: { method: 'bearer' } } as const;
    refuses('confirmation-missing', { ...proved, request: asBearer });
  });

  test('RFC 7800 §3: a bound subject token is not bound anew to the key of somebody else', () => {
    const subject = { confirmation: { method: 'public-key', jwkThumbprint: 'of-alice' } } as const;

    refuses(
      'confirmation-missing',
      anEvidence({ subject, requestor: { confirmation: ANOTHER_KEY } }),
    );
  });

  test('Policy: a row that wants a key refuses a bearer', () => {
    refuses('confirmation-missing', anEvidence(), granting({ senderConstraint: true }));
    const proved = anEvidence({ requestor: { confirmation: ANOTHER_KEY } });
    assert.ok(decided(proved, granting({ senderConstraint: true })));
  });

  test('Policy: a row that wants a key refuses one that the request only names', () => {
    const named = anEvidence({ request: { confirmation: ANOTHER_KEY, isKeyUnproved: true } });

    refuses('confirmation-missing', named, granting({ senderConstraint: true }));
    assert.deepEqual(decided(named).confirmation, ANOTHER_KEY);
  });
});

describe('decide: scopes and claims', () => {
  for (const [type, scopes] of [
    ['access_token', ['orders.read']],
    ['jwt', ['orders.read']],
    ['id_token', []],
    ['saml1', []],
    ['saml2', []],
  ] as const)
    test(`RFC 8693 §2.2.1: the scopes of a token of type ${type} are those that it says: ${scopes.length}`, () => {
      const inForce = granting({ types: [type] });
      const wish = { requestedType: type, scopes: ['orders.read'] };

      const subject = { scopes: ['orders.read'] };
      const spec = decided(anEvidence({ subject, request: { requestedType: type } }), inForce);

      assert.deepEqual(spec.scopes, scopes);
      if (scopes.length === 0) refuses('scope-not-allowed', anEvidence({ request: wish }), inForce);
    });

  test('Scope: refuses what the subject token does not have', () => {
    const subject = { scopes: ['orders.read'] };

    assert.deepEqual(decided(anEvidence({ subject })).scopes, ['orders.read']);
    refuses('scope-not-allowed', anEvidence({ subject, request: { scopes: ['orders.write'] } }));
  });

  test('Claims: the rules of the target and then those of the row apply', () => {
    const claims = [aClaim()];
    const relyingParties = [aRelyingParty({ claims: [aMappingRule({ claim: 'dept' })] })];
    const rows = [
      aPolicyRow({
        grant: {
          claims: [aMappingRule({ claim: 'tier', source: { expression: yields('gold') } })],
        },
      }),
    ];

    const spec = decided(anEvidence({ subject: { claims } }), rules({ relyingParties, rows }));

    assert.deepEqual(
      spec.claims.map(({ name, values }) => [name, values]),
      [
        ['dept', ['sales']],
        ['tier', ['gold']],
      ],
    );
  });

  test('Claims: nothing of the actor token passes', () => {
    const actor = anActorToken({ claims: [aClaim()] });
    const rows = [aPolicyRow({ grant: { claims: [aMappingRule()] } })];

    assert.deepEqual(decided(anEvidence({ actor }), rules({ rows })).claims, []);
  });
});
