// A store that began to remember later than a token was issued cannot say "not seen" or "not revoked" of it.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCESS_TOKEN_TYPE, JWT_BEARER, ORDERS_SECRET } from '#test/support/document.ts';
import { startServer, type TestServer } from '#test/support/server.ts';

async function lose(server: TestServer): Promise<TestServer> {
  await server.stop();
  for (const suffix of ['', '-wal', '-shm']) {
    await rm(join(server.directory, `data/viaduct.db${suffix}`), { force: true });
  }
  server.clock.advance(10);
  return server.restart();
}

test('Fence: after the store is lost a one-time assertion from before is closed, one from after is served', async (t) => {
  const server = await startServer(t);
  const before = await server.partner.sign();

  const restarted = await lose(server);
  const grant = async (assertion: string) =>
    restarted.post('/token', {
      grant_type: JWT_BEARER,
      assertion,
      resource: 'https://orders.example/',
    });

  assert.equal((await grant(before)).status, 503);
  assert.equal((await grant(await restarted.partner.sign())).status, 200);
});

test('Fence: after the store is lost a token that only a policy row makes one-time is closed too', async (t) => {
  const server = await startServer(t, ({ policy }) => {
    Object.assign(policy[0]?.['allow'] ?? {}, { singleUse: true });
  });
  const before = await server.partner.sign();
  assert.equal((await server.exchange({ subject_token: before })).status, 200);

  const restarted = await lose(server);
  const again = await restarted.exchange({ subject_token: before });
  const fresh = await restarted.exchange({ subject_token: await restarted.partner.sign() });

  assert.equal(again.status, 503);
  assert.equal(fresh.status, 200, JSON.stringify(fresh.body));
});

test('Fence: a token of ours that was revoked does not come back to life with a new store', async (t) => {
  const server = await startServer(t);
  const token = String((await server.exchange()).body['access_token']);
  await server.post('/revoke', { token });

  const restarted = await lose(server);
  const inspected = await restarted.post(
    '/introspect',
    { token, client_id: 'orders-api', client_secret: ORDERS_SECRET },
    { as: null },
  );
  const exchanged = await restarted.exchange({
    subject_token: token,
    subject_token_type: ACCESS_TOKEN_TYPE,
  });

  assert.equal(inspected.status, 503);
  assert.equal(exchanged.status, 503);
});
