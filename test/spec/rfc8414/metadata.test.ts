// RFC 8414 and OIDC Discovery: where we are and what we do, and that the Host header has no say in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ISSUER,
  JWT_BEARER,
  TOKEN_EXCHANGE,
  withPublicClient,
} from '#test/support/server/document.ts';
import { startServer } from '#test/support/server/server.ts';

const WELL_KNOWN = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

test('RFC 8414 §3: both well-known addresses serve the same document, cacheable, with the issuer as configured', async (t) => {
  const server = await startServer(t);

  const [oauth, openid] = [
    await server.get(WELL_KNOWN[0] ?? ''),
    await server.get(WELL_KNOWN[1] ?? ''),
  ];

  assert.equal(oauth.status, 200);
  assert.deepEqual(oauth.body, openid.body);
  assert.equal(oauth.body['issuer'], ISSUER);
  assert.match(oauth.headers.get('cache-control') ?? '', /max-age=\d+/);
});

test('RFC 8414 §2: names all grants, endpoints and client authentication methods', async (t) => {
  const server = await startServer(t);

  const { body } = await server.get(WELL_KNOWN[0] ?? '');

  const grants = body['grant_types_supported'] as string[];
  for (const grant of ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER])
    assert.ok(grants.includes(grant), grant);
  assert.equal(grants.includes('implicit'), false);
  assert.equal(body['token_endpoint'], `${ISSUER}/token`);
  assert.equal(body['jwks_uri'], `${ISSUER}/jwks`);
  assert.equal(body['introspection_endpoint'], `${ISSUER}/introspect`);
  assert.equal(body['revocation_endpoint'], `${ISSUER}/revoke`);
  assert.equal(typeof body['authorization_endpoint'], 'string');
  assert.deepEqual(body['subject_types_supported'], ['public']);
  assert.ok(
    (body['introspection_endpoint_auth_methods_supported'] as string[]).includes('private_key_jwt'),
  );
});

test('RFC 8414 §2, OIDC Discovery §3: says nothing of a login, which is not here, but what must be there', async (t) => {
  const server = await startServer(t);

  const { body } = await server.get(WELL_KNOWN[1] ?? '');

  const ofLogin = Object.keys(body).filter((name) =>
    /^(?:response_modes|claims|scopes|acr_values|code_challenge_methods)_supported$|^authorization_response_/.test(
      name,
    ),
  );
  assert.deepEqual(ofLogin, []);
  for (const required of [
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
  ])
    assert.ok(required in body, required);
  assert.deepEqual(body['response_types_supported'], ['code']);
  // Left out, it would be true.
  assert.equal(body['request_uri_parameter_supported'], false);
});

test('RFC 8414 §2: names the algorithms of client assertions at each endpoint, RS256 among them and none never', async (t) => {
  const server = await startServer(t);

  const { body } = await server.get(WELL_KNOWN[0] ?? '');

  for (const endpoint of ['token', 'introspection', 'revocation']) {
    const algorithms = body[`${endpoint}_endpoint_auth_signing_alg_values_supported`] as string[];
    assert.ok(algorithms.includes('RS256'), endpoint);
    assert.equal(algorithms.includes('none'), false);
    assert.equal(
      algorithms.some((algorithm) => algorithm.startsWith('HS')),
      false,
    );
  }
});

test('RFC 8414 §2: names the method none where a client that only names itself is heard, and nowhere else', async (t) => {
  const server = await startServer(t, withPublicClient);
  const { body } = await server.get(WELL_KNOWN[0] ?? '');
  const exchanged = await server.exchange({ client_id: 'public' }, { as: null });
  const form = { client_id: 'public', token: String(exchanged.body['access_token']) };

  const heard = {
    token: exchanged.status === 200,
    introspection: (await server.post('/introspect', form, { as: null })).status === 200,
    revocation: (await server.post('/revoke', form, { as: null })).status === 200,
  };

  for (const [endpoint, isHeard] of Object.entries(heard)) {
    const methods = body[`${endpoint}_endpoint_auth_methods_supported`] as string[];
    assert.equal(methods.includes('none'), isHeard, endpoint);
  }
  assert.deepEqual(heard, { token: true, introspection: false, revocation: true });
});

test('RFC 8414 §3.2: what there is none of is left out: no list is empty and no member is null', async (t) => {
  const server = await startServer(t);

  const { body, headers, status } = await server.get(WELL_KNOWN[0] ?? '');

  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  const empty = Object.entries(body).filter(
    ([, value]) => value === null || (Array.isArray(value) && value.length === 0),
  );
  assert.deepEqual(empty, []);
});

test('Host pinning: a spoofed Host or X-Forwarded-Host changes no published address', async (t) => {
  const server = await startServer(t);

  const { text } = await server.get(WELL_KNOWN[0] ?? '', {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
  });

  assert.equal(text.includes('evil.example'), false);
  assert.equal(text.includes('http://'), false);
});

test('RFC 7517 §5: the key set holds public members only and is cacheable', async (t) => {
  const server = await startServer(t);

  const { body, headers } = await server.get('/jwks');

  const keys = body['keys'] as Record<string, unknown>[];
  assert.equal(keys.length, 2);
  for (const key of keys)
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'])
      assert.equal(member in key, false);
  assert.match(headers.get('cache-control') ?? '', /max-age=\d+/);
});

test('RFC 9111 §4.1: what a cache may keep of metadata and keys is the same for every page that asks', async (t) => {
  const server = await startServer(t);

  for (const path of [...WELL_KNOWN, '/jwks']) {
    const told = [];
    for (const asking of [{}, { origin: 'https://page.example' }]) {
      const { headers } = await server.get(path, asking);
      told.push([headers.get('access-control-allow-origin'), headers.get('vary')]);
    }

    assert.deepEqual(told, [
      ['*', null],
      ['*', null],
    ]);
  }
});

test('Discovery: an unknown address is a 404 in JSON, never a redirect or a page', async (t) => {
  const server = await startServer(t);

  for (const path of [
    '/',
    '/.well-known/openid-configuration/tenant',
    '/userinfo',
    '/reg',
    '/session/end',
    '/%2e%2e/etc',
  ]) {
    const { status, headers } = await server.get(path);
    assert.equal(status, 404, path);
    assert.match(headers.get('content-type') ?? '', /json/);
  }
});

test('RFC 8414 §3.1: an issuer with a path is served at both forms of the well-known address', async (t) => {
  const server = await startServer(t, (document) => {
    document['issuer'] = `${ISSUER}/tenant`;
    Object.assign(document.trustedIssuers[0]?.['jwt'] ?? {}, { audiences: [`${ISSUER}/tenant`] });
  });

  const inserted = await server.get('/.well-known/oauth-authorization-server/tenant');
  const appended = await server.get('/tenant/.well-known/openid-configuration');
  const bare = await fetch(`${server.url}/.well-known/oauth-authorization-server`);

  assert.equal(inserted.body['token_endpoint'], `${ISSUER}/tenant/token`);
  assert.deepEqual(inserted.body, appended.body);
  assert.equal(bare.status, 404);
  const { status } = await server.post('/tenant/token', { grant_type: 'client_credentials' });
  assert.equal(status, 200);
});
