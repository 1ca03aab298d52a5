// Limits by relying party: what one target must bear, whoever asks and at whichever front.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { ACCESS_TOKEN_TYPE, JWT_BEARER, ORDERS_SECRET } from '#test/support/server/document.ts';
import {
  assertLimited,
  assertLimitedFault,
  RATE,
  recordsOfLimit,
  statuses,
  tokens,
} from '#test/support/server/limited.ts';
import {
  grantRefreshTokens,
  REFRESH_TOKEN_TYPE,
  refresh,
} from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';

const ORDERS_API = ['orders-api', ORDERS_SECRET] as const;
const RESOURCE = 'https://orders.example/';

const start = (t: Ending): Promise<TestServer> =>
  startServer(t, (document) => {
    document['limits'] = { perRelyingParty: RATE };
  });

test('Row 32, RFC 6585 §4: a relying party over its rate gets no more tokens by any grant; another one does', async (t) => {
  const server = await start(t);

  const answers = await tokens(server, 5);
  const byItself = await server.post('/token', { grant_type: 'client_credentials' });
  const elsewhere = await server.exchange(
    {
      subject_token: String(answers[0]?.body['access_token']),
      subject_token_type: ACCESS_TOKEN_TYPE,
      resource: 'https://billing.example/',
    },
    { as: ORDERS_API },
  );

  assert.deepEqual(statuses(answers), [200, 200, 200, 429, 429]);
  answers.slice(3).forEach(assertLimited);
  assertLimited(byItself);
  assert.equal(elsewhere.status, 200, elsewhere.text);
});

test('Row 32: a relying party has its own rate where the configuration gives it one', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perRelyingParty: RATE };
    Object.assign(document.relyingParties[0] ?? {}, { rateLimit: { ...RATE, burst: 1 } });
  });

  assert.deepEqual(statuses(await tokens(server, 2)), [200, 429]);
});

test('Row 32: what policy refuses uses up nobody’s rate', async (t) => {
  const server = await start(t);
  for (let index = 0; index < 5; index += 1) {
    const { status } = await server.exchange({ scope: 'orders.write' });
    assert.equal(status, 400);
  }

  assert.deepEqual(statuses(await tokens(server, 1)), [200]);
});

test('Row 32: a renewal counts, and one that policy refuses does not', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perRelyingParty: RATE };
    grantRefreshTokens(document, { lifetimeSeconds: 3600, maxCount: 1 });
  });
  const first = await server.exchange({ requested_token_type: REFRESH_TOKEN_TYPE });
  const second = await refresh(server, first.body['access_token']);
  assert.equal(second.status, 200, second.text);

  for (let index = 0; index < 3; index += 1)
    assert.equal((await refresh(server, second.body['refresh_token'])).status, 400);

  assert.deepEqual(statuses(await tokens(server, 2)), [200, 429]);
});

test('Row 32: an assertion that came too often is not used up: it is good as soon as there is room', async (t) => {
  const server = await start(t);
  await tokens(server, 3);
  const grant = {
    grant_type: JWT_BEARER,
    assertion: await server.partner.sign(),
    resource: RESOURCE,
  };

  assertLimited(await server.post('/token', grant));
  server.clock.advance(10);
  assert.equal((await server.post('/token', grant)).status, 200);
});

test('Row 32: both fronts pour into one bucket; over SOAP the refusal is a fault with Retry-After', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    document['limits'] = { perRelyingParty: RATE };
  });
  await tokens(server, 2);

  const answers = [
    await sendSoap(server, anIssueMessage()),
    await sendSoap(server, anIssueMessage()),
  ];

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 500],
    answers[0]?.text,
  );
  assertLimitedFault(answers[1] ?? assert.fail());
  assertLimited((await tokens(server, 1))[0] ?? assert.fail());
});

test('Row 32: a flood at one relying party leaves one record a minute in the audit', async (t) => {
  const server = await start(t);
  await tokens(server, 8);

  const records = await recordsOfLimit(server);

  const refused = records.filter(({ reason }) => reason === 'rate-limited');
  assert.equal(refused.length, 1);
  assert.equal(refused[0]?.['event'], 'limit.reached');
  assert.deepEqual(refused[0]['targets'], ['orders']);
});
