// A key that a client withdrew must not authenticate it any longer, although its signature is good.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ISSUER } from '#test/support/document.ts';
import { startServer } from '#test/support/server.ts';

const NOW_SECONDS = 1_800_000_000;

/** A client that publishes its keys at an address: what is published can change. */
async function startClient(t: TestContext) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  let keys: object[] = [{ ...(await exportJWK(publicKey)), kid: 'withdrawn', alg: 'ES256' }];
  let fetches = 0;
  const server = createServer((_, response) => {
    fetches++;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    withdraw: () => (keys = []),
    fetches: () => fetches,
    assertion: () =>
      new SignJWT({ iss: 'worker', sub: 'worker', aud: ISSUER, jti: randomUUID() })
        .setIssuedAt(Math.floor(Date.now() / 1000))
        .setExpirationTime(Math.floor(Date.now() / 1000) + 60)
        .setProtectedHeader({ alg: 'ES256', kid: 'withdrawn' })
        .sign(privateKey),
  };
}

test('RFC 7523 §3: a client key that is no longer published is refused once the key set is stale', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: NOW_SECONDS * 1000 });
  const client = await startClient(t);
  const server = await startServer(t, (document) => {
    document['fetch'] = { allowedHosts: [client.host] };
    document.clients.push({
      client_id: 'worker',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `http://${client.host}/jwks`,
      grant_types: ['client_credentials'],
      default_target: 'orders',
    });
    Object.assign(document.relyingParties[0] ?? {}, {
      requestors: ['gateway', 'orders-api', 'worker'],
    });
    Object.assign(document.policy[1] ?? {}, { requestor: { client: ['gateway', 'worker'] } });
  });
  const authenticate = async () =>
    server.post(
      '/token',
      {
        grant_type: 'client_credentials',
        client_assertion: await client.assertion(),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
      { as: null },
    );

  const before = await authenticate();
  client.withdraw();
  t.mock.timers.setTime((NOW_SECONDS + 120) * 1000);
  const after = await authenticate();

  assert.equal(before.status, 200, before.text);
  assert.equal(after.status, 401, after.text);
  assert.equal(client.fetches(), 2);
});
