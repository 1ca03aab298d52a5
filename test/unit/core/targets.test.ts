import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { FailureReason } from '#core/failure.ts';
import type { Grant, PolicyRules } from '#core/policy.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import {
  aClaim,
  aMappingRule,
  anActorToken,
  anEvidence,
  anExpression,
  aPolicyRow,
  aRelyingParty,
  NOW,
  refusedAs,
  rules,
} from '#test/support/core.ts';

interface TwoTargets {
  readonly orders?: Partial<Grant>;
  readonly billing?: Partial<Grant>;
  readonly parties?: readonly [Partial<RelyingParty>, Partial<RelyingParty>];
}

/** `orders` and `billing`, each with a row of its own. */
function twoTargets({ orders, billing, parties = [{}, {}] }: TwoTargets = {}): PolicyRules {
  return rules({
    relyingParties: [aRelyingParty(parties[0]), aRelyingParty({ id: 'billing', ...parties[1] })],
    rows: [
      aPolicyRow({ id: 'to-orders', ...(orders && { grant: orders }) }),
      aPolicyRow({ id: 'to-billing', targets: ['billing'], ...(billing && { grant: billing }) }),
    ],
  });
}

const targets = [
  { kind: 'audience', value: 'orders' },
  { kind: 'audience', value: 'billing' },
] as const;
const evidence = (changes: Parameters<typeof anEvidence>[0] = {}) =>
  anEvidence({ ...changes, request: { targets, ...changes.request } });
const decided = (inForce: PolicyRules, of = evidence()) =>
  decide(of, inForce, { now: NOW, tokenId: 'new-token-1' });
const refuses = (reason: FailureReason, inForce: PolicyRules, of = evidence()) =>
  assert.throws(() => decided(inForce, of), refusedAs(reason));

describe('several targets of one token', () => {
  test('RFC 8707 §2.2: one token for both, by the row of each', () => {
    const spec = decided(twoTargets());

    assert.deepEqual(spec.audiences, ['orders', 'billing']);
    assert.deepEqual(spec.policyRows, ['to-orders', 'to-billing']);
  });

  test('Policy: one target without a row refuses both', () => {
    const inForce = twoTargets();

    refuses('target-not-allowed', { ...inForce, rows: inForce.rows.slice(0, 1) });
  });

  test('Policy: one target without consent refuses both', () => {
    refuses('target-not-allowed', twoTargets({ parties: [{}, { requestors: [] }] }));
  });

  test('RFC 8707 §2.2: a scope that one row grants does not count at the other target', () => {
    const inForce = twoTargets({
      orders: { scopes: ['orders.read', 'orders.write'] },
      billing: { scopes: ['orders.read'] },
    });

    assert.deepEqual(decided(inForce).scopes, ['orders.read']);
    refuses('scope-not-allowed', inForce, evidence({ request: { scopes: ['orders.write'] } }));
  });

  test('RFC 8707 §2.2: a scope that one target does not have is not granted for both', () => {
    const inForce = twoTargets({ parties: [{}, { scopes: ['billing.read'] }] });

    assert.deepEqual(decided(inForce).scopes, []);
  });

  test('Scope: a mapped row widens for its own target only', () => {
    const inForce = twoTargets({ orders: { scopeMode: 'mapped' } });

    assert.deepEqual(decided(inForce, evidence({ subject: { scopes: [] } })).scopes, []);
  });

  test('Policy: the shortest lifetime of all counts', () => {
    assert.equal(
      decided(twoTargets({ billing: { lifetimeSeconds: 60 } })).lifetime.notOnOrAfter,
      NOW + 60,
    );
  });

  for (const target of ['orders', 'billing'] as const) {
    const onlyIn = (grant: Partial<Grant>) => twoTargets({ [target]: grant });

    test(`Policy: one-time use in the row of ${target} alone counts`, () => {
      assert.equal(decided(onlyIn({ singleUse: true })).once.length, 1);
    });

    test(`Policy: a key wanted in the row of ${target} alone is wanted`, () => {
      refuses('confirmation-missing', onlyIn({ senderConstraint: true }));
    });

    test(`Policy: the actor is shown when the row of ${target} alone wants it`, () => {
      assert.equal(decided(onlyIn({ requestorAsActor: true })).actors.length, 1);
    });

    test(`Policy: delegation must be granted by the row of ${target} too`, () => {
      refuses(
        'delegation-not-allowed',
        onlyIn({ delegation: false }),
        evidence({ actor: anActorToken() }),
      );
    });

    test(`Policy: impersonation must be granted by the row of ${target} too`, () => {
      refuses('delegation-not-allowed', onlyIn({ impersonation: false }));
    });

    test(`Policy: a type must be granted by the row of ${target} too`, () => {
      const other = target === 'orders' ? 'billing' : 'orders';

      refuses(
        'token-type-unsupported',
        twoTargets({ [other]: { types: ['jwt'] } }),
        evidence({ request: { requestedType: 'jwt' } }),
      );
    });
  }

  test('Policy: the actor is not hidden by a row that would impersonate', () => {
    const inForce = twoTargets({
      orders: { requestorAsActor: true },
      billing: { delegation: false },
    });

    refuses('delegation-not-allowed', inForce);
  });

  const ENCRYPTION = {
    certificate: 'PEM',
    content: 'aes256-gcm',
    keyTransport: 'rsa-oaep-sha256',
  } as const;
  const token = aRelyingParty().token;
  for (const [what, changed] of [
    ['types', { ...token, type: 'saml2' }],
    ['algorithms', { ...token, algorithms: { jwt: 'RS256', saml: 'RS256' } }],
    ['certificates to encrypt to', { ...token, encryption: ENCRYPTION }],
    ['certificates for secrets', { ...token, keyEncryption: ENCRYPTION }],
  ] as const) {
    test(`Policy: refuses targets that want different ${what}, in either order`, () => {
      refuses('target-not-allowed', twoTargets({ parties: [{}, { token: changed }] }));
      refuses('target-not-allowed', twoTargets({ parties: [{ token: changed }, {}] }));
    });
  }
});

describe('claims of several targets', () => {
  const withDepartment = evidence({ subject: { claims: [aClaim()] } });
  const constant = (value: string) => [
    aMappingRule({ claim: 'role', source: { constant: value } }),
  ];

  test('Claims: the very same claims pass', () => {
    const inForce = twoTargets({
      orders: { claims: [aMappingRule(), ...constant('clerk')] },
      billing: { claims: [...constant('clerk'), aMappingRule()] },
    });

    assert.deepEqual(
      decided(inForce, withDepartment).claims.map(({ name }) => name),
      ['department', 'role'],
    );
  });

  test('Claims: a role meant for one target does not count at the other', () => {
    refuses('target-not-allowed', twoTargets({ orders: { claims: constant('admin') } }));
    refuses('target-not-allowed', twoTargets({ billing: { claims: constant('admin') } }));
    refuses(
      'target-not-allowed',
      twoTargets({ orders: { claims: constant('admin') }, billing: { claims: constant('clerk') } }),
    );
  });

  test('Claims: a detail meant for one target is not told to the other', () => {
    refuses(
      'target-not-allowed',
      twoTargets({ parties: [{ claims: [aMappingRule()] }, {}] }),
      withDepartment,
    );
  });

  test('Claims: the same value from another source is another claim', () => {
    refuses(
      'target-not-allowed',
      twoTargets({
        orders: { claims: [aMappingRule()] },
        billing: { claims: [aMappingRule({ source: { constant: 'sales' } })] },
      }),
      withDepartment,
    );
  });

  test('Claims: each target is mapped with its own context', () => {
    const id = anExpression(({ target }) => ({ value: target.id }));
    const claims = [aMappingRule({ source: { expression: id } })];

    refuses('target-not-allowed', twoTargets({ orders: { claims }, billing: { claims } }));
  });
});
