// Row 32 of the failure table: a flood from one client or address is refused, others are served, and what is static is exempt.
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SignJWT } from 'jose';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, ORDERS_SECRET } from '#test/support/server/document.ts';
import {
  assertLimited,
  assertLimitedFault,
  oneAfterTheOther,
  RATE,
  recordsOfLimit,
  statuses,
} from '#test/support/server/limited.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';

const ORDERS = ['orders-api', ORDERS_SECRET] as const;

const credentials = (server: TestServer, as: readonly [string, string] | undefined) =>
  server.post('/token', { grant_type: 'client_credentials' }, as ? { as } : {});

test('Row 32, RFC 6585 §4: a client over its rate gets 429 with Retry-After, another one is served', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perClient: RATE };
  });

  const answers = await oneAfterTheOther(5, () => server.exchange());
  const other = await server.post('/introspect', { token: 'a.b.c' }, { as: ORDERS });

  assert.deepEqual(statuses(answers), [200, 200, 200, 429, 429]);
  answers.slice(3).forEach(assertLimited);
  assert.equal(other.status, 200);
});

test('Row 32: while one client floods, every request of another one is served', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perClient: RATE };
    for (const client of document.clients)
      if (client['client_id'] === 'orders-api') client['rate_limit'] = { ...RATE, burst: 1000 };
  });
  const flood = Array.from({ length: 300 }, () => credentials(server, undefined));
  const others = Array.from({ length: 30 }, () =>
    server.post('/introspect', { token: 'a.b.c' }, { as: ORDERS }),
  );

  const [flooded, served] = await Promise.all([Promise.all(flood), Promise.all(others)]);

  const taken = flooded.filter(({ status }) => status === 200);
  const refused = flooded.filter(({ status }) => status === 429);
  assert.deepEqual([taken.length, refused.length], [RATE.burst, 300 - RATE.burst]);
  refused.forEach(assertLimited);
  assert.deepEqual(new Set(statuses(served)), new Set([200]));
});

test('Row 32: introspection and revocation count like the token endpoint', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perClient: RATE };
  });
  await oneAfterTheOther(3, () => server.post('/introspect', { token: 'a.b.c' }));

  assertLimited(await server.post('/introspect', { token: 'a.b.c' }));
  assertLimited(await server.post('/revoke', { token: 'a.b.c' }));
});

test('Row 32: a client has its own rate where the configuration gives it one', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perClient: RATE };
    for (const client of document.clients)
      if (client['client_id'] === 'gateway') client['rate_limit'] = { ...RATE, burst: 5 };
  });

  const answers = await oneAfterTheOther(6, () => server.exchange());

  assert.deepEqual(statuses(answers), [200, 200, 200, 200, 200, 429]);
});

for (const path of ['/token', '/introspect', '/revoke'])
  test(`Row 32: who does not authenticate uses up nobody’s rate at ${path}`, async (t) => {
    const server = await startServer(t, (document) => {
      document['limits'] = { perClient: RATE };
    });
    const form = { grant_type: 'client_credentials', token: 'a.b.c' };
    const attestation = await new SignJWT({ sub: 'gateway' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new Uint8Array(32));
    const headers = { 'oauth-client-attestation': attestation };

    const wrong = await oneAfterTheOther(6, () =>
      server.post(path, form, { as: ['gateway', 'x'.repeat(40)] }),
    );
    const odd = await oneAfterTheOther(6, () =>
      server.post(path, { ...form, client_id: 'gateway' }, { as: null, headers }),
    );

    assert.deepEqual(new Set(statuses(wrong)), new Set([401]));
    assert.deepEqual(new Set(statuses(odd)), new Set([401]));
    assert.equal((await server.post(path, form)).status, 200);
  });

test('Row 32: an address over its rate is refused before its message is read; metadata and keys are exempt', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perAddress: RATE };
  });
  await oneAfterTheOther(3, () => credentials(server, ['nobody', 'x'.repeat(40)]));

  assertLimited(await server.exchange());
  for (const path of ['/jwks', '/.well-known/oauth-authorization-server']) {
    assert.equal((await server.get(path)).status, 200, path);
  }
});

test('Row 32: behind a trusted proxy the address is the client’s, and of IPv6 its /64', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perAddress: RATE };
    document['trustedProxies'] = ['127.0.0.1/32'];
  });
  const from = (address: string) =>
    server.exchange({}, { headers: { 'x-forwarded-for': address } });
  for (const host of ['1', '2', '3']) assert.equal((await from(`2001:db8::${host}`)).status, 200);

  assertLimited(await from('2001:db8::4'));
  assert.equal((await from('2001:db8:0:1::4')).status, 200);
  assert.equal((await from('192.0.2.1')).status, 200);
});

test('Row 32: a flood leaves one record a minute in the audit, and a count for each refusal', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perClient: RATE };
  });
  await oneAfterTheOther(8, () => server.exchange());

  const records = await recordsOfLimit(server);
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

  const reached = records.filter(({ event }) => event === 'limit.reached');
  assert.equal(reached.length, 1);
  assert.deepEqual(reached[0]?.['requestor'], { id: 'gateway', kind: 'client', method: 'unknown' });
  assert.equal(records.filter(({ reason }) => reason === 'rate-limited').length, 1);
  assert.match(metrics, /sts_requests_total\{[^}]*reason="rate-limited"\} 5\n/);
});

test('Row 32: over SOAP the refusal is a fault with Retry-After, by requestor and by address', async (t) => {
  for (const name of ['perClient', 'perAddress']) {
    const server = await startServer(t, async (document, directory) => {
      await withSaml(document, directory);
      document['limits'] = { [name]: RATE };
    });

    const answers = await oneAfterTheOther(4, () => sendSoap(server, anIssueMessage()));

    assert.deepEqual(statuses(answers), [200, 200, 200, 500], answers[0]?.text);
    assertLimitedFault(answers[3] ?? assert.fail());
    assert.equal((await fetch(`${server.url}/ws-trust?wsdl`)).status, 200);
  }
});

test('Row 22: a SOAP message that is too large, compressed or not in UTF-8 is a fault in its version, and on record', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const send = (headers: Record<string, string>, body: string) =>
    fetch(`${server.url}/ws-trust`, { method: 'POST', headers, body });
  const large = 'x'.repeat(100_000);

  for (const type of ['application/soap+xml', 'text/xml']) {
    const answers = [
      await send({ 'content-type': type }, large),
      await send({ 'content-type': `${type}; charset=iso-8859-1` }, '<x/>'),
      await send({ 'content-type': type, 'content-encoding': 'gzip' }, '<x/>'),
    ];

    assert.deepEqual(statuses(answers), [500, 500, 500]);
    for (const answer of answers) {
      assert.equal(answer.headers.get('content-type'), `${type}; charset=utf-8`);
      assert.match(await answer.text(), /Envelope.*trust:InvalidRequest</);
      await assertOnRecord(server, answer);
    }
  }
});

test('Row 22: what is no SOAP by its media type gets the status alone, and is on record', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const types = [
    'application/json',
    'text/plain',
    'multipart/related; type="application/xop+xml"; start-info="application/soap+xml"; boundary=b',
  ];

  for (const type of types) {
    const headers = { 'content-type': type };
    const answer = await fetch(`${server.url}/ws-trust`, { method: 'POST', headers, body: '{}' });

    assert.equal(answer.status, 415);
    await assertOnRecord(server, answer);
  }
});

async function assertOnRecord(server: TestServer, answer: Response): Promise<void> {
  const id = answer.headers.get('x-correlation-id');
  const records = await server.auditRecords();
  const record = records.find(({ correlationId }) => correlationId === id);
  assert.equal(record?.['reason'], 'request-malformed');
  assert.equal(record?.['outcome'], 'refused');
}

test('Row 32: while the store is away limits are counted here, and the metrics say so', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { perClient: RATE };
  });
  await server.exchange();
  await rename(join(server.directory, 'data/viaduct.db'), join(server.directory, 'data/gone.db'));
  server.clock.advance(60);

  const answers = await oneAfterTheOther(4, () => server.exchange());
  const metrics = async () => (await fetch(`${server.managementUrl}/metrics`)).text();
  while (!/sts_ratelimit_local_fallback 1/.test(await metrics())) await server.exchange();

  // Closed for want of the store, and after a burst limited all the same.
  assert.deepEqual(statuses(answers), [503, 503, 503, 429]);
});

/** A key server that never answers. */
async function aSilentServer(t: TestContext) {
  const asked = Promise.withResolvers<void>();
  const silent = createServer(() => asked.resolve());
  const hangUp = (): void => silent.closeAllConnections();
  await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    hangUp();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/jwks`, isAsked: asked.promise, hangUp };
}

test('Overload: more than may be in flight is refused with 503 and Retry-After; keys, health and metrics are served', async (t) => {
  const keys = await aSilentServer(t);
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    document['limits'] = { maxInFlight: 10 };
    document['fetch'] = { allowedHosts: ['127.0.0.1'], timeoutMilliseconds: 30_000 };
    Object.assign(document.trustedIssuers[0]?.['jwt'] as object, { jwks: { url: keys.url } });
  });
  const waiting = Array.from({ length: 10 }, () => server.exchange());
  const answered = Promise.all(waiting);
  await keys.isAsked;
  const credentials = { grant_type: 'client_credentials' };
  let refused = await server.post('/token', credentials);
  // The last of them may still be on its way.
  while (refused.status !== 503) refused = await server.post('/token', credentials);

  const soap = await sendSoap(server, anIssueMessage());
  const open = await Promise.all(
    ['/livez', '/readyz', '/metrics'].map((path) => fetch(`${server.managementUrl}${path}`)),
  );

  assert.equal(refused.body['error'], 'temporarily_unavailable');
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal(soap.status, 500);
  assert.match(soap.text, /<s:Value>s:Receiver<\/s:Value>/);
  assert.equal(soap.headers.get('retry-after'), '1');
  assert.equal((await server.get('/jwks')).status, 200);
  assert.deepEqual(statuses(open), [200, 200, 200]);
  // Now: the server, which stops first, would wait for them as long as it may.
  keys.hangUp();
  await answered;
});

for (const [who, makeSingleUse] of [
  [
    'its issuer',
    ({ trustedIssuers }: ConfigDocument) =>
      trustedIssuers.forEach(({ jwt }) => Object.assign(jwt as object, { singleUse: true })),
  ],
  [
    'the policy row',
    ({ policy }: ConfigDocument) =>
      policy.forEach(({ allow }) => Object.assign(allow as object, { singleUse: true })),
  ],
] as const)
  test(`Metrics: evidence that ${who} makes good once and that is presented again is counted by its kind`, async (t) => {
    const server = await startServer(t, makeSingleUse);
    const subject_token = await server.partner.sign();
    const answers = await oneAfterTheOther(3, () => server.exchange({ subject_token }));

    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

    assert.deepEqual(statuses(answers), [200, 400, 400]);
    assert.match(metrics, /sts_replay_detected_total\{class="token"\} 2\n/);
    assert.match(metrics, /sts_issue_seconds_count 3\n/);
  });
