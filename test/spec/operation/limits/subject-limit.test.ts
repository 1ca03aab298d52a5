// Limits by subject: how many tokens about one may be made, whoever asks, at whichever front, by whichever evidence.
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateKeyPair, SignJWT } from 'jose';
import { withSaml } from '#test/support/saml/saml-document.ts';
import {
  ACCESS_TOKEN_TYPE,
  type ConfigDocument,
  ISSUER,
  JWT_BEARER,
  ORDERS_SECRET,
  PARTNER,
} from '#test/support/server/document.ts';
import {
  assertLimited,
  assertLimitedFault,
  oneAfterTheOther,
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
import {
  anIssueMessage,
  aTargetMessage,
  jwtAsXml,
  SAML1,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const ORDERS_API = ['orders-api', ORDERS_SECRET] as const;
const RESOURCE = 'https://orders.example/';
const OTHER = 'https://other.example';

type Configure = (document: ConfigDocument) => void;

const start = (t: Ending, configure?: Configure): Promise<TestServer> =>
  startServer(t, (document) => {
    document['limits'] = { perSubject: RATE };
    configure?.(document);
  });

const startSoap = (t: Ending, configure?: Configure): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    document['limits'] = { perSubject: RATE };
    configure?.(document);
  });

const about = async (server: TestServer, claims: Readonly<Record<string, unknown>>) =>
  server.exchange({ subject_token: await server.partner.sign(claims) });

const grant = async (server: TestServer, assertion?: string) =>
  server.post('/token', {
    grant_type: JWT_BEARER,
    assertion: assertion ?? (await server.partner.sign()),
    resource: RESOURCE,
  });

test('Row 32, RFC 6585 §4: of a subject over its rate there are no more tokens by any grant; of another one there are', async (t) => {
  const server = await start(t);

  const answers = await tokens(server, 5);
  const byAssertion = await grant(server);
  const bob = await about(server, { sub: 'bob' });

  assert.deepEqual(statuses(answers), [200, 200, 200, 429, 429]);
  [...answers.slice(3), byAssertion].forEach(assertLimited);
  assert.equal(bob.status, 200, bob.text);
});

test('Row 32: one id at two issuers is two subjects', async (t) => {
  const server = await start(t, (document) => {
    const [partner] = document.trustedIssuers;
    document.trustedIssuers.push({ ...partner, id: 'other', issuer: OTHER });
    Object.assign(document.policy[0] ?? {}, { subject: { issuer: ['partner', 'other'] } });
  });
  assertLimited((await tokens(server, 4))[3] ?? assert.fail());

  const other = await about(server, { iss: OTHER });

  assert.equal(other.status, 200, other.text);
});

test('Row 32: a token of ours is about the subject of what it was made from: who hands it on has no second bucket', async (t) => {
  const server = await start(t);
  const [first] = await tokens(server, 2);
  const handOn = () =>
    server.exchange(
      {
        subject_token: String(first?.body['access_token']),
        subject_token_type: ACCESS_TOKEN_TYPE,
        resource: 'https://billing.example/',
      },
      { as: ORDERS_API },
    );

  const handed = await oneAfterTheOther(2, handOn);

  assert.deepEqual(statuses(handed), [200, 429], handed[0]?.text);
  assertLimited((await tokens(server, 1))[0] ?? assert.fail());
});

test('Row 32: a client that asks for itself is counted as a client alone', async (t) => {
  const server = await start(t);

  const answers = await oneAfterTheOther(5, () =>
    server.post('/token', { grant_type: 'client_credentials' }),
  );

  assert.deepEqual(new Set(statuses(answers)), new Set([200]));
});

test('Row 32: nobody uses up the rate of a subject by evidence that is forged, has ended, is for others or was used, nor without a policy row', async (t) => {
  const server = await start(t);
  const { privateKey } = await generateKeyPair('ES256');
  const forged = await new SignJWT({ scope: 'orders.read' })
    .setProtectedHeader({ alg: 'ES256', kid: server.partner.kid, typ: 'JWT' })
    .setIssuer(PARTNER)
    .setSubject('alice')
    .setAudience(ISSUER)
    .setIssuedAt(server.clock.now())
    .setExpirationTime(server.clock.now() + 600)
    .setJti('forged')
    .sign(privateKey);
  const genuine = await server.partner.sign();
  const used = await server.partner.sign({ sub: 'alice' });
  assert.equal((await grant(server, used)).status, 200);
  const refusals = {
    forged: () => server.exchange({ subject_token: forged }),
    ended: () => about(server, { exp: server.clock.now() - 600 }),
    'for another': () => about(server, { aud: 'https://elsewhere.example' }),
    'of an issuer that nobody trusts': () => about(server, { iss: OTHER }),
    'used before': () => grant(server, used),
    'with more scopes than are granted': () => server.exchange({ scope: 'orders.write' }),
    'for a target without a row': () =>
      server.exchange({ subject_token: genuine, resource: 'https://billing.example/' }),
    'by a client without a row': () =>
      server.exchange({ subject_token: genuine }, { as: ORDERS_API }),
    'by a client that does not authenticate': () =>
      server.exchange({ subject_token: genuine }, { as: ['gateway', 'x'.repeat(40)] }),
  };

  for (const [what, ask] of Object.entries(refusals))
    for (const { status, text } of await oneAfterTheOther(4, ask))
      assert.ok(status === 400 || status === 401, `${what}: ${status} ${text}`);

  assert.deepEqual(statuses(await tokens(server, 3)), [200, 200, 429]);
});

test('Row 32: an assertion about a subject that came too often is not used up', async (t) => {
  const server = await start(t);
  await tokens(server, 3);
  const assertion = await server.partner.sign();

  assertLimited(await grant(server, assertion));
  server.clock.advance(10);
  assert.equal((await grant(server, assertion)).status, 200);
});

test('Row 32: who is refused for one limit takes nothing from another', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perSubject: RATE, perRelyingParty: { requestsPerSecond: 1, burst: 5 } };
  });
  // Alice has three and asks on: two are left for orders.
  assert.deepEqual(statuses(await tokens(server, 6)), [200, 200, 200, 429, 429, 429]);
  const bob = await oneAfterTheOther(5, () => about(server, { sub: 'bob' }));
  assert.deepEqual(statuses(bob), [200, 200, 429, 429, 429]);

  // A second later orders has one place; Bob, refused three times for orders alone, has one of his left.
  server.clock.advance(1);
  assert.deepEqual(statuses([await about(server, { sub: 'bob' })]), [200]);
});

test('Row 32: a refresh counts for the subject of its family', async (t) => {
  const server = await start(t, (document) => {
    grantRefreshTokens(document, { lifetimeSeconds: 3600, maxCount: 9 });
  });
  const first = await server.exchange({ requested_token_type: REFRESH_TOKEN_TYPE });
  const second = await refresh(server, first.body['access_token']);
  assert.equal(second.status, 200, second.text);
  const third = await refresh(server, second.body['refresh_token']);
  const fourth = await refresh(server, third.body['refresh_token']);

  assertLimited(fourth);
  assertLimited((await tokens(server, 1))[0] ?? assert.fail());
  server.clock.advance(10);
  assert.equal((await refresh(server, third.body['refresh_token'])).status, 200);
});

for (const [name, wish] of [
  ['OnBehalfOf', (token: string) => ({ onBehalfOf: token })],
  ['ActAs', (token: string) => ({ actAs: token })],
] as const)
  test(`Row 32: both fronts pour into one bucket; ${name} counts for whom the token is about, not for who asks`, async (t) => {
    const server = await startSoap(t);
    await tokens(server, 2);
    const ask = async () =>
      sendSoap(
        server,
        anIssueMessage({ tokenType: SAML2, ...wish(jwtAsXml(await server.partner.sign())) }),
      );

    const [served, refused] = await oneAfterTheOther(2, ask);
    const himself = await sendSoap(server, anIssueMessage());

    assert.equal(served?.status, 200, served?.text);
    assertLimitedFault(refused ?? assert.fail());
    assertLimited((await tokens(server, 1))[0] ?? assert.fail());
    assert.equal(himself.status, 200, himself.text);
  });

test('Row 32: a user who asks for tokens about himself is a subject; a renewal counts, and no user counts for another', async (t) => {
  const server = await startSoap(t, (document) => {
    for (const row of document.policy)
      Object.assign(row['allow'] as object, { renewal: { lifetimeSeconds: 1200, maxCount: 3 } });
  });
  const renewable = { tokenType: SAML2, children: '<trust:Renewing/>' };
  const target = tokenOf(await sendSoap(server, anIssueMessage(renewable)));
  const renew = () => sendSoap(server, aTargetMessage('Renew', { target }));

  const answers = await oneAfterTheOther(3, renew);

  assert.deepEqual(statuses(answers.slice(0, 2)), [200, 200], answers[0]?.text);
  for (const refused of [answers[2], await sendSoap(server, anIssueMessage())])
    assertLimitedFault(refused ?? assert.fail());
  assert.equal((await sendSoap(server, anIssueMessage({ user: 'carol' }))).status, 200);
  // The third that is granted: the one that was refused did not count against it.
  server.clock.advance(10);
  assert.equal((await renew()).status, 200);
});

test('Row 32: what the type of token cannot say is refused before it is counted', async (t) => {
  const server = await startSoap(t);
  const actAs = jwtAsXml(await server.partner.sign());

  for (const refused of await oneAfterTheOther(4, () =>
    sendSoap(server, anIssueMessage({ tokenType: SAML1, actAs })),
  ))
    assert.match(refused.text, /s:Sender.*RequestFailed/);

  assert.deepEqual(statuses(await tokens(server, 4)), [200, 200, 200, 429]);
});

test('Row 32: while the store is away subjects are counted here', async (t) => {
  const server = await start(t);
  await rename(join(server.directory, 'data/viaduct.db'), join(server.directory, 'data/gone.db'));

  // Without an id nothing is asked of the store before the decision.
  const answers = await oneAfterTheOther(4, () => about(server, { jti: undefined }));
  const other = await about(server, { jti: undefined, sub: 'bob' });

  // Closed for want of the store, and after a burst limited all the same.
  assert.deepEqual(statuses(answers), [503, 503, 503, 429]);
  assert.equal(other.status, 503);
});

test('Row 32: a flood about one subject leaves one record a minute in the audit, and no name in the metrics', async (t) => {
  const server = await start(t);
  await tokens(server, 8);

  const records = await recordsOfLimit(server);
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

  const refused = records.filter(({ reason }) => reason === 'rate-limited');
  assert.equal(refused.length, 1);
  assert.equal(refused[0]?.['event'], 'limit.reached');
  // As tokens of ours name it.
  assert.deepEqual(refused[0]['subject'], { issuer: ISSUER, id: 'partner:alice' });
  assert.match(metrics, /sts_requests_total\{[^}]*reason="rate-limited"\} 5\n/);
  assert.doesNotMatch(metrics, /alice/);
});

test('Row 32: a name as long as a token may have is counted by its digest: buckets are many', async (t) => {
  const server = await start(t);
  const sub = 'x'.repeat(10_000);
  const answers = await oneAfterTheOther(4, () => about(server, { sub }));
  const other = await about(server, { sub: `${sub}y` });

  const [reached] = (await recordsOfLimit(server)).filter(({ event }) => event === 'limit.reached');

  assert.deepEqual(statuses(answers), [200, 200, 200, 429], answers[0]?.text);
  assert.equal(other.status, 200);
  assert.match(JSON.stringify(reached?.['subject']), /"id":"sha256:[\w-]{43}"/);
});

test('Row 32: without a limit nobody is counted', async (t) => {
  const server = await startServer(t);

  assert.deepEqual(new Set(statuses(await tokens(server, 8))), new Set([200]));
});
