// What was used once is used, by whichever confirmation, at whichever entrance, and for as long as the assertion lasts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearer, iso, NOW, TOKEN_ENDPOINT } from '#test/support/saml/saml.ts';
import { SAML2_BEARER, SAML2_TYPE } from '#test/support/saml/saml-document.ts';
import { type SamlServer, startSamlServer } from '#test/support/saml/saml-server.ts';
import type { Answer, Ending, TestServer } from '#test/support/server/server.ts';
import { loseStore } from '#test/support/store/lost-store.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';

async function start(t: Ending, isUsedUp = false): Promise<SamlServer> {
  return startSamlServer(t, (document) => {
    for (const row of document.policy) Object.assign(row['allow'] ?? {}, { singleUse: isUsedUp });
  });
}

const asGrant = (server: TestServer, xml: string): Promise<Answer> =>
  server.post('/token', {
    grant_type: SAML2_BEARER,
    assertion: Buffer.from(xml).toString('base64url'),
    resource: 'https://orders.example/',
  });

const asSubject = (server: TestServer, xml: string): Promise<Answer> =>
  server.exchange({
    subject_token: Buffer.from(xml).toString('base64url'),
    subject_token_type: SAML2_TYPE,
  });

const until = (seconds: number, recipient = ` Recipient="${TOKEN_ENDPOINT}"`): string =>
  bearer(`NotOnOrAfter="${iso(NOW + seconds)}"${recipient}`);

const reasonOf = async (server: TestServer): Promise<unknown> =>
  (await server.auditRecords()).at(-1)?.['reason'];

test('SAML E1: a grant that one confirmation let in is not let in by another that lasts longer', async (t) => {
  const { server, saml } = await start(t);
  const xml = saml.partner.assertion('saml2', { confirmation: until(10) + until(290) });
  assert.equal((await asGrant(server, xml)).status, 200);

  for (const later of [1, 80, 140, 200, 289]) {
    server.clock.set(NOW + later);
    const { status } = await asGrant(server, xml);

    assert.equal(status, 400);
    assert.equal(await reasonOf(server), 'token-replayed', `${later} seconds later`);
  }
});

test('SAML E1: nor over SOAP, where a confirmation without a recipient counts too', async (t) => {
  const { server, saml } = await start(t);
  const xml = saml.partner.assertion('saml2', { confirmation: until(10) + until(290, '') });
  assert.equal((await asGrant(server, xml)).status, 200);

  server.clock.set(NOW + 200);
  const { status } = await sendSoap(server, anIssueMessage({ onBehalfOf: xml }));

  assert.equal(status, 500);
  assert.equal(await reasonOf(server), 'token-replayed');
});

test('SAML E1: a policy row that makes it one-time means all of its confirmations', async (t) => {
  const { server, saml } = await start(t, true);
  const xml = saml.partner.assertion('saml2', { confirmation: until(10) + until(290) });
  assert.equal((await asSubject(server, xml)).status, 200);

  server.clock.set(NOW + 200);

  assert.equal((await asSubject(server, xml)).status, 400);
  assert.equal(await reasonOf(server), 'token-replayed');
});

test('SAML issue: what an assertion cannot say is refused before the evidence is used up', async (t) => {
  const { server } = await start(t, true);
  for (const email of ['a\u0000b', { structured: true }]) {
    const subject_token = await server.partner.sign({ email });

    const refused = await server.exchange({ subject_token, requested_token_type: SAML2_TYPE });
    const instead = await server.exchange({ subject_token });

    assert.equal(refused.status, 400);
    assert.equal(instead.status, 200, instead.text);
  }
});

test('Fence: an assertion that is good once and lasts for hours is closed for all of them after the store is lost', async (t) => {
  const { server, saml } = await start(t);
  const hours = {
    window: `NotBefore="${iso(NOW - 30)}" NotOnOrAfter="${iso(NOW + 7200)}"`,
    confirmation: until(7200),
    conditions: '<saml2:OneTimeUse/>',
  };
  const xml = saml.partner.assertion('saml2', hours);
  assert.equal((await asSubject(server, xml)).status, 200);

  const restarted = await loseStore(server);
  for (const later of [20, 1000, 7000]) {
    restarted.clock.set(NOW + later);
    assert.equal((await asSubject(restarted, xml)).status, 503, `${later} seconds later`);
  }
  const fresh = saml.partner.assertion('saml2', {
    ...hours,
    id: '_fresh',
    issueInstant: iso(NOW + 7000),
  });
  assert.equal((await asSubject(restarted, fresh)).status, 200);
});
