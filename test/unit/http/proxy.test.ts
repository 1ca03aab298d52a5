import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { TLSSocket } from 'node:tls';
import Koa from 'koa';
import { createTrustedProxies, pinHost, sourceAddress, trustProxies } from '#src/http/proxy.ts';
import { requestState } from '#src/http/request-state.ts';
import { send, sendRaw, serve } from './http-fixture.ts';

const PROXIES = createTrustedProxies(['10.0.0.0/8', '2001:db8::/32']);

for (const [rule, peer, forwardedFor, expected] of [
  ['a peer that is no proxy is the source, whatever it says', '192.0.2.1', '1.1.1.1', '192.0.2.1'],
  ['a proxy names the source', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['the rightmost untrusted one counts', '10.0.0.1', '6.6.6.6, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
  ['all trusted: the leftmost', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['a proxy that names nobody is the source', '10.0.0.1', undefined, '10.0.0.1'],
  ['nonsense ends the chain', '10.0.0.1', '192.0.2.1, nonsense', '10.0.0.1'],
  ['an empty element ends the chain', '10.0.0.1', '192.0.2.1,', '10.0.0.1'],
  ['a port is cut off', '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
  ['IPv6 with a port', '10.0.0.1', '[2001:db9::1]:4711', '2001:db9::1'],
  ['what follows a bracket is nonsense', '10.0.0.1', '[2001:db9::1]x', '10.0.0.1'],
  ['IPv6 proxies', '2001:db8::1', '2001:db9::1', '2001:db9::1'],
  ['an IPv4-mapped peer is in its IPv4 block', '::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['the other spelling of a mapped peer too', '::ffff:a00:1', '192.0.2.1', '192.0.2.1'],
] as const) {
  test(`source address: ${rule}`, () => {
    assert.equal(sourceAddress(peer, forwardedFor, PROXIES), expected);
  });
}

test('source address: a connection that is gone has none', () => {
  assert.equal(sourceAddress('', '192.0.2.1', PROXIES), '');
});

test('source address: with no trusted proxy the peer is the source', () => {
  assert.equal(sourceAddress('10.0.0.1', '1.1.1.1', createTrustedProxies([])), '10.0.0.1');
});

test('source address: a very long chain costs nothing and ends at a proxy', () => {
  const chain = Array.from({ length: 10_000 }, () => '10.0.0.2').join(',');

  assert.equal(sourceAddress('10.0.0.1', `192.0.2.1,${chain}`, PROXIES), '10.0.0.2');
});

for (const block of ['10.0.0.0', '10.0.0.0/33', 'example.org/8', '10.0.0.0/8/8', '10.0.0.0/']) {
  test(`trusted proxies: ${block} is refused`, () => {
    assert.throws(() => createTrustedProxies([block]));
  });
}

interface Mirrored {
  readonly seen: Readonly<Record<string, string>>;
  /** The headers between the two middlewares. */
  readonly before: Readonly<Record<string, string>>;
}

const parseMirrored = (text: string): Mirrored => JSON.parse(text) as Mirrored;

/** A server that answers with what the application sees of its own name and of the client. */
async function aMirror(t: TestContext, trusted: readonly string[], issuer: string) {
  const app = new Koa({ proxy: true });
  app.use(trustProxies(createTrustedProxies(trusted)));
  app.use((ctx, next) => {
    requestState(ctx).route = JSON.stringify(ctx.req.headers);
    return next();
  });
  app.use(pinHost(issuer));
  app.use((ctx) => {
    const { href, host, hostname, protocol, ip, path, url, search } = ctx;
    const full = ctx.URL.href;
    const source = requestState(ctx).sourceAddress;
    const before = JSON.parse(requestState(ctx).route ?? '') as object;
    const { originalUrl } = ctx;
    const header = ctx.req.headers.host;
    ctx.body = {
      seen: {
        originalUrl,
        header,
        href,
        full,
        host,
        hostname,
        protocol,
        ip,
        path,
        url,
        search,
        source,
      },
      before,
    };
  });
  const { port } = await serve(t, (request, response) => void app.callback()(request, response));
  return port;
}

const SPOOFED = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-for': '6.6.6.6',
  forwarded: 'host=evil.example',
  'x-real-ip': '6.6.6.6',
};

test('host pin: whatever Host and forwarding headers say, the application sees the issuer', async (t) => {
  const port = await aMirror(t, [], 'https://sts.example.org');

  const { body } = await send({ port, path: '/token?a=1', headers: SPOOFED });

  assert.deepEqual(parseMirrored(body).seen, {
    href: 'https://sts.example.org/token?a=1',
    full: 'https://sts.example.org/token?a=1',
    host: 'sts.example.org',
    hostname: 'sts.example.org',
    protocol: 'https',
    ip: '127.0.0.1',
    path: '/token',
    originalUrl: '/token?a=1',
    header: 'sts.example.org',
    url: '/token?a=1',
    search: '?a=1',
    source: '127.0.0.1',
  });
});

test('host pin: a trusted proxy has no say in our name either', async (t) => {
  const port = await aMirror(t, ['127.0.0.0/8'], 'https://sts.example.org:8443');

  const headers = { ...SPOOFED, 'x-forwarded-for': '6.6.6.6, 192.0.2.1' };
  const { body } = await send({ port, headers });

  const { seen } = parseMirrored(body);
  assert.equal(seen['href'], 'https://sts.example.org:8443/');
  assert.equal(seen['ip'], '192.0.2.1');
  assert.equal(seen['source'], '192.0.2.1');
});

for (const [target, path] of [
  ['http://evil.example/token?a=1', '/token'],
  ['HTTPS://evil.example:99/token', '/token'],
  ['http://evil.example', '/'],
  ['http://evil.example?b/c=1', '/'],
] as const) {
  test(`host pin: the host of the absolute target ${target} is not seen`, async (t) => {
    const port = await aMirror(t, [], 'https://sts.example.org');

    const received = await sendRaw(
      port,
      `GET ${target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    );

    const { seen } = parseMirrored(/\{.*\}/.exec(received)?.[0] ?? '');
    assert.equal(seen['path'], path);
    assert.equal(seen['search'], /\?.*/.exec(target)?.[0] ?? '');
    assert.match(seen['originalUrl'] ?? '', /^\//);
    assert.match(seen['href'] ?? '', /^https:\/\/sts\.example\.org\//);
    assert.match(seen['full'] ?? '', /^https:\/\/sts\.example\.org\//);
  });
}

test('proxies: forwarding headers of others are taken off', async (t) => {
  const port = await aMirror(t, ['10.0.0.0/8'], 'https://sts.example.org');
  const headers = {
    ...SPOOFED,
    'x-forwarded-prefix': '/a',
    'client-cert': ':AQI=:',
    'client-cert-chain': ':AQI=:',
  };

  const { body } = await send({ port, headers });

  const { before } = parseMirrored(body);
  assert.deepEqual(Object.keys(before).sort(), ['connection', 'host']);
});

const wasPlain = (peer: string, kind: object, headers = {}): boolean | undefined => {
  const socket: unknown = Object.create(kind, { remoteAddress: { value: peer } });
  const ctx = { state: {}, req: { headers, socket } };
  void trustProxies(createTrustedProxies(['192.0.2.0/24']))(ctx as unknown as Koa.Context, () =>
    Promise.resolve(),
  );
  return requestState(ctx).wasPlain;
};

test('trusted proxies: what comes without TLS from elsewhere than a proxy or this host came in the clear', () => {
  const peers = [
    '192.0.2.1',
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '198.51.100.1',
    '::ffff:198.51.100.1',
  ];

  const plain = peers.map((peer) => wasPlain(peer, Socket.prototype));
  const overTls = wasPlain('198.51.100.1', TLSSocket.prototype);

  assert.deepEqual(plain, [false, false, false, false, true, true]);
  assert.equal(overTls, false);
});

for (const [headers, isPlain] of [
  [{}, false],
  [{ 'x-forwarded-proto': 'https' }, false],
  [{ 'x-forwarded-proto': 'HTTP' }, true],
  [{ 'x-forwarded-proto': 'https, http' }, true],
  [{ 'x-forwarded-proto': 'http,https' }, true],
  [{ forwarded: 'for=192.0.2.1;proto=https' }, false],
  [{ forwarded: 'for=192.0.2.1;proto="http"' }, true],
  [{ forwarded: 'Proto = HTTP;by=a, proto=https' }, true],
] as const)
  test(`trusted proxies: one that says ${JSON.stringify(headers)} tells of ${isPlain ? '' : 'no '}message in the clear`, () => {
    assert.equal(wasPlain('192.0.2.1', TLSSocket.prototype, headers), isPlain);
  });
