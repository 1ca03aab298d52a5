// What the sections about clients, relying parties and policy refuse.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stringify } from 'yaml';
import {
  aDocument,
  type Change,
  errorsOf,
  first,
  parseText,
  privateJwks,
  problemsOf,
  publicJwks,
  SECRET,
} from '#test/unit/config/document.ts';
import { party, refuses } from '#test/unit/config/refusals.ts';

const client: (change: Record<string, unknown>) => Change = (change) => (document) => {
  document.clients = [{ ...first(document.clients), ...change }];
};

const row: (change: Record<string, unknown>) => Change = (change) => (document) => {
  document.policy = [{ ...first(document.policy), ...change }];
};

refuses('clients', [
  {
    rule: 'a secret method needs a secret',
    change: client({ client_secret: undefined }),
    errors: ['CONFIG_CONFLICT clients[0]'],
  },
  {
    rule: 'the secret has 32 characters or more',
    change: () => {},
    errors: ['CONFIG_SECRET clients[0].client_secret'],
    world: { env: { GATEWAY_SECRET: SECRET.slice(0, 31) } },
  },
  {
    rule: 'RFC 6749 appendix A.2: the secret is printable ASCII',
    change: () => {},
    errors: ['CONFIG_SECRET clients[0].client_secret'],
    world: { env: { GATEWAY_SECRET: `${SECRET}é` } },
  },
  {
    rule: 'the secret before it has an end',
    change: client({ previous_client_secret: { secret: { env: 'GATEWAY_SECRET' } } }),
    errors: ['CONFIG_MISSING clients[0].previous_client_secret.until'],
  },
  {
    rule: 'the secret before it is held to the same rules',
    change: client({
      previous_client_secret: { secret: { env: 'OLD_SECRET' }, until: '2027-02-01' },
    }),
    errors: ['CONFIG_SECRET clients[0].previous_client_secret.secret'],
    world: { env: { GATEWAY_SECRET: SECRET, OLD_SECRET: 'short' } },
  },
  {
    rule: 'a client without a secret has none before it',
    change: client({
      token_endpoint_auth_method: 'none',
      client_secret: undefined,
      grant_types: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      previous_client_secret: { secret: { env: 'GATEWAY_SECRET' }, until: '2027-02-01' },
    }),
    errors: ['CONFIG_CONFLICT clients[0]'],
  },
  {
    rule: 'an unset variable is told by its name',
    change: client({ client_secret: { env: 'NOWHERE' } }),
    errors: ['CONFIG_SECRET clients[0].client_secret'],
  },
  {
    rule: 'what every object inherits is no variable',
    change: client({ client_secret: { env: '__proto__' } }),
    errors: ['CONFIG_SECRET clients[0].client_secret'],
  },
  {
    rule: 'the secret is never in the file itself',
    change: client({ client_secret: SECRET }),
    errors: ['CONFIG_WRONG_TYPE clients[0].client_secret'],
  },
  {
    rule: 'RFC 6749 §4.4: client_credentials needs authentication',
    change: client({ token_endpoint_auth_method: 'none', client_secret: undefined }),
    errors: ['CONFIG_INSECURE clients[0]'],
  },
  {
    rule: 'private_key_jwt needs keys',
    change: client({ token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined }),
    errors: ['CONFIG_EXACTLY_ONE clients[0]'],
  },
  {
    rule: 'keys without private_key_jwt are not ignored',
    change: client({ jwks_uri: 'https://gateway.example/jwks' }),
    errors: ['CONFIG_CONFLICT clients[0]'],
  },
  {
    rule: 'client_secret_jwt is not offered',
    change: client({ token_endpoint_auth_method: 'client_secret_jwt' }),
    errors: ['CONFIG_INVALID_VALUE clients[0].token_endpoint_auth_method'],
  },
  {
    rule: 'the password grant is not offered',
    change: client({ grant_types: ['password'] }),
    errors: ['CONFIG_INVALID_VALUE clients[0].grant_types[0]'],
  },
  {
    rule: 'RFC 7591 §2: scopes are separated by single spaces',
    change: client({ scope: 'orders.read  orders.write' }),
    errors: ['CONFIG_INVALID_VALUE clients[0].scope'],
  },
  ...['ES512', 'RS384', 'PS512', 'HS256', 'none'].map((algorithm) => ({
    rule: `RFC 7591 §2: no client authenticates by ${algorithm}`,
    change: client({
      token_endpoint_auth_method: 'private_key_jwt',
      client_secret: undefined,
      jwks_uri: 'https://gateway.example/jwks',
      token_endpoint_auth_signing_alg: algorithm,
    }),
    errors: ['CONFIG_INVALID_VALUE clients[0].token_endpoint_auth_signing_alg'],
  })),
  {
    rule: 'references must exist',
    change: client({ represents: ['nobody'], default_target: 'nothing' }),
    errors: [
      'CONFIG_UNKNOWN_REFERENCE clients[0].represents[0]',
      'CONFIG_UNKNOWN_REFERENCE clients[0].default_target',
    ],
  },
  {
    rule: 'no client is called as a subject of a trusted issuer would be',
    change: (document) => {
      const issuer = first(document.trustedIssuers);
      issuer.jwt = { ...issuer.jwt, subjectPrefix: 'gate' };
    },
    errors: ['CONFIG_OVERLAP clients[0].client_id'],
  },
  {
    rule: 'keys of clients are not fetched in clear',
    change: client({
      token_endpoint_auth_method: 'private_key_jwt',
      client_secret: undefined,
      jwks_uri: 'http://localhost/jwks',
    }),
    errors: ['CONFIG_INSECURE clients[0].jwks_uri'],
  },
  {
    rule: 'ids are unique',
    change: (document) => {
      document.clients.push(first(aDocument().clients));
    },
    errors: ['CONFIG_DUPLICATE clients[1].client_id'],
  },
  ...['a b', 'a/b', 'any', '', 'ä'].map((id) => ({
    rule: `refuses the id ${JSON.stringify(id)}`,
    change: (document: ReturnType<typeof aDocument>) => {
      document.clients.push({ ...first(document.clients), client_id: id });
    },
    errors: ['CONFIG_INVALID_VALUE clients[1].client_id'],
  })),
]);

refuses('relyingParties', [
  {
    rule: 'consent has no default',
    change: party({ requestors: undefined }),
    errors: ['CONFIG_MISSING relyingParties[0].requestors'],
  },
  {
    rule: 'consent is for clients that exist',
    change: party({ requestors: ['gateway', 'nobody'] }),
    errors: ['CONFIG_UNKNOWN_REFERENCE relyingParties[0].requestors[1]'],
  },
  ...['https://orders.example/#x', 'orders', '/orders', 'https://a b/'].map((resource) => ({
    rule: `RFC 8707 §2: refuses the resource ${resource}`,
    change: party({ resources: [resource] }),
    errors: ['CONFIG_INVALID_VALUE relyingParties[0].resources[0]'],
  })),
  {
    rule: 'a party has a name',
    change: party({ resources: [] }),
    errors: ['CONFIG_MISSING relyingParties[0]'],
  },
  {
    rule: 'RFC 8725 §3.12: our own issuer is nobody else',
    change: party({ audiences: ['https://sts.example.org'] }),
    errors: ['CONFIG_OVERLAP relyingParties[0]'],
  },
  {
    rule: 'names do not overlap, in no spelling',
    change: (document) => {
      const token = { type: 'jwt' };
      const appliesTo = ['https://orders.example/'];
      document.relyingParties.push({ id: 'other', appliesTo, requestors: 'any', token });
    },
    errors: ['CONFIG_OVERLAP relyingParties[1]'],
  },
  ...[
    'HTTPS://ORDERS.example/',
    'https://orders.example:443/',
    'https://orders.example',
    'https://orders.example/a/../',
    'https://orders.example/%2E/',
    'https://%6frders.example/',
  ].map((resource) => ({
    rule: `names that are one URL do not overlap either: ${resource}`,
    change: (document: ReturnType<typeof aDocument>) => {
      const other = { ...first(document.relyingParties), id: 'other', resources: [resource] };
      document.relyingParties.push(other);
    },
    errors: ['CONFIG_OVERLAP relyingParties[1]'],
  })),
  ...[
    ['https://a.example/%7ex', 'https://a.example/~x'],
    ['https://a.example/%c3%a9', 'https://a.example/%C3%A9'],
    ['https://b\u00fccher.example/', 'https://xn--bcher-kva.example/'],
    ['URN:example:a', 'urn:example:a'],
  ].map(([one, two]) => ({
    rule: `RFC 3986 §6.2.2: ${one} and ${two} are one name`,
    change: (document: ReturnType<typeof aDocument>) => {
      const { resources: _, ...named } = first(document.relyingParties);
      document.relyingParties.push({ ...named, id: 'one', resources: [one] });
      document.relyingParties.push({ ...named, id: 'two', audiences: [two] });
    },
    errors: ['CONFIG_OVERLAP relyingParties[2]'],
  })),
  ...['refresh_token', 'username'].map((type) => ({
    rule: `tokens of type ${type} are not offered`,
    change: party({ token: { type } }),
    errors: ['CONFIG_INVALID_VALUE relyingParties[0].token.type'],
  })),
  {
    rule: 'a lifetime has a ceiling',
    change: party({ token: { type: 'jwt', lifetimeSeconds: 86_401 } }),
    errors: ['CONFIG_OUT_OF_RANGE relyingParties[0].token.lifetimeSeconds'],
  },
  ...['act', 'sub', 'client_id', '__proto__'].map((name) => ({
    rule: `no mapping writes ${name}`,
    change: party({ claims: [{ claim: name, from: 'x' }] }),
    errors: ['CONFIG_INVALID_VALUE relyingParties[0].claims[0].claim'],
  })),
  {
    rule: 'a mapping has one source',
    change: party({ claims: [{ claim: 'a', from: 'x', constant: 'y' }] }),
    errors: ['CONFIG_EXACTLY_ONE relyingParties[0].claims[0]'],
  },
  {
    rule: 'expressions of a mapping are checked',
    change: party({ claims: [{ claim: 'a', cel: 'subject.idd', when: '1' }] }),
    errors: [
      'CONFIG_EXPRESSION relyingParties[0].claims[0].cel',
      'CONFIG_EXPRESSION relyingParties[0].claims[0].when',
    ],
  },
]);

refuses('policy', [
  {
    rule: 'references must exist',
    change: row({ requestor: { client: 'no' }, subject: { issuer: 'nobody' }, target: 'nothing' }),
    errors: [
      'CONFIG_UNKNOWN_REFERENCE policy[0].requestor.client',
      'CONFIG_UNKNOWN_REFERENCE policy[0].subject.issuer',
      'CONFIG_UNKNOWN_REFERENCE policy[0].target',
    ],
  },
  {
    rule: 'a row allows or denies',
    change: row({ deny: true }),
    errors: ['CONFIG_EXACTLY_ONE policy[0]'],
  },
  {
    rule: 'a row says something',
    change: row({ allow: undefined }),
    errors: ['CONFIG_EXACTLY_ONE policy[0]'],
  },
  {
    rule: 'a lifetime is said',
    change: row({ allow: { delegation: true } }),
    errors: ['CONFIG_MISSING policy[0].allow.lifetimeSeconds'],
  },
  {
    rule: 'a scope must be known to the target',
    change: row({ allow: { delegation: true, lifetimeSeconds: 1, scopes: ['orders.write'] } }),
    errors: ['CONFIG_UNKNOWN_REFERENCE policy[0].allow.scopes[0]'],
  },
  {
    rule: 'a row that grants neither permission is a mistake',
    change: row({ allow: { lifetimeSeconds: 1 } }),
    errors: ['CONFIG_NO_EFFECT policy[0].allow'],
  },
  {
    rule: 'requestorAsActor is delegation',
    change: row({ allow: { lifetimeSeconds: 1, impersonation: true, requestorAsActor: true } }),
    errors: ['CONFIG_CONFLICT policy[0].allow'],
  },
  {
    rule: 'a type that the issuer does not have never fits',
    change: row({ subject: { issuer: 'partner', type: 'id_token' } }),
    errors: ['CONFIG_NO_EFFECT policy[0].subject.type'],
  },
  {
    rule: 'only we have requestors',
    change: row({ actor: { issuer: 'partner', type: 'requestor' } }),
    errors: ['CONFIG_NO_EFFECT policy[0].actor.type'],
  },
  {
    rule: 'a condition is bool',
    change: row({ when: 'claims.admin' }),
    errors: ['CONFIG_EXPRESSION policy[0].when'],
  },
]);

it('Configuration: JWK Sets of clients are held to the same rules', async () => {
  const change = client({
    token_endpoint_auth_method: 'private_key_jwt',
    client_secret: undefined,
    jwks: { file: 'gateway.json' },
  });

  assert.deepEqual(await errorsOf(change, { files: { 'gateway.json': privateJwks() } }), [
    'CONFIG_KEY clients[0].jwks.file',
  ]);
  assert.deepEqual(await errorsOf(change, { files: { 'gateway.json': publicJwks() } }), []);
});

for (const [what, members] of [
  ['a kid that is no text', { kid: 7 }],
  ['an empty kid', { kid: '' }],
  ['no alg by null', { alg: null }],
  ['an empty use', { use: '' }],
  ['one certificate in place of a list', { x5c: 'AAAA' }],
  ['an empty certificate', { x5c: [''] }],
] as const)
  it(`RFC 7517 §4: a key of a client with ${what} is told, or no request of it would be answered`, async () => {
    const set = JSON.parse(publicJwks()) as { readonly keys: readonly object[] };
    const change = client({
      token_endpoint_auth_method: 'private_key_jwt',
      client_secret: undefined,
      jwks: { file: 'gateway.json' },
    });
    const files = (more: object) => ({
      files: { 'gateway.json': JSON.stringify({ keys: [{ ...set.keys[0], ...more }] }) },
    });

    assert.deepEqual(await errorsOf(change, files(members)), ['CONFIG_KEY clients[0].jwks.file']);
    assert.deepEqual(await errorsOf(change, files({ use: 'sig', x5c: ['AAAA'] })), []);
  });

it('RFC 3986 §6.2: names that differ as URLs are of different parties, and one party may have several spellings', async () => {
  const names = ['https://a.example/x', 'https://a.example/X', 'http://a.example/x', 'a', 'A'];
  const escaped = ['https://a.example/x%2fy', 'https://a.example/x/y', 'https://a.example/x?'];
  const change: Change = (document) => {
    const { resources: _, ...named } = first(document.relyingParties);
    for (const [index, name] of [...names, ...escaped].entries())
      document.relyingParties.push({ ...named, id: `party-${index}`, audiences: [name] });
    const spellings = ['https://b.example', 'https://b.example/', 'https://B.example:443/'];
    document.relyingParties.push({ ...named, id: 'several', audiences: spellings });
  };

  assert.deepEqual(await errorsOf(change), []);
});

it('a scope that several targets do not know is told of all of them', async () => {
  const document = aDocument();
  const known = first(document.relyingParties);
  document.relyingParties = [
    known,
    { ...known, id: 'two', resources: ['https://two.example/'], audiences: ['two'] },
  ];
  document.policy = [
    {
      ...first(document.policy),
      target: ['orders', 'two'],
      allow: { lifetimeSeconds: 1, impersonation: true, scopes: ['x'] },
    },
  ];

  const problems = await problemsOf(parseText(stringify(document)));

  assert.match(
    problems.map(({ what }) => what).join(),
    /orders has no scope x, two has no scope x/,
  );
});
