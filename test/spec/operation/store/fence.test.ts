// A store that began to remember later than a token was issued cannot say "not seen" or "not revoked" of it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { ACCESS_TOKEN_TYPE, JWT_BEARER, ORDERS_SECRET } from '#test/support/server/document.ts';
import { startServer } from '#test/support/server/server.ts';
import { loseStore } from '#test/support/store/lost-store.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';

test('Fence: after the store is lost a one-time assertion from before is closed, one from after is served', async (t) => {
  const server = await startServer(t);
  const before = await server.partner.sign();

  const restarted = await loseStore(server);
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

  const restarted = await loseStore(server);
  const again = await restarted.exchange({ subject_token: before });
  const fresh = await restarted.exchange({ subject_token: await restarted.partner.sign() });

  assert.equal(again.status, 503);
  assert.equal(fresh.status, 200, JSON.stringify(fresh.body));
});

test('Fence: a token of ours that was revoked does not come back to life with a new store', async (t) => {
  const server = await startServer(t);
  const token = String((await server.exchange()).body['access_token']);
  await server.post('/revoke', { token });

  const restarted = await loseStore(server);
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

test('Fence: a UsernameToken with a nonce from before is closed after the store is lost, one from after is served', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const message = () => {
    const created = new Date(server.clock.now() * 1000).toISOString();
    const nonce = randomBytes(16).toString('base64');
    const wsu =
      'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
    const marks = `<o:Nonce>${nonce}</o:Nonce><u:Created xmlns:u="${wsu}">${created}</u:Created>`;
    return anIssueMessage().replace('</o:UsernameToken>', `${marks}$&`);
  };
  const before = message();
  const first = await sendSoap(server, before);
  assert.equal(first.status, 200, first.text);

  const restarted = await loseStore(server);
  const again = await sendSoap(restarted, before);
  const fresh = await sendSoap(restarted, message());

  assert.equal(again.status, 500);
  assert.match(again.text, /<s:Value>s:Receiver</);
  assert.equal(again.headers.get('retry-after'), '1');
  assert.equal(fresh.status, 200, fresh.text);
});
