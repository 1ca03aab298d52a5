// What a renewal is decided on (WS-Trust 1.3 §5): the record of the token, the requestor, and policy as it is now.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureReason } from '#core/failure.ts';
import type { LedgerEntry } from '#core/ledger/ledger-entry.ts';
import type { PartySelector, PolicyRules } from '#core/policy.ts';
import { decideRenewed } from '#core/renewal/decide-renewed.ts';
import type { RenewalBasis } from '#core/renewal/renewable.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import {
  anExchangeRequest,
  anOwnToken,
  aPolicyRow,
  aRelyingParty,
  aRequestor,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';

const KEY: Confirmation = { method: 'public-key', jwkThumbprint: 'key-1' };
const OTHER_KEY: Confirmation = { method: 'public-key', jwkThumbprint: 'key-2' };
const grant = { types: ['jwt' as const], renewal: { lifetimeSeconds: 3600, maxCount: 3 } };
const partner = {
  trustedIssuer: 'partner',
  type: 'jwt',
  issuer: PARTNER_ISSUER,
  id: 'alice',
} as const;

const anEntry = (over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  parents: [],
  ancestors: [{ issuer: PARTNER_ISSUER, id: 'evidence' }],
  clientId: 'gateway',
  actors: [],
  targets: ['orders'],
  policyRows: ['partner-to-orders'],
  notOnOrAfter: NOW + 300,
  renewal: {
    family: 'own-token-1',
    count: 0,
    afterExpiry: false,
    notOnOrAfter: NOW + 3600,
    subject: partner,
  },
  ...over,
});

interface Changes {
  readonly token?: Partial<TokenFacts>;
  readonly request?: Partial<ExchangeRequest>;
  readonly entry?: Partial<LedgerEntry>;
  readonly isRevoked?: boolean;
  readonly rules?: Partial<PolicyRules>;
  /** What was kept of the token. */
  readonly secret?: RenewalBasis['secret'];
}

function decideWith(changes: Changes = {}) {
  const lifetime = { notBefore: NOW - 60, notOnOrAfter: NOW + 300 };
  const token = { scopes: [], lifetime, ...changes.token };
  const basis: RenewalBasis = {
    evidence: {
      request: anExchangeRequest({ targets: [], ...changes.request }),
      subject: anOwnToken({ type: 'jwt', use: 'lifecycle', ...token }),
      actor: undefined,
    },
    entry: anEntry(changes.entry),
    isRevoked: changes.isRevoked ?? false,
    now: NOW,
    tokenId: 'renewed',
    ...(changes.secret && { secret: changes.secret }),
  };
  return decideRenewed(basis, rules({ rows: [aPolicyRow({ grant })], ...changes.rules }));
}

test('WS-Trust 1.3 §5: keeps what the token says and hangs it on the first of its chain', () => {
  const { spec, maxCount } = decideWith({
    token: { scopes: ['orders.read'], audiences: ['orders'] },
  });

  const family = { issuer: OWN_ISSUER, id: 'own-token-1' };
  assert.deepEqual(
    [spec.scopes, spec.audiences, spec.clientId],
    [['orders.read'], ['orders'], 'gateway'],
  );
  assert.deepEqual(spec.parents, [family]);
  assert.deepEqual(spec.ancestors, [family, { issuer: PARTNER_ISSUER, id: 'evidence' }]);
  assert.deepEqual([spec.renewal?.count, spec.renewal?.notOnOrAfter, maxCount], [1, NOW + 3600, 3]);
});

test('ws-trust §8: a renewal keeps how often others may be made of the token', () => {
  for (const delegations of [0, 2]) {
    const { spec } = decideWith({ token: { delegations } });

    assert.equal(spec.delegations, delegations);
  }
  assert.equal('delegations' in decideWith().spec, false);
});

test('WS-Trust 1.3 §5: an audience that names another relying party by now is given no more tokens', () => {
  const [orders, billing] = [
    aRelyingParty({ audiences: ['orders-2'], audience: 'orders-2' }),
    aRelyingParty({ id: 'billing', audiences: ['orders'], audience: 'orders', requestors: [] }),
  ];
  const change = (token: Partial<TokenFacts>) => () =>
    decideWith({ token, rules: { relyingParties: [orders, billing] } });

  for (const audiences of [['orders'], ['orders-2', 'orders']])
    assert.throws(change({ audiences }), refusedAs('target-unknown'));
  assert.deepEqual(change({ audiences: ['orders-2'] })().spec.audiences, ['orders-2']);
  // An ID token is for its client, whatever the target is called.
  const { spec } = decideWith({
    token: { type: 'id_token', audiences: ['gateway'] },
    rules: { rows: [aPolicyRow({ grant: { ...grant, types: ['id_token'] } })] },
  });
  assert.deepEqual(spec.audiences, ['gateway']);
});

test('WS-Trust 1.3 §5: the line does not grow with each renewal', () => {
  const ancestors = [
    { issuer: OWN_ISSUER, id: 'own-token-1' },
    { issuer: PARTNER_ISSUER, id: 'evidence' },
  ];

  const { spec } = decideWith({ token: { id: 'own-token-7' }, entry: { ancestors } });

  assert.deepEqual(spec.ancestors, ancestors);
});

test('WS-Trust 1.3 §5: a bound token is renewed with proof of its key, and stays bound to it', () => {
  const { spec } = decideWith({
    token: { confirmation: KEY },
    request: { requestor: aRequestor({ confirmation: KEY }) },
  });

  assert.deepEqual(spec.confirmation, KEY);
});

test('ws-trust §3.4: what was promised is the end, though the rows grant more by now', () => {
  const { renewal } = anEntry();
  assert.ok(renewal);
  const end = NOW + 100;

  const { spec } = decideWith({ entry: { renewal: { ...renewal, notOnOrAfter: end } } });

  assert.deepEqual([spec.lifetime.notOnOrAfter, spec.renewal?.notOnOrAfter], [end, end]);
});

const ended = { notBefore: NOW - 900, notOnOrAfter: NOW - 300 };
const afterExpiry = {
  renewal: {
    family: 'own-token-1',
    count: 0,
    afterExpiry: true,
    notOnOrAfter: NOW + 3600,
    subject: partner,
  },
};
const rowWith = (renewal: typeof grant.renewal & { readonly afterExpiry?: boolean }) => ({
  rows: [aPolicyRow({ grant: { ...grant, renewal } })],
});

test('WS-Trust 1.3 §5: an ended token is renewed where it and the row say so', () => {
  const { spec } = decideWith({
    token: { lifetime: ended },
    entry: afterExpiry,
    rules: rowWith({ ...grant.renewal, afterExpiry: true }),
  });

  assert.equal(spec.lifetime.notOnOrAfter, NOW + 600);
});

test('Policy: a row that was shortened ends the chain sooner, counted from its first token', () => {
  const shortened = {
    entry: { issuedAt: NOW - 60 },
    rules: rowWith({ lifetimeSeconds: 160, maxCount: 3 }),
  };

  const { spec } = decideWith(shortened);

  assert.equal(spec.lifetime.notOnOrAfter, NOW + 100);
  assert.deepEqual([spec.renewal?.begunAt, spec.renewal?.notOnOrAfter], [NOW - 60, NOW + 3600]);
  const { renewal } = spec;
  assert.ok(renewal);
  const next = decideWith({ ...shortened, entry: { issuedAt: NOW - 1, renewal } });
  assert.equal(next.spec.lifetime.notOnOrAfter, NOW + 100);
});

const broker = { issuer: OWN_ISSUER, id: 'broker' };
const denying = (actor: PartySelector) => ({
  rows: [aPolicyRow({ id: 'deny', effect: 'deny', actor }), aPolicyRow({ grant })],
});

test('Policy: a row that denies one actor leaves the tokens of others, and those without', () => {
  const other = denying({ issuers: ['self'], ids: ['evil'] });
  const elsewhere = aPolicyRow({ effect: 'deny', targets: ['billing'] });
  const ofNobody = { rows: [elsewhere, aPolicyRow({ grant })] };

  for (const inForce of [other, ofNobody])
    assert.equal(decideWith({ token: { actors: [broker] }, rules: inForce }).spec.actors.length, 1);
  assert.equal(decideWith({ rules: denying({ issuers: ['self'] }) }).spec.actors.length, 0);
});

const secret: Confirmation = { method: 'symmetric-key', thumbprint: 'secret-1' };
const kept = {
  method: 'symmetric-key',
  thumbprint: 'secret-1',
  secret: { base64: 'AAAA', sizeBits: 256 },
} as const;
const refused: readonly (readonly [string, Changes, FailureReason])[] = [
  ['a bound token without proof', { token: { confirmation: KEY } }, 'confirmation-missing'],
  [
    'a bound token with proof of another key',
    {
      token: { confirmation: KEY },
      request: { requestor: aRequestor({ confirmation: OTHER_KEY }) },
    },
    'confirmation-missing',
  ],
  [
    'a symmetric key, even when it is proved',
    {
      token: { confirmation: secret },
      request: { requestor: aRequestor({ confirmation: secret }) },
    },
    'renewal-not-possible',
  ],
  ['another kind of key', { request: { confirmation: KEY } }, 'renewal-not-possible'],
  [
    'another secret, for what is no security context',
    {
      token: { confirmation: secret },
      request: {
        requestor: aRequestor({ confirmation: secret }),
        confirmation: { ...secret, secret: { base64: 'AAAA', sizeBits: 256 } },
      },
    },
    'renewal-not-possible',
  ],
  [
    'a secret that nobody can encrypt to its target any more',
    {
      token: { confirmation: secret },
      secret: kept,
      request: { requestor: aRequestor({ confirmation: secret }) },
    },
    'target-not-allowed',
  ],
  ['a foreign token', { token: { trustedIssuer: 'partner' } }, 'renewal-not-possible'],
  [
    'a token that was not renewable',
    { entry: { renewal: undefined as never } },
    'renewal-not-possible',
  ],
  ['the token of another', { entry: { clientId: 'other' } }, 'requestor-not-allowed'],
  [
    'an ended token',
    { token: { lifetime: { notBefore: NOW - 60, notOnOrAfter: NOW } } },
    'renewal-not-possible',
  ],
  ['another type than it has', { request: { requestedType: 'saml1' } }, 'token-type-unsupported'],
  [
    'terms that its request did not ask for',
    { request: { renewal: { afterExpiry: true } } },
    'renewal-not-possible',
  ],
  [
    'a target that it was not for',
    {
      request: { targets: [{ kind: 'audience', value: 'other' }] },
      rules: {
        relyingParties: [aRelyingParty(), aRelyingParty({ id: 'other', audiences: ['other'] })],
      },
    },
    'target-not-allowed',
  ],
  [
    'a target that nobody knows',
    { request: { targets: [{ kind: 'audience', value: 'nobody' }] } },
    'target-unknown',
  ],
  ['a relying party that is gone', { entry: { targets: ['gone'] } }, 'target-unknown'],
  [
    'consent that was withdrawn',
    { rules: { relyingParties: [aRelyingParty({ requestors: [] })] } },
    'target-not-allowed',
  ],
  ['a row that is gone', { rules: { rows: [] } }, 'target-not-allowed'],
  [
    'a row that is for another issuer by now',
    { rules: { rows: [aPolicyRow({ subject: { issuers: ['self'] }, grant })] } },
    'target-not-allowed',
  ],
  [
    'a row that denies',
    { rules: { rows: [aPolicyRow({ grant }), aPolicyRow({ effect: 'deny' })] } },
    'target-not-allowed',
  ],
  [
    'a row without renewal',
    { rules: { rows: [aPolicyRow({ grant: { types: ['jwt'] } })] } },
    'renewal-not-possible',
  ],
  [
    'a type that is not granted any more',
    { rules: { rows: [aPolicyRow({ grant: { ...grant, types: [] } })] } },
    'token-type-unsupported',
  ],
  [
    'impersonation that is not granted any more',
    { rules: { rows: [aPolicyRow({ grant: { ...grant, impersonation: false } })] } },
    'delegation-not-allowed',
  ],
  [
    'delegation that is not granted any more',
    {
      token: { actors: [{ issuer: OWN_ISSUER, id: 'broker' }] },
      rules: { rows: [aPolicyRow({ grant: { ...grant, delegation: false } })] },
    },
    'delegation-not-allowed',
  ],
  [
    'a delegate of the requestor itself where delegation is not granted any more',
    {
      token: { actors: [{ issuer: OWN_ISSUER, id: 'broker' }] },
      entry: { renewal: { ...afterExpiry.renewal, subject: { ...partner, type: 'requestor' } } },
      rules: { rows: [aPolicyRow({ grant: { ...grant, delegation: false } })] },
    },
    'delegation-not-allowed',
  ],
  [
    'a scope that is not granted any more',
    {
      token: { scopes: ['orders.read'] },
      rules: { rows: [aPolicyRow({ grant: { ...grant, scopes: [] } })] },
    },
    'scope-not-allowed',
  ],
  [
    'a bearer where the row wants a key by now',
    { rules: { rows: [aPolicyRow({ grant: { ...grant, senderConstraint: true } })] } },
    'confirmation-missing',
  ],
  [
    'an ended token where the row does not say so any more',
    {
      token: { lifetime: ended },
      entry: afterExpiry,
      rules: rowWith({ ...grant.renewal, afterExpiry: false }),
    },
    'renewal-not-possible',
  ],
  [
    'a chain whose row was shortened to less than it has lasted',
    { entry: { issuedAt: NOW - 60 }, rules: rowWith({ lifetimeSeconds: 60, maxCount: 3 }) },
    'renewal-not-possible',
  ],
  [
    'an actor that a row denies',
    {
      token: { actors: [{ issuer: OWN_ISSUER, id: 'front' }, broker] },
      rules: denying({ issuers: ['self'], ids: ['broker'] }),
    },
    'target-not-allowed',
  ],
  [
    'an actor where a row denies all',
    { token: { actors: [broker] }, rules: denying({ issuers: ['self'] }) },
    'target-not-allowed',
  ],
  [
    'a token about the alice of another where a row names ours',
    {
      entry: {
        renewal: { ...afterExpiry.renewal, subject: { ...partner, trustedIssuer: 'self' } },
      },
      rules: { rows: [aPolicyRow({ grant, subject: { issuers: ['self'], ids: ['alice'] } })] },
    },
    'target-not-allowed',
  ],
  [
    'more actors than the row grants by now',
    {
      token: { actors: [broker] },
      rules: { rows: [aPolicyRow({ grant: { ...grant, maxActors: 0 } })] },
    },
    'delegation-not-allowed',
  ],
  [
    'more actors than are allowed by now',
    { token: { actors: [broker] }, rules: { maxDepth: 0 } },
    'delegation-not-allowed',
  ],
  ['a revoked token', { isRevoked: true }, 'token-revoked'],
  ['a lifetime of nothing', { request: { lifetimeSeconds: 0 } }, 'lifetime-not-possible'],
];

for (const [what, changes, reason] of refused)
  test(`WS-Trust 1.3 §5: refuses ${what}`, () => {
    assert.throws(() => decideWith(changes), refusedAs(reason));
  });

test('WS-Trust 1.3 §5: with the token itself, and its key, comes whom it was issued to by the name of another issuer', () => {
  const token = { id: 'own-token-1', confirmation: KEY };
  const comes = (over: Partial<TokenFacts>, entry: Partial<LedgerEntry> = {}) => {
    const identity = anOwnToken({ type: 'saml2', ...token, ...over });
    const requestor = aRequestor({
      kind: 'principal',
      id: identity.subject.id,
      identity,
      confirmation: identity.confirmation,
    });
    const row = aPolicyRow({ requestors: [], principals: { issuers: ['partner'] }, grant });
    return decideWith({
      token: { ...token, ...over, ...(over.id === undefined ? {} : { id: token.id }) },
      request: { requestor },
      entry: { clientId: 'principal:partner:alice', ...entry },
      rules: { rows: [row] },
    });
  };

  assert.equal(comes({}).spec.clientId, 'principal:partner:alice');
  // E5: a bearer token is in many hands; and another token of theirs is not this one.
  for (const over of [{ confirmation: { method: 'bearer' } as const }, { id: 'own-token-2' }])
    assert.throws(() => comes(over), refusedAs('requestor-not-allowed'));
  // Of whom it is about is not who asked for it.
  for (const clientId of ['principal:self:broker', 'gateway', 'principal:partner:bob'])
    assert.throws(() => comes({}, { clientId }), refusedAs('requestor-not-allowed'));
});
