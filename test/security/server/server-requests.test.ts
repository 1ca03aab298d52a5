// Attempts to get past policy with odd parameters, and to find secrets in what a server leaves behind.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { GATEWAY_BASIC, JWT_TYPE, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';

const FORM = 'application/x-www-form-urlencoded';

async function send(server: TestServer, body: string, authorization = GATEWAY_BASIC) {
  const headers = { 'content-type': FORM, ...(authorization !== '' && { authorization }) };
  const response = await fetch(`${server.url}/token`, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

const exchangeBody = async ({ partner }: TestServer): Promise<string> =>
  new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token: await partner.sign(),
    subject_token_type: JWT_TYPE,
  }).toString();

const REFUSED: readonly string[] = [
  'audience=billing',
  'audience=billing&audience=orders',
  'resource=https%3A%2F%2Forders.example%2F&audience=billing',
  'audience=orders%20',
  'audience=ORDERS',
  'audience=__proto__',
  'audience=orders%00',
  'audience=%ED%A0%80',
  'resource=HTTPS%3A%2F%2Forders.example%2F',
  'resource=https%3A%2F%2Forders.example',
  'resource=https%3A%2F%2Forders.example%2F.',
  'resource=https%3A%2F%2Fx%40orders.example%2F',
  'resource=https%3A%2F%2Forders.example%2F%23',
  'resource=https%3A%2F%2Forders.example%2F%3F',
  'scope=orders.write',
  'scope=orders.read%20orders.write',
  'scope=orders.read&scope=orders.write',
  'scope=orders.read%09orders.write',
  'scope=%E2%80%8Borders.read',
  'requested_token_type=requestor',
  'requested_token_type=undefined',
  'requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Arefresh_token',
  'requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Asaml2',
  'actor_token=x',
  'actor_token=x&actor_token_type=undefined',
  'subject_token=x',
  'grant_type=client_credentials',
  'client_id=orders-api',
  'client_secret=x',
  'client_assertion=x',
  'request=x',
  'request_uri=x',
  'claims=%7B%7D',
  'authorization_details=%5B%5D',
  'x=%zz',
  '&',
  '=x',
  'x',
  `${'a=1&'.repeat(300)}a=1`,
  `x=${'y'.repeat(200_000)}`,
];

test('Policy: no odd, repeated or huge parameter gets a token that was not granted, or an error of ours', async (t) => {
  const server = await startServer(t);
  const body = await exchangeBody(server);

  for (const odd of REFUSED) {
    const { status, text } = await send(server, `${body}&${odd}`);
    assert.ok([400, 401, 413].includes(status), `${odd.slice(0, 60)}: ${status} ${text}`);
    assert.doesNotMatch(text, /access_token/);
  }
  assert.doesNotMatch(JSON.stringify(await server.auditRecords()), /server-error/);
});

test('Policy: names of members of objects, arrays and empty values are nothing', async (t) => {
  const server = await startServer(t);
  const body = await exchangeBody(server);
  const harmless = [
    'resource=&audience=&scope=&actor_token=&actor_token_type=',
    '__proto__=x&constructor=x&toString=x',
    'resource[]=https%3A%2F%2Fbilling.example%2F&scope[]=billing.read&audience[0]=billing',
    'Scope=orders.write&AUDIENCE=billing',
    'resource=https%3A%2F%2Forders.example%2F&audience=orders&audience=orders',
  ];

  for (const odd of harmless) {
    const { status, text } = await send(server, `${body}&${odd}`);
    assert.equal(status, 200, `${odd}: ${text}`);
    const { access_token: token } = JSON.parse(text) as { access_token: string };
    const { aud, scope } = decodeJwt(token);
    assert.deepEqual([aud, scope], ['orders', 'orders.read']);
  }
});

test('Lifetime: a subject token of many centuries makes no longer token; one at its end makes none', async (t) => {
  const server = await startServer(t);
  const now = server.clock.now();

  const long = await server.exchange({
    subject_token: await server.partner.sign({ exp: 253_402_300_799 }),
  });
  const ended = await server.exchange({ subject_token: await server.partner.sign({ exp: now }) });

  assert.equal(decodeJwt(String(long.body['access_token'])).exp, now + 300);
  assert.deepEqual([ended.status, ended.body['error']], [400, 'invalid_request']);
});

test('Authentication: malformed, misplaced and foreign credentials are refusals, all of one client look the same', async (t) => {
  const server = await startServer(t);
  const body = await exchangeBody(server);
  const basic = (text: string): string => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`;
  const wrong = [
    'gateway:wrong',
    'nobody:x',
    '__proto__:x',
    'constructor:x',
    'g\xe4teway:x',
    '%:x',
    '',
  ];
  const odd = [
    `Bearer ${await server.partner.sign()}`,
    'Negotiate abc',
    `Basic\t${GATEWAY_BASIC}`,
    `${GATEWAY_BASIC} x`,
  ];

  const refused = await Promise.all(wrong.map((text) => send(server, body, basic(text))));
  const malformed = await Promise.all(odd.map((text) => send(server, body, text)));

  for (const { status } of refused) assert.equal(status, 401);
  assert.equal(new Set(refused.map(({ text }) => text)).size, 1);
  for (const { status } of malformed) assert.ok(status === 400 || status === 401, String(status));
});

test('Secrets: what was sent in any place is not in the audit, the metrics or an answer', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const secret = 'S3cr3tM4rker';
  const jwt = await server.partner.sign({ jti: `jti-${secret}` });
  const places: readonly (() => Promise<{ readonly text: string }>)[] = [
    () => send(server, `grant_type=client_credentials&client_secret=${secret}`, ''),
    () =>
      send(server, `grant_type=client_credentials&client_id=gateway&client_secret=${secret}`, ''),
    () => send(server, 'grant_type=client_credentials', `Basic ${btoa(`gateway:${secret}`)}`),
    () => send(server, 'grant_type=client_credentials', `Basic ${btoa(`${secret}:x`)}`),
    () => send(server, 'grant_type=client_credentials', `Bearer ${secret}`),
    () => send(server, `grant_type=${secret}`),
    () =>
      send(
        server,
        `grant_type=client_credentials&client_assertion=${secret}&client_assertion_type=x`,
        '',
      ),
    () => server.exchange({ subject_token: secret }),
    () => server.exchange({ subject_token: `${jwt}${secret}` }),
    () => server.exchange({ subject_token: jwt, actor_token: secret, actor_token_type: JWT_TYPE }),
    () => server.exchange({ subject_token: jwt, subject_token_type: secret }),
    () => server.exchange({ subject_token: jwt, requested_token_type: secret }),
    () => server.exchange({ subject_token: jwt }),
    () => server.post('/introspect', { token: secret }),
    () => server.post('/revoke', { token: `${secret}.${secret}.${secret}` }),
    () => server.get(`/${secret}?${secret}`),
    () => sendSoap(server, anIssueMessage({ password: secret })),
    () => sendSoap(server, anIssueMessage().replace('>bob<', `>${secret}<`)),
    () => sendSoap(server, anIssueMessage({ onBehalfOf: `<x>${secret}</x>` })),
    () => sendSoap(server, `<${secret}`),
  ];

  for (const [index, place] of places.entries()) {
    const { text } = await place();
    assert.ok(!text.includes(secret), `answer ${index}: ${text}`);
  }

  const audit = await readFile(join(server.directory, 'data/audit.jsonl'), 'utf8');
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
  assert.ok(
    !audit.includes(secret),
    audit.split('\n').find((line) => line.includes(secret)),
  );
  assert.ok(!metrics.includes(secret));
  // A JWT, not three letters: one of a hundred audits has those in a hash.
  assert.doesNotMatch(audit, /eyJ[\w-]*\.|eyJhbGciOi|SignatureValue/);
});

test('Secrets: a token that came as the name of a target or as a scope stands in the audit without its end', async (t) => {
  const server = await startServer(t);
  const token = await server.partner.sign();
  const signature = token.split('.').at(-1) ?? '';

  const refused = [
    await server.exchange({ audience: token }),
    await server.exchange({ resource: `https://orders.example/?token=${token}` }),
    await server.exchange({ scope: token }),
    await server.exchange({ audience: 'x'.repeat(40_000) }),
  ];

  assert.deepEqual(
    refused.map(({ body }) => body['error']),
    ['invalid_target', 'invalid_target', 'invalid_scope', 'invalid_target'],
  );
  const audit = await readFile(join(server.directory, 'data/audit.jsonl'), 'utf8');
  assert.ok(!audit.includes(signature));
  assert.ok(audit.includes(token.slice(0, 100)));
  assert.ok(audit.split('\n').every((line) => line.length < 2500));
});
