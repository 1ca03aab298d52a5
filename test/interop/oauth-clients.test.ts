// Clients that nobody here wrote: discovery, token exchange, client credentials, introspection and revocation.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { GATEWAY_SECRET, JWT_TYPE, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

/** A server that is reached under its issuer name: real clients compare the two. */
async function startUnderIssuer(t: TestContext): Promise<{ server: TestServer; issuer: string }> {
  const port = await reservedPort();
  const issuer = `http://127.0.0.1:${port}`;
  const server = await startServer(t, (document, _, clock) => {
    clock.set(Math.floor(Date.now() / 1000));
    document['issuer'] = issuer;
    document['listeners'] = {
      public: { address: `127.0.0.1:${port}` },
      management: { address: '127.0.0.1:0' },
    };
    Object.assign(document.trustedIssuers[0]?.['jwt'] ?? {}, { audiences: [issuer] });
  });
  return { server, issuer };
}

const exchangeParameters = (subject_token: string) => ({
  subject_token,
  subject_token_type: JWT_TYPE,
  resource: 'https://orders.example/',
});

test('openid-client: discovers us, exchanges a token, introspects and revokes it', async (t) => {
  const { issuer, server } = await startUnderIssuer(t);
  const subjectToken = await server.partner.sign({ aud: issuer });

  const config = await openid.discovery(
    new URL(issuer),
    'gateway',
    undefined,
    openid.ClientSecretBasic(GATEWAY_SECRET),
    {
      execute: [openid.allowInsecureRequests],
      algorithm: 'oauth2',
    },
  );
  const tokens = await openid.genericGrantRequest(
    config,
    TOKEN_EXCHANGE,
    exchangeParameters(subjectToken),
  );
  const active = await openid.tokenIntrospection(config, tokens.access_token);
  await openid.tokenRevocation(config, tokens.access_token);
  const revoked = await openid.tokenIntrospection(config, tokens.access_token);

  assert.equal(tokens['issued_token_type'], 'urn:ietf:params:oauth:token-type:access_token');
  assert.equal(tokens.token_type, 'bearer');
  assert.equal(active.active, true);
  assert.equal(active.sub, 'partner:alice');
  assert.equal(revoked.active, false);
});

test('oauth4webapi: discovers us, gets client credentials and a clean error', async (t) => {
  const { issuer } = await startUnderIssuer(t);
  const options = { [oauth.allowInsecureRequests]: true };
  const client: oauth.Client = { client_id: 'gateway' };
  const authentication = oauth.ClientSecretBasic(GATEWAY_SECRET);

  const discovered = await oauth.discoveryRequest(new URL(issuer), {
    ...options,
    algorithm: 'oauth2',
  });
  const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
  const granted = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    authentication,
    new URLSearchParams({ scope: 'orders.read' }),
    options,
  );
  const tokens = await oauth.processClientCredentialsResponse(server, client, granted);
  const refused = await oauth.genericTokenEndpointRequest(
    server,
    client,
    authentication,
    TOKEN_EXCHANGE,
    exchangeParameters('nonsense'),
    options,
  );

  assert.equal(tokens.scope, 'orders.read');
  await assert.rejects(
    oauth.processGenericTokenEndpointResponse(server, client, refused),
    (cause: unknown) =>
      cause instanceof oauth.ResponseBodyError && cause.error === 'invalid_request',
  );
});
