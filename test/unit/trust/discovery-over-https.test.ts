import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { discoverJwks } from '#src/trust/discovery.ts';
import { createFetchText } from '#src/trust/fetch-text.ts';
import { createIssuerKeys } from '#src/trust/issuer-keys.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aForeignIssuer } from '#test/support/jwt/jwt.ts';
import { trustIn, validating } from '#test/support/jwt/jwt-terms.ts';
import { startHttpsServer } from '#test/support/server/https-server.ts';

/** An issuer with metadata and keys on a real server; `jwksUri` may lead elsewhere. */
async function aPublishedIssuer(context: TestContext, jwksUri?: string) {
  const documents = new Map<string, object>();
  const server = await startHttpsServer(context, (request, response) => {
    const document = documents.get(request.url ?? '');
    response.statusCode = document ? 200 : 404;
    response.end(JSON.stringify(document ?? {}));
  });
  const partner = await aForeignIssuer({ issuer: server.origin });
  const metadata = { issuer: server.origin, jwks_uri: jwksUri ?? `${server.origin}/keys` };
  documents.set('/.well-known/oauth-authorization-server', metadata);
  documents.set('/keys', { keys: [partner.publicJwk] });
  const source = createIssuerKeys(
    { id: 'partner', issuer: server.origin, keys: { kind: 'discovery' } },
    {
      fetchText: createFetchText({
        allowedHosts: [`localhost:${server.port}`],
        timeoutSeconds: 60,
        maxBodyBytes: 65_536,
        certificateAuthorities: [server.certificate],
      }),
      clock: fakeClock(),
      settings: { refetchSeconds: 30, staleSeconds: 3600, defaultFreshSeconds: 600 },
      onFailure: () => undefined,
    },
  );
  const terms = trustIn(partner, { verificationKey: (wanted) => source.verificationKey(wanted) });
  return { partner, server, validate: validating({ trusted: [terms] }) };
}

test('RFC 8414 §3: a token of an issuer found by discovery over TLS is validated', async (context) => {
  const { partner, server, validate } = await aPublishedIssuer(context);

  assert.equal((await validate(partner.sign())).subject.id, 'alice');
  await validate(partner.sign());

  assert.deepEqual(server.requests, [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/keys',
  ]);
});

test('SSRF: metadata that points to a private address yields no keys', async (context) => {
  const { partner, validate } = await aPublishedIssuer(context, 'https://169.254.169.254/keys');

  await assert.rejects(validate(partner.sign()), { reason: 'dependency-unavailable' });
});

test('RFC 8414 §3: keys are not taken from who cannot prove to be the host, whatever the environment says', async (context) => {
  const server = await startHttpsServer(context, (_request, response) => response.end('{}'));
  const unproven = 'NODE_TLS_REJECT_UNAUTHORIZED';
  process.env[unproven] = '0';
  context.after(() => delete process.env[unproven]);
  const fetchText = createFetchText({
    allowedHosts: ['localhost'],
    timeoutSeconds: 60,
    maxBodyBytes: 1000,
  });

  await assert.rejects(fetchText(`${server.origin}/keys`), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });

  assert.deepEqual(server.requests, []);
});

/** In these tests 127.0.0.1 is the internet. Whoever is looked up as `localhost` is inside, and allowed. */
async function discovering(context: TestContext, host: 'keys.example' | 'localhost') {
  const inside = await startHttpsServer(context, (_, response) => response.end('{"keys":[]}'));
  const issuer = await startHttpsServer(context, (_, response) => response.end(metadata));
  const origin = `https://${host}:${issuer.port}`;
  const metadata = JSON.stringify({ issuer: origin, jwks_uri: `${inside.origin}/keys` });
  const fetchText = createFetchText({
    allowedHosts: ['localhost'],
    timeoutSeconds: 60,
    maxBodyBytes: 65_536,
    certificateAuthorities: [inside.certificate, issuer.certificate],
    resolveHost: async (name) => [
      { address: name === 'localhost' ? '127.0.0.2' : '127.0.0.1', family: 4 },
    ],
    guard: { isPublic: (address) => address === '127.0.0.1' },
  });
  return { inside, found: discoverJwks(origin, fetchText) };
}

test('SSRF: metadata of an issuer that is outside leads to no host that is allowed inside', async (context) => {
  const { found, inside } = await discovering(context, 'keys.example');

  await assert.rejects(found, /not on a public address/);

  assert.deepEqual(inside.requests, []);
});

test('RFC 8414 §3: metadata of an issuer that is inside may lead to another host there', async (context) => {
  const { found, inside } = await discovering(context, 'localhost');

  assert.equal((await found).text, '{"keys":[]}');
  assert.deepEqual(inside.requests, ['/keys']);
});
