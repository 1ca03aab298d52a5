// A client that was taken out of the configuration got tokens before: whoever has them, a thief of its secret too, goes on with none.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import {
  ACCESS_TOKEN_TYPE,
  type ConfigDocument,
  ORDERS_SECRET,
} from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

const ORDERS = ['orders-api', ORDERS_SECRET] as const;

/** Changes the configuration and loads it again. */
async function change(server: TestServer, edit: (document: ConfigDocument) => void): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  edit(document);
  await writeFile(path, stringify(document));
  await server.reload();
}

const clientNamed = (name: string) => (document: ConfigDocument) => {
  Object.assign(document.clients[0] ?? {}, { client_id: name });
  Object.assign(document.relyingParties[0] ?? {}, { requestors: [name, 'orders-api'] });
  for (const row of document.policy.slice(0, 2))
    Object.assign(row, { requestor: { client: name } });
};

const introspect = async (server: TestServer, token: string) =>
  (await server.post('/introspect', { token }, { as: ORDERS })).body['active'];

const toBilling = (server: TestServer, subject_token: string) =>
  server.exchange(
    {
      subject_token,
      subject_token_type: ACCESS_TOKEN_TYPE,
      resource: 'https://billing.example/',
    },
    { as: ORDERS },
  );

for (const [what, ask] of [
  ['about a user', (server) => server.exchange()],
  ['about itself', (server) => server.post('/token', { grant_type: 'client_credentials' })],
] as const satisfies readonly (readonly [string, (server: TestServer) => unknown])[])
  test(`RFC 7592 §2.3: a token ${what} of a client that was removed is not active, and is no evidence`, async (t) => {
    const server = await startServer(t);
    const { body } = await ask(server);
    const token = String(body['access_token']);
    assert.equal(await introspect(server, token), true);
    const other = await toBilling(server, token);

    await change(server, clientNamed('gatekeeper'));
    const refused = await toBilling(server, token);
    const activeWithout = await introspect(server, token);
    await change(server, clientNamed('gateway'));

    assert.equal(other.status, 200, other.text);
    assert.equal(refused.body['error'], 'invalid_request', refused.text);
    assert.equal(activeWithout, false);
    assert.equal(await introspect(server, token), true, 'the client is back');
  });

test('RFC 7592 §2.3: a token of a client that was removed is revoked by whom its target names', async (t) => {
  const server = await startServer(t, ({ relyingParties }) => {
    Object.assign(relyingParties[0] ?? {}, { revokers: ['orders-api'] });
  });
  const { body } = await server.exchange();
  const token = String(body['access_token']);
  await change(server, clientNamed('gatekeeper'));

  const revoked = await server.post('/revoke', { token }, { as: ORDERS });
  await change(server, clientNamed('gateway'));

  assert.equal(revoked.status, 200, revoked.text);
  assert.equal(await introspect(server, token), false);
});
