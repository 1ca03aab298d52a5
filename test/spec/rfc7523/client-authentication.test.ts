// RFC 7523 §2.2 and rfc7523bis: private_key_jwt with the issuer as its only audience; and the other methods.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { clientFields } from '#src/config/sections/clients.ts';
import {
  GATEWAY_BASIC,
  GATEWAY_SECRET,
  ISSUER,
  JWT_BEARER,
  withPublicClient,
} from '#test/support/server/document.ts';
import {
  ASSERTION_TYPE,
  authenticate,
  startWithKeyClient,
} from '#test/support/server/key-client.ts';
import { type Members, startServer, type TestServer } from '#test/support/server/server.ts';
import { loseStore } from '#test/support/store/lost-store.ts';

const CLOCK_SKEW_SECONDS = 60;
test('rfc7523bis §4: accepts a client assertion whose only audience is the issuer, as text or list of one', async (t) => {
  const { server, sign } = await startWithKeyClient(t);

  const answers = [
    await authenticate(server, await sign()),
    await authenticate(server, await sign({ aud: [ISSUER] }, { typ: 'client-authentication+jwt' })),
  ];

  for (const { status, text } of answers) assert.equal(status, 200, text);
});

const now = (): number => Math.floor(Date.now() / 1000);

const REFUSED: readonly (readonly [title: string, claims: () => Members, header?: Members])[] = [
  ['for the token endpoint', () => ({ aud: `${ISSUER}/token` })],
  ['for several audiences', () => ({ aud: [ISSUER, 'https://elsewhere.example'] })],
  ['without jti', () => ({ jti: undefined })],
  ['without exp', () => ({ exp: undefined })],
  ['that is expired', () => ({ exp: now() - 300 })],
  ['that lives longer than five minutes', () => ({ exp: now() + 3000 })],
  ['with exp 1e18', () => ({ exp: 1e18 })],
  ['of another type', () => ({}), { typ: 'at+jwt' }],
  ['whose issuer is not the client', () => ({ iss: 'other' })],
  ['signed by a key that is not published', () => ({}), { kid: 'other-key' }],
];

for (const [title, claims, header] of REFUSED) {
  test(`rfc7523bis §4: refuses a client assertion ${title}`, async (t) => {
    const { server, sign } = await startWithKeyClient(t);

    const { status, body, headers } = await authenticate(
      server,
      await sign(claims(), { ...header }),
    );

    assert.equal(status, 401);
    assert.deepEqual(body, {
      error: 'invalid_client',
      error_description: 'client authentication failed',
    });
    assert.equal(headers.get('www-authenticate'), null);
    const last = (await server.auditRecords()).at(-1);
    assert.equal(last?.['reason'], 'requestor-unauthenticated');
  });
}

for (const type of [undefined, 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer', 'urn:x'])
  test(`RFC 7523 §2.2: refuses a client assertion of type ${String(type)}`, async (t) => {
    const { server, sign } = await startWithKeyClient(t);
    const form = { grant_type: 'client_credentials', client_assertion: await sign() };

    const { status, body } = await server.post(
      '/token',
      { ...form, client_assertion_type: type },
      { as: null },
    );

    assert.ok([400, 401].includes(status), String(status));
    assert.match(String(body['error']), /^invalid_(?:client|request)$/);
  });

test('RFC 7523 §2.2: refuses two JWTs in one client assertion, and two client assertions', async (t) => {
  const { server, sign } = await startWithKeyClient(t);
  const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE };
  const [first, second] = [await sign(), await sign()];

  const joined = await server.post(
    '/token',
    { ...form, client_assertion: `${first} ${second}` },
    { as: null },
  );
  const repeated = await server.post(
    '/token',
    { ...form, client_assertion: [first, second] },
    { as: null },
  );

  for (const { status, body } of [joined, repeated]) {
    assert.ok([400, 401].includes(status), String(status));
    assert.equal(body['access_token'], undefined);
  }
});

test('RFC 7521 §4.2: refuses a client assertion beside a client_id that names another client', async (t) => {
  const { server, sign } = await startWithKeyClient(t);
  const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE };

  const named = await server.post(
    '/token',
    { ...form, client_id: 'worker', client_assertion: await sign() },
    { as: null },
  );
  const misnamed = await server.post(
    '/token',
    { ...form, client_id: 'gateway', client_assertion: await sign() },
    { as: null },
  );

  assert.equal(named.status, 200, named.text);
  assert.equal(misnamed.status, 400);
  assert.equal(misnamed.body['error'], 'invalid_request');
});

for (const typ of [
  undefined,
  'JWT',
  'jwt',
  'client-authentication+jwt',
  'application/Client-Authentication+JWT',
])
  test(`RFC 8725 §3.11: takes a client assertion of the type ${typ}`, async (t) => {
    const { server, sign } = await startWithKeyClient(t);

    const { status, text } = await authenticate(server, await sign({}, { typ }));

    assert.equal(status, 200, text);
  });

for (const [legacy_client_assertion, seconds] of [
  [false, 300],
  [true, 3600],
] as const)
  test(`RFC 7523 §3: a client assertion lives ${seconds} seconds at most, legacy: ${legacy_client_assertion}`, async (t) => {
    const { server, sign } = await startWithKeyClient(t, { legacy_client_assertion });
    const end = server.clock.now() + seconds;

    const longest = await authenticate(server, await sign({ exp: end }));
    const longer = await authenticate(server, await sign({ exp: end + 1 }));

    assert.equal(longest.status, 200, longest.text);
    assert.deepEqual([longer.status, longer.body['error']], [401, 'invalid_client']);
  });

test('RFC 7523 §3: a client assertion of the future is refused, beyond what clocks differ', async (t) => {
  const { server, sign } = await startWithKeyClient(t);
  const skewed = server.clock.now() + CLOCK_SKEW_SECONDS;

  const early = await authenticate(server, await sign({ iat: skewed, exp: skewed + 60 }));
  const earlier = await authenticate(server, await sign({ iat: skewed + 1, exp: skewed + 60 }));

  assert.equal(early.status, 200, early.text);
  assert.deepEqual([earlier.status, earlier.body['error']], [401, 'invalid_client']);
});

test('rfc7523bis §4: the legacy switch accepts the token endpoint as audience and an hour of life', async (t) => {
  const { server, sign } = await startWithKeyClient(t, { legacy_client_assertion: true });

  const { status, text } = await authenticate(
    server,
    await sign({ aud: `${ISSUER}/token`, exp: now() + 3000 }),
  );

  assert.equal(status, 200, text);
});

test('Host pinning: a client assertion for another host is refused, whatever the Host header says', async (t) => {
  const { server, sign } = await startWithKeyClient(t, { legacy_client_assertion: true });
  const client_assertion = await sign({ aud: 'https://evil.example/token' });

  const { status } = await server.post(
    '/token',
    { grant_type: 'client_credentials', client_assertion, client_assertion_type: ASSERTION_TYPE },
    {
      as: null,
      headers: {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
      },
    },
  );

  assert.equal(status, 401);
});

test('RFC 7523 §3: a client assertion is used up: of 50 in parallel exactly one is accepted', async (t) => {
  const { server, sign } = await startWithKeyClient(t);
  const assertion = await sign();

  const answers = await Promise.all(
    Array.from({ length: 50 }, () => authenticate(server, assertion)),
  );

  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(
    answers.filter(({ status, body }) => status === 401 && body['error'] === 'invalid_client')
      .length,
    49,
  );
});

test('RFC 7523 §3: the jti of one client uses up none of another', async (t) => {
  const { server, sign } = await startWithKeyClient(t);
  const jti = randomUUID();
  const second = { iss: 'second-worker', sub: 'second-worker' };

  const first = await authenticate(server, await sign({ jti }));
  const other = await authenticate(server, await sign({ jti, ...second }));
  const again = await authenticate(server, await sign({ jti, ...second }));

  assert.equal(first.status, 200, first.text);
  // It is authenticated; that no policy row names it is another matter.
  assert.equal(other.body['error'], 'invalid_target', other.text);
  assert.equal(again.body['error'], 'invalid_client');
});

/** A client whose assertions are grants as well: it is a trusted issuer by the same name and key. */
async function startWithKeyIssuer(t: TestContext) {
  return startWithKeyClient(t, {}, (document) => {
    const jwt = {
      jwks: { file: 'worker.jwks.json' },
      algorithms: ['ES256'],
      audiences: [ISSUER],
    };
    const name = { issuer: 'urn:worker', aliases: ['worker'] };
    document.trustedIssuers.push({ id: 'worker-itself', ...name, jwt });
    const subject = { issuer: ['partner', 'worker-itself'] };
    document.policy[0] = { ...document.policy[0], subject };
  });
}

const redeem = (server: TestServer, assertion: string) =>
  server.post('/token', { grant_type: JWT_BEARER, assertion });

test('RFC 7523 §3: a JWT that has authenticated a client is no grant any more, nor the reverse', async (t) => {
  const { server, sign } = await startWithKeyIssuer(t);
  const [shown, redeemed] = [await sign(), await sign()];

  const authenticated = await authenticate(server, shown);
  const granted = await redeem(server, redeemed);
  const grantAfter = await redeem(server, shown);
  const authenticatedAfter = await authenticate(server, redeemed);

  assert.equal(authenticated.status, 200, authenticated.text);
  assert.equal(granted.status, 200, granted.text);
  assert.equal(grantAfter.body['error'], 'invalid_grant', grantAfter.text);
  assert.equal(authenticatedAfter.body['error'], 'invalid_client', authenticatedAfter.text);
});

const credentials = { grant_type: 'client_credentials' };
const basic = (text: string): string => `Basic ${btoa(text)}`;

test('RFC 6749 §2.3.1: a wrong secret gets 401 with WWW-Authenticate where the header was used', async (t) => {
  const server = await startServer(t);

  const { status, body, headers } = await server.post('/token', credentials, {
    as: ['gateway', 'wrong'],
  });

  assert.equal(status, 401);
  assert.equal(body['error'], 'invalid_client');
  assert.match(headers.get('www-authenticate') ?? '', /^Basic /);
});

test('RFC 6749 §2.3.1: an unknown client and a wrong secret get the same answer', async (t) => {
  const server = await startServer(t);

  const unknown = await server.post('/token', credentials, { as: ['nobody', GATEWAY_SECRET] });
  const wrong = await server.post('/token', credentials, { as: ['gateway', 'wrong'] });

  assert.deepEqual(unknown.body, wrong.body);
  assert.equal(unknown.status, wrong.status);
});

test('RFC 6749 §5.2: no client authentication at all is a clean invalid_client without a challenge', async (t) => {
  const server = await startServer(t);

  const { status, body, headers } = await server.post('/token', credentials, { as: null });

  assert.equal(status, 401);
  assert.equal(body['error'], 'invalid_client');
  assert.equal(headers.get('www-authenticate'), null);
});

test('RFC 6749 §2.3: two ways of client authentication at once are refused', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.post('/token', {
    ...credentials,
    client_secret: GATEWAY_SECRET,
  });

  assert.equal(status, 400);
  assert.equal(body['error'], 'invalid_request');
});

for (const [what, authorization] of [
  ['a Basic secret in raw Latin-1', basic('gateway:p\xe4ssw\xf6rd')],
  ['a Basic name in raw Latin-1', basic('g\xe4teway:x')],
  ['a Basic secret with a stray percent sign', basic('gateway:%')],
  ['Basic without a colon', basic('gateway')],
  ['Basic with nothing', 'Basic'],
  ['Basic with an empty secret', basic('gateway:')],
  ['Basic with an empty name', basic(`:${GATEWAY_SECRET}`)],
  ['Basic whose base64 has too much padding', `${basic(`gateway:${GATEWAY_SECRET}x`)}=`],
  ['Basic that is followed by something', `${basic(`gateway:${GATEWAY_SECRET}`)} x`],
  ['a bearer token', 'Bearer a.b.c'],
  ['a scheme that nobody knows', `Negotiate ${btoa('gateway:x')}`],
] as const)
  test(`RFC 6749 §5.2: ${what} authenticates no client: 401 with a challenge, never 500`, async (t) => {
    const server = await startServer(t);

    const { status, body, headers } = await server.post('/token', credentials, {
      as: null,
      headers: { authorization },
    });

    assert.deepEqual([status, body['error']], [401, 'invalid_client']);
    assert.equal(headers.get('www-authenticate'), `Basic realm="${ISSUER}"`);
  });

for (const [what, authorization] of [
  ['several spaces behind the scheme', GATEWAY_BASIC.replace(' ', '   ')],
  ['the scheme in capitals', GATEWAY_BASIC.replace('Basic', 'BASIC')],
  ['no padding', GATEWAY_BASIC.replace(/=+$/, '')],
] as const)
  test(`RFC 9110 §11.4: Basic with ${what} is Basic`, async (t) => {
    const server = await startServer(t);

    const { status, text } = await server.post('/token', credentials, {
      as: null,
      headers: { authorization },
    });

    assert.equal(status, 200, text);
  });

test('RFC 6749 §3.2: an empty client_id is none', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.post(
    '/token',
    { ...credentials, client_id: '', client_assertion: '' },
    { as: null },
  );

  assert.deepEqual([status, body['error']], [401, 'invalid_client']);
});

test('RFC 7591 §2: a client that names its algorithm authenticates by no other', async (t) => {
  const named = { token_endpoint_auth_signing_alg: 'ES256' };
  const other = { token_endpoint_auth_signing_alg: 'ES384' };
  const statusWith = async (client: object) => {
    const { server, sign } = await startWithKeyClient(t, client);
    return (await authenticate(server, await sign())).status;
  };

  assert.deepEqual([await statusWith(named), await statusWith(other)], [200, 401]);
});

test('RFC 8414 §2: every algorithm that the metadata names for clients may be that of one, and there is no other', async (t) => {
  const server = await startServer(t);
  const { body } = await server.get('/.well-known/oauth-authorization-server');

  const named = body['token_endpoint_auth_signing_alg_values_supported'];

  assert.deepEqual(named, clientFields.shape.token_endpoint_auth_signing_alg.unwrap().options);
});

test('RFC 7591 §2: a client gets the scopes that it has, where a row says so', async (t) => {
  const server = await startServer(t, ({ clients, policy, relyingParties }) => {
    const scopes = ['orders.read', 'orders.write', 'orders.delete'];
    Object.assign(clients[0] ?? {}, { scope: 'orders.write orders.read' });
    Object.assign(relyingParties[0] ?? {}, { scopes });
    Object.assign(policy[1]?.['allow'] ?? {}, { scopes, scopeMode: 'intersect-client' });
  });

  const { body } = await server.post('/token', credentials);

  assert.equal(body['scope'], 'orders.read orders.write');
});

test('Policy: a public client may exchange where a row names it, and only by its id', async (t) => {
  const server = await startServer(t, withPublicClient);

  const accepted = await server.exchange({ client_id: 'public' }, { as: null });
  const refused = await server.exchange({ client_id: 'gateway' }, { as: null });

  assert.equal(accepted.status, 200, accepted.text);
  assert.equal(refused.status, 401);
});

test('Store: a used client assertion does not come back to life with a new store; one made since is served', async (t) => {
  const { server, sign } = await startWithKeyClient(t);
  const assertion = await sign();
  const first = await authenticate(server, assertion);

  const restarted = await loseStore(server);
  const again = await authenticate(restarted, assertion);
  const fresh = await authenticate(restarted, await sign({ iat: restarted.clock.now() }));

  assert.equal(first.status, 200, first.text);
  assert.equal(again.status, 503, again.text);
  assert.equal(again.body['error'], 'temporarily_unavailable');
  assert.equal(again.headers.get('retry-after'), '1');
  assert.equal(fresh.status, 200, fresh.text);
});

for (const [what, iat] of [
  ['without iat', undefined],
  ['whose iat is that of all before it', 1_700_000_000],
] as const)
  test(`Store: a client assertion ${what} is closed as long as it could have been taken before the store began`, async (t) => {
    const { server, sign } = await startWithKeyClient(t);
    const began = server.clock.now();
    server.clock.advance(20);

    const early = await authenticate(server, await sign({ iat, exp: began + 299 }));
    const late = await authenticate(server, await sign({ iat, exp: began + 300 }));

    assert.equal(early.status, 503, early.text);
    assert.equal(late.status, 200, late.text);
  });

test('Store: a client assertion without iat is served where it could not be taken before the store began', async (t) => {
  const { server, sign } = await startWithKeyClient(t, { legacy_client_assertion: true });
  const began = server.clock.now();
  const nbf = began + CLOCK_SKEW_SECONDS;

  const early = await authenticate(server, await sign({ iat: undefined, nbf: nbf - 1 }));
  const late = await authenticate(server, await sign({ iat: undefined, nbf }));

  assert.equal(early.status, 503, early.text);
  assert.equal(late.status, 200, late.text);
});
