// RFC 6749 §2.3.1: a secret of a client is replaced while the client goes on.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { GATEWAY_SECRET } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';

const OLD_SECRET = 'the-secret-of-the-gateway-until-today';
const UNTIL = '2027-02-01';
const UNTIL_SECONDS = Date.parse(UNTIL) / 1000;

/** The gateway has another secret since today, and its old one until February. */
function startServerWithOldSecret(t: Ending, until = UNTIL): Promise<TestServer> {
  return startServer(t, async ({ clients }, directory, clock) => {
    clock.set(UNTIL_SECONDS - 3600);
    await writeFile(join(directory, 'old.secret'), `${OLD_SECRET}\n`, { mode: 0o600 });
    const previous_client_secret = { secret: { file: 'old.secret' }, until };
    Object.assign(clients[0] ?? {}, { previous_client_secret });
  });
}

const credentials = { grant_type: 'client_credentials' };

const statusOf = async (server: TestServer, secret: string, id = 'gateway') =>
  (await server.post('/token', credentials, { as: [id, secret] })).status;

test('RFC 6749 §2.3.1: while a secret is replaced the one before it is taken as well, in header and form', async (t) => {
  const server = await startServerWithOldSecret(t);
  const inForm = { ...credentials, client_id: 'gateway', client_secret: OLD_SECRET };

  const form = await server.post('/token', inForm, { as: null });

  assert.equal(await statusOf(server, GATEWAY_SECRET), 200);
  assert.equal(await statusOf(server, OLD_SECRET), 200);
  assert.equal(form.status, 200, form.text);
});

test('RFC 6749 §2.3.1: the secret before it is taken for no other client, and no other text for it', async (t) => {
  const server = await startServerWithOldSecret(t);

  assert.equal(await statusOf(server, OLD_SECRET, 'orders-api'), 401);
  for (const wrong of [`${OLD_SECRET}x`, OLD_SECRET.slice(0, -1), OLD_SECRET.toUpperCase()])
    assert.equal(await statusOf(server, wrong), 401, wrong);
});

test('RFC 6749 §2.3.1: the secret before it ends on its day, in a server that runs', async (t) => {
  const server = await startServerWithOldSecret(t);

  server.clock.set(UNTIL_SECONDS - 1);
  const last = await statusOf(server, OLD_SECRET);
  server.clock.set(UNTIL_SECONDS);
  const over = await statusOf(server, OLD_SECRET);

  assert.deepEqual([last, over], [200, 401]);
  assert.equal(await statusOf(server, GATEWAY_SECRET), 200);
});

test('RFC 6749 §2.3.1: a secret that is over already is not taken, and keeps no server from its start', async (t) => {
  const server = await startServerWithOldSecret(t, '2026-12-31');

  assert.equal(await statusOf(server, OLD_SECRET), 401);
  assert.equal(await statusOf(server, GATEWAY_SECRET), 200);
});
