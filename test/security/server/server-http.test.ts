// Attacks on the HTTP layer of a whole server: targets, framing, headers, methods, paths, pages of other origins.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';
import { GATEWAY_BASIC } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

const WRONG = `Basic ${Buffer.from('gateway:wrong').toString('base64')}`;
const UNKNOWN = `Basic ${Buffer.from('nobody:wrong').toString('base64')}`;
const FORM = 'application/x-www-form-urlencoded';
const BODY = 'grant_type=client_credentials&resource=https%3A%2F%2Forders.example%2F';

/** Sends bytes as they are; the last request must ask for the connection to be closed. */
async function sendRaw({ url }: Pick<TestServer, 'url'>, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(request);
  return textOf(socket);
}

interface RawRequest {
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

function aRequest({ target = '/token', headers = [], body = BODY }: RawRequest = {}): string {
  const framing = headers.some((line) => line.startsWith('Transfer-Encoding'))
    ? []
    : [`Content-Length: ${body.length}`];
  const lines = [
    `POST ${target} HTTP/1.1`,
    'Host: evil.example',
    ...headers,
    `Authorization: ${GATEWAY_BASIC}`,
    `Content-Type: ${FORM}`,
    ...framing,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

test('HTTP: a target that no parser can read is a plain refusal, never an error of ours', async (t) => {
  const server = await startServer(t);
  // One of them has the path of an address that is only posted to.
  const refusals = [
    ['http://[::1', 404],
    ['http://[::1/token', 405],
    ['//user@[x#', 404],
    ['/%ff%zz', 404],
  ] as const;

  const answers: string[] = [];
  for (const [target] of refusals) {
    answers.push(
      await sendRaw(server, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
  }

  assert.deepEqual(
    answers.map(statusOf),
    refusals.map(([, status]) => status),
  );
  for (const answer of answers) assert.match(answer, /x-correlation-id: /i);
});

test('HTTP: the host of an absolute target, Host and forwarding headers have no say', async (t) => {
  const server = await startServer(t);
  const forwarded = [
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Proto: http',
    'Forwarded: host=evil.example',
  ];

  const token = await sendRaw(
    server,
    aRequest({ target: 'https://evil.example/token', headers: forwarded }),
  );
  const metadata = await sendRaw(
    server,
    `GET https://evil.example/.well-known/openid-configuration HTTP/1.1\r\nHost: evil.example\r\n${forwarded.join('\r\n')}\r\nConnection: close\r\n\r\n`,
  );

  assert.equal(statusOf(token), 200);
  assert.equal(statusOf(metadata), 200);
  assert.doesNotMatch(metadata, /evil/);
});

test('RFC 6749 §3.2: a secret or token that a trusted proxy got in the clear is refused, by each header that says so', async (t) => {
  const server = await startServer(t, (document) => {
    document['trustedProxies'] = ['127.0.0.0/8'];
  });
  const ask = (path: string, ...headers: string[]) =>
    sendRaw(server, aRequest({ target: path, headers }));
  const answered = [
    await ask('/token'),
    await ask('/token', 'X-Forwarded-Proto: https'),
    await ask('/token', 'Forwarded: for=192.0.2.1;proto=https'),
  ];
  const before = (await server.auditRecords()).length;

  const refused = [
    await ask('/token', 'X-Forwarded-Proto: http'),
    await ask('/token', 'X-Forwarded-Proto: https, http'),
    await ask('/token', 'Forwarded: for=192.0.2.1;proto=http'),
    await ask('/introspect', 'X-Forwarded-Proto: http'),
    await ask('/revoke', 'X-Forwarded-Proto: http'),
  ];

  assert.deepEqual(answered.map(statusOf), [200, 200, 200]);
  assert.deepEqual(refused.map(statusOf), [400, 400, 400, 400, 400]);
  for (const answer of refused) assert.match(answer, /"error":"invalid_request"/);
  const records = (await server.auditRecords()).slice(before);
  assert.deepEqual([...new Set(records.map(({ detail }) => detail))], ['it came without TLS']);
});

test('RFC 9112 §3.2: two Host headers, one that is no host, and none at all are refused, on both listeners', async (t) => {
  const server = await startServer(t);
  const get = (url: string, ...lines: string[]) =>
    sendRaw({ url }, ['GET /livez HTTP/1.1', ...lines, 'Connection: close', '', ''].join('\r\n'));
  const hostile: readonly (readonly string[])[] = [
    [],
    ['Host: sts.example.org', 'Host: evil.example'],
    ['Host: sts.example.org', 'Host: sts.example.org'],
    ['Host: sts.example.org', 'hOST:'],
    ['Host: sts.example.org evil.example'],
    ['Host: user@sts.example.org'],
    ['Host: sts.example.org/token'],
    ['Host: sts.example.org:80:80'],
    ['Host: [::1'],
  ];
  const good = ['Host:', 'Host: sts.example.org', 'Host: sts.example.org:8443', 'Host: [::1]:8443'];

  for (const url of [server.url, server.managementUrl]) {
    for (const lines of hostile)
      assert.match(await get(url, ...lines), /^HTTP\/1\.1 400 /, `${url} ${lines.join()}`);
    for (const line of good)
      assert.doesNotMatch(await get(url, line), /^HTTP\/1\.1 400 /, `${url} ${line}`);
  }
  const token = aRequest({ headers: ['Host: sts.example.org'] });
  assert.equal(statusOf(await sendRaw(server, token)), 400);
  assert.equal(statusOf(await sendRaw(server, token.replace('Host: evil.example\r\n', ''))), 200);
});

test('HTTP: a chunked body is read as any other; two framings at once are refused', async (t) => {
  const server = await startServer(t);
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  const chunked = { headers: ['Transfer-Encoding: chunked'], body: chunks };

  const good = await sendRaw(server, aRequest(chunked));
  const smuggled = await sendRaw(
    server,
    aRequest({ ...chunked, headers: ['Content-Length: 5', 'Transfer-Encoding: chunked'] }),
  );

  assert.equal(statusOf(good), 200);
  assert.equal(statusOf(smuggled), 400);
});

test('RFC 9112 §6.1: a body that is coded on its way is refused, whatever the code, before anybody reads it', async (t) => {
  const server = await startServer(t);
  const body = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  const send = async (coding: string) =>
    statusOf(await sendRaw(server, aRequest({ headers: [`Transfer-Encoding: ${coding}`], body })));

  for (const coding of [
    'gzip, chunked',
    'deflate,chunked',
    'identity, chunked',
    'chunked, chunked',
  ])
    assert.ok([400, 501].includes(await send(coding)), coding);
  for (const coding of ['chunked', 'Chunked']) assert.equal(await send(coding), 200, coding);
});

test('RFC 9112 §6.1: Transfer-Encoding in a message of HTTP/1.0 is faulty framing, and its connection asks no more', async (t) => {
  const server = await startServer(t);
  const body = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  const next = 'GET /jwks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const asked = (version: string) =>
    aRequest({ headers: ['Transfer-Encoding: chunked'], body })
      .replace('HTTP/1.1', `HTTP/${version}`)
      .replace('Connection: close', 'Connection: keep-alive') + next;

  const old = await sendRaw(server, asked('1.0'));
  const current = await sendRaw(server, asked('1.1'));

  assert.deepEqual(old.match(/HTTP\/1\.1 \d{3}/g), ['HTTP/1.1 400']);
  assert.deepEqual(current.match(/HTTP\/1\.1 \d{3}/g), ['HTTP/1.1 200', 'HTTP/1.1 200']);
});

test('RFC 9110 §10.1.1: an expectation that nobody meets is refused as any other request is: once, and its connection asks no more', async (t) => {
  const server = await startServer(t);
  const ask = (expectation: string, more = '') =>
    `GET /jwks HTTP/1.1\r\nHost: x\r\nExpect: ${expectation}\r\n${more}\r\n`;
  const last = ask('200-ok', 'Connection: close\r\n');

  const refused = await sendRaw(server, ask('200-ok').repeat(9) + last);
  const met = await sendRaw(server, ask('100-Continue', 'Connection: close\r\n'));

  assert.deepEqual(refused.match(/HTTP\/1\.1 \d{3}/g), ['HTTP/1.1 417']);
  assert.deepEqual(met.match(/HTTP\/1\.1 \d{3}/g), ['HTTP/1.1 100', 'HTTP/1.1 200']);
});

test('HTTP: credentials in a trailer do not count', async (t) => {
  const server = await startServer(t);
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\nAuthorization: ${GATEWAY_BASIC}\r\n\r\n`;
  const trailer = aRequest({
    headers: ['Transfer-Encoding: chunked', 'Trailer: authorization'],
    body: chunks,
  }).replace(`Authorization: ${GATEWAY_BASIC}\r\nContent-Type`, 'Content-Type');

  assert.equal(statusOf(await sendRaw(server, trailer)), 401);
});

test('RFC 9110 §5.3: of two Authorization or Content-Type headers none counts, unless they say the same', async (t) => {
  const server = await startServer(t);
  const ask = async (first: string, ...others: string[]) =>
    statusOf(
      await sendRaw(
        server,
        aRequest().replace(first, (line) => [line, ...others].join('\r\n')),
      ),
    );
  const authorization = `Authorization: ${GATEWAY_BASIC}`;
  const contentType = `Content-Type: ${FORM}`;

  assert.equal(await ask(authorization, `Authorization: ${UNKNOWN}`), 400);
  assert.equal(await ask('Host: evil.example', `authorization: ${UNKNOWN}`), 400);
  assert.equal(await ask(contentType, 'Content-Type: application/json'), 400);
  assert.equal(await ask('Host: evil.example', 'content-type: application/json'), 400);
  assert.equal(
    await ask(authorization, authorization.toUpperCase().slice(0, 14) + GATEWAY_BASIC),
    200,
  );
  assert.equal(await ask(contentType, contentType), 200);
});

test('RFC 6585 §5: more headers than are read are a refusal, or those behind them, such as what a proxy adds, were lost', async (t) => {
  const server = await startServer(t, (document) => {
    document['trustedProxies'] = ['127.0.0.0/8'];
  });
  const ask = async (others: number) => {
    const many = Array.from({ length: others }, (_, at) => `X-${at}: x`);
    const request = aRequest({ headers: many });
    const proxied = 'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nConnection: close';
    return sendRaw(server, request.replace('Connection: close', proxied));
  };

  // With the seven of the request and of the proxy a hundred.
  const all = await ask(93);
  const tooMany = await ask(94);

  assert.equal(statusOf(all), 400);
  const [record] = (await server.auditRecords()).slice(-1);
  assert.deepEqual(
    [record?.['detail'], record?.['sourceAddress']],
    ['it came without TLS', '203.0.113.9'],
  );
  assert.equal(statusOf(tooMany), 431);
  assert.equal(statusOf(await ask(500)), 431);
});

test('HTTP: of two requests in one segment each is judged by its own credentials', async (t) => {
  const server = await startServer(t);
  const first = aRequest().replace('Connection: close\r\n', '');
  const second = aRequest().replace(GATEWAY_BASIC, WRONG);

  const answer = await sendRaw(server, first + second);

  assert.deepEqual(
    [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status),
    ['200', '401'],
  );
});

test('HTTP: only the exact path is the endpoint, and only by POST', async (t) => {
  const server = await startServer(t);
  const paths = [
    '/token/',
    '//token',
    '/TOKEN',
    '/%74oken',
    '/token%2f',
    '/token;x',
    '/reg',
    '/session/end',
  ];
  const methods = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
  const headers = { authorization: GATEWAY_BASIC, 'x-http-method-override': 'POST' };

  const byPath = await Promise.all(
    paths.map((path) => sendRaw(server, aRequest({ target: path }))),
  );
  const byMethod = await Promise.all(
    methods.map((method) => fetch(`${server.url}/token?${BODY}`, { method, headers })),
  );

  assert.deepEqual(
    byPath.map(statusOf),
    paths.map(() => 404),
  );
  assert.deepEqual(
    byMethod.map(({ status }) => status),
    methods.map(() => 405),
  );
});

for (const path of ['/token', '/introspect', '/revoke']) {
  test(`HTTP: ${path} tells a web page nothing, not even which clients there are`, async (t) => {
    const server = await startServer(t);
    const send = async (authorization: string) => {
      const headers = { authorization, origin: 'https://evil.example', 'content-type': FORM };
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers,
        body: `${BODY}&token=x`,
      });
      return { status: response.status, text: await response.text(), headers: response.headers };
    };
    const preflight = await fetch(server.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });

    const answers = [await send(GATEWAY_BASIC), await send(WRONG), await send(UNKNOWN)];

    for (const { status, text, headers } of answers) {
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(text), { error: 'invalid_request' });
      assert.equal(headers.get('access-control-allow-origin'), null);
    }
    assert.equal(preflight.status, 405);
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    const records = await server.auditRecords();
    assert.equal(records.filter(({ outcome }) => outcome === 'refused').length, 3);
  });
}
