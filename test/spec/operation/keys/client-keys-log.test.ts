// Keys that clients publish and that cannot be fetched: the log says of which client, and why.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { ISSUER } from '#test/support/server/document.ts';
import { startHttpsServer } from '#test/support/server/https-server.ts';
import { aKey } from '#test/support/server/publishing-client.ts';
import { serve } from '#test/support/server/served.ts';

test('RFC 7591 §2: where the keys of a client cannot be fetched, the log says of whom and why, and not with each request', async (t) => {
  const published = await startHttpsServer(t, (_, response) => response.end('{"keys":[]}'));
  const { server, url } = await serve(t, (document) => {
    document['log'] = { level: 'warn' };
    document['fetch'] = { allowedHosts: ['localhost'] };
    document.clients.push({
      client_id: 'worker',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${published.origin}/jwks`,
      grant_types: ['client_credentials'],
      default_target: 'orders',
    });
  });
  const { privateKey } = await aKey('one');
  const assertion = await new SignJWT({ iss: 'worker', sub: 'worker', aud: ISSUER })
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('60s')
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(privateKey);
  const ask = async () => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    return (await fetch(`${url}/token`, { method: 'POST', body })).status;
  };

  const statuses = [await ask(), await ask()];
  const [line] = await server.says(/^.*"msg":"keys of a client cannot be fetched".*$/m);

  assert.deepEqual(statuses, [503, 503]);
  const told = JSON.parse(line) as { readonly client: string; readonly cause: { message: string } };
  assert.equal(told.client, 'worker');
  assert.match(told.cause.message, /self-signed certificate/);
  assert.equal(server.text().split('keys of a client cannot be fetched').length, 2);
});
