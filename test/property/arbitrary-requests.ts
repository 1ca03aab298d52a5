// Policies, and what is asked under them, as fast-check draws them for what explain says of it.
import fc from 'fast-check';
import { GATEWAY_SECRET, ISSUER, ORDERS_SECRET } from '#test/support/server/document.ts';

export const PARTIES = ['orders', 'billing', 'stock'] as const;
export const CLIENTS = { gateway: GATEWAY_SECRET, 'orders-api': ORDERS_SECRET } as const;
const SCOPES = ['a', 'b', 'c'];
export const TYPES = ['access_token', 'jwt', 'id_token', 'refresh_token'] as const;
const NAMES = ['groups', 'level', 'dept', 'http://x.example/Role', 'toString', 'ſ'];
const CONDITIONS = [
  'claims.dept == "sales"',
  '"buyer" in claims.groups',
  'claims.level >= 3',
  'int(claims.level) < 3',
  'actor == null',
  'actor.id == "broker"',
  '"a" in subject.scopes',
  '!has(claims.dept)',
  'claims["http://x.example/Role"] == "x"',
  'has(claims.toString)',
  'requestor.id == "gateway" || target.id == "stock"',
  'double(claims.level) / double(claims.level) > 0.5',
  'claims.exists(name, name.startsWith("d"))',
];
const VALUES = [
  'claims.groups',
  'claims.level + 1',
  'claims.groups.map(g, g.upperAscii())',
  '{"k": claims.level}',
  'subject.id + "@" + target.id',
  'claims.level == 3 ? "gold" : "basic"',
  '[claims.dept]',
  'subject.scopes',
  'actor == null ? "" : actor.id',
];

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const often = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 5 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const condition = seldom(fc.constantFrom(...CONDITIONS));

const rule = fc
  .record({
    claim: fc.constantFrom('roles', 'dept', 'toString', 'http://x.example/Role', 'Roles'),
    source: fc.oneof(
      fc.constantFrom(...NAMES).map((from) => ({ from })),
      fc
        .constantFrom<string | number | boolean>('', 'x', 0, true)
        .map((constant) => ({ constant })),
      fc.constantFrom(...VALUES).map((cel) => ({ cel })),
    ),
    multiple: fc.constantFrom(true, true, false),
    required: fc.constantFrom(false, false, false, true),
    only: seldom(some<string | number>(['buyer', 'sales', 3])),
    when: condition,
  })
  .map(({ source, ...rest }) => ({ ...rest, ...source }));
const mapping = fc.array(rule, { maxLength: 2 });

const allow = fc
  .record({
    types: fc.subarray([...TYPES]),
    scopes: some(SCOPES),
    scopeMode: fc.constantFrom('intersect-subject', 'mapped', 'intersect-client'),
    lifetimeSeconds: fc.constantFrom(30, 200, 900),
    impersonation: fc.constantFrom(true, true, true, false),
    delegation: fc.constantFrom(true, true, true, false),
    requestorAsActor: fc.constantFrom(false, false, true),
    maxActors: seldom(fc.integer({ min: 1, max: 3 })),
    singleUse: fc.constantFrom(false, false, false, false, true),
    senderConstraint: fc.constantFrom(...Array.from({ length: 9 }, () => false), true),
    renewal: fc.constant({ lifetimeSeconds: 3600, maxCount: 3 }),
    claims: mapping,
  })
  .map(({ delegation, impersonation, requestorAsActor, ...rest }) => ({
    ...rest,
    requestorAsActor,
    impersonation: impersonation || !delegation,
    delegation: delegation || requestorAsActor,
  }));

const IDS = ['alice', 'broker', 'partner:alice', 'gateway', 'bare-alice'];
const ANYBODY = ['partner', 'bare', 'self'];
const selector = fc
  .record({
    issuer: fc.oneof({ weight: 3, arbitrary: fc.constant(ANYBODY) }, some(ANYBODY)),
    type: seldom(some(['jwt', 'access_token', 'id_token', 'requestor'])),
    id: seldom(some(IDS)),
  })
  // Others have no tokens of all types.
  .map(({ type, ...rest }) => (type ? { ...rest, issuer: ['self'], type } : rest));
const row = fc.record({
  requestor: some(Object.keys(CLIENTS)).map((client) => ({ client })),
  subject: selector,
  actor: seldom(selector),
  target: some(PARTIES),
  when: condition,
  effect: fc.oneof(
    { weight: 6, arbitrary: allow },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
});

const party = fc.record({
  audience: seldom(fc.constant('urn:own-name')),
  requestors: fc.oneof(
    { weight: 4, arbitrary: fc.constant('any' as const) },
    some(Object.keys(CLIENTS)),
  ),
  type: fc.constantFrom('access_token', 'access_token', 'jwt', 'id_token'),
  algorithm: fc.constantFrom('ES256', 'ES256', 'RS256'),
  lifetimeSeconds: fc.constantFrom(60, 600),
  scopes: fc.constantFrom(SCOPES, SCOPES, ['a', 'b', 'c', 'd']),
  claims: mapping,
});

const client = fc.record({
  scope: seldom(some(SCOPES).map((names) => names.join(' '))),
  represents: fc.subarray([...PARTIES]),
  default_target: seldom(fc.constantFrom(...PARTIES)),
  lacks: fc.constantFrom(
    ...Array.from({ length: 8 }, () => 'refresh_token'),
    'client_credentials',
    'urn:',
  ),
});

export const policy = fc.record({
  rows: fc.array(row, { minLength: 3, maxLength: 8 }),
  parties: fc.tuple(party, party, party),
  clients: fc.tuple(client, client),
  delegation: fc.record({ maxDepth: fc.constantFrom(1, 3, 5, 8), selfDelegation: fc.boolean() }),
});
export type Policy = typeof policy extends fc.Arbitrary<infer T> ? T : never;

const value = fc.constantFrom<unknown>(
  'buyer',
  ['buyer', 'staff'],
  [],
  [['a', 'b']],
  [null],
  null,
  '',
  ' ',
  3,
  2.5,
  0,
  '3',
  'sales',
  { k: 'v' },
  ['x', 1, true],
  'Ünïcødé\u202e',
  false,
);
const act = fc.constantFrom<unknown>(
  ...Array.from({ length: 20 }, () => undefined),
  { sub: 'portal' },
  { sub: 'alice' },
  { iss: ISSUER, sub: 'gateway' },
  { sub: 'a', act: { sub: 'b', client_id: 'c' } },
  { iss: 'https://bare.example', sub: 'alice' },
);
const token = fc.record({
  issuer: fc.constantFrom('partner', 'partner', 'bare', 'bare-named'),
  sub: fc.constantFrom('alice', 'alice', 'broker', 'gateway', ' alice', 'partner:alice'),
  scope: fc.constantFrom<unknown>(undefined, 'a', 'a b', 'a b c', 'a b c', ['a', 'b'], ''),
  claims: fc.dictionary(fc.constantFrom(...NAMES, 'Dept', 'constructor'), value, { maxKeys: 5 }),
  act,
  may_act: seldom(
    fc.constantFrom<unknown>(
      ...Array.from({ length: 12 }, () => undefined),
      { sub: 'broker' },
      { client_id: 'gateway' },
      { iss: ISSUER },
      {},
    ),
  ),
  exp: fc.constantFrom(...Array.from({ length: 18 }, () => 1800), 100, -2000),
});
export const asked = fc.record({
  client: fc.constantFrom<keyof typeof CLIENTS>('gateway', 'gateway', 'orders-api'),
  subject: often(token),
  actor: seldom(token),
  resources: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PARTIES).map((one) => [one]) },
    fc.subarray([...PARTIES], { maxLength: 2 }),
  ),
  audiences: fc.oneof(
    { weight: 6, arbitrary: fc.constant<string[]>([]) },
    some([...PARTIES, 'nobody', 'urn:own-name']),
  ),
  requested: seldom(fc.constantFrom(...TYPES)),
  scopes: seldom(seldom(some([...SCOPES, 'd'])).map((names) => names ?? ['a'])),
  /** The answer is the evidence of one more request, by the other client. */
  again: fc.boolean(),
});
export type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;
export type Token = typeof token extends fc.Arbitrary<infer T> ? T : never;
