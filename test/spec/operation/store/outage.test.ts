// Fail closed: no audit, no token; no store, no token; and what is not a token is still served.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { serve } from '#test/support/server/served.ts';
import { startServer } from '#test/support/server/server.ts';
import { anIssueMessage, faultOf, sendSoap } from '#test/support/ws-trust/messages.ts';

test('Store: when its file is gone exchange and introspection are closed with 503 and Retry-After, metadata is served', async (t) => {
  const server = await startServer(t);
  const { body } = await server.exchange();
  await rename(join(server.directory, 'data/viaduct.db'), join(server.directory, 'data/gone.db'));
  // Reads look once a second whether the file is still the one they opened.
  server.clock.advance(1);

  const exchange = await server.exchange();
  const inspect = await server.post('/introspect', { token: String(body['access_token']) });
  const metadata = await server.get('/.well-known/oauth-authorization-server');
  const ready = await fetch(`${server.managementUrl}/readyz`);
  const live = await fetch(`${server.managementUrl}/livez`);

  for (const { status, headers, body: refusal, text } of [exchange, inspect]) {
    assert.equal(status, 503, text);
    assert.equal(refusal['error'], 'temporarily_unavailable');
    assert.match(headers.get('retry-after') ?? '', /^\d+$/);
  }
  assert.equal(metadata.status, 200);
  assert.equal(ready.status, 503);
  assert.equal(live.status, 200);
});

test('Log: while the store is away strangers who log in have one line written, and not several each', async (t) => {
  const served = await serve(t, async (document, directory) => {
    await withSaml(document, directory);
    document['log'] = { level: 'warn' };
  });
  const logIn = (user: string) =>
    sendSoap(served, anIssueMessage({ user, password: 'wrong' })).then(faultOf);
  const lines = () => served.server.text().match(/failed logins are counted locally/g) ?? [];
  await rename(join(served.directory, 'data/viaduct.db'), join(served.directory, 'data/gone.db'));
  // Reads look once a second whether the file is still the one they opened.
  await eventually('the store is away', async () => {
    await logIn('mallory');
    return lines().length > 0;
  });

  for (const user of ['eve', 'oscar', 'trudy']) await logIn(user);

  assert.equal(lines().length, 1);
});

test('Drain: a request that is under way is answered, and the next connection is refused', async (t) => {
  const server = await startServer(t);
  const url = new URL(`${server.url}/token`);
  const body = 'grant_type=client_credentials';
  const sent = request(url, {
    method: 'POST',
    auth: 'gateway:gateway-secret-of-at-least-32-characters',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
  });
  sent.write(body.slice(0, 10));
  await once(sent, 'socket');
  // The headers are with the server once it answers another request on its own connection.
  assert.equal((await server.get('/jwks')).status, 200);

  const stopping = server.stop();
  sent.end(body.slice(10));
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  await stopping;

  assert.equal(response.statusCode, 200);
  await assert.rejects(fetch(`${server.url}/jwks`));
});
