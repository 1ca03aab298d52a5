// Attacks through addresses: what another party writes into a document must not make us talk to our own network.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createFetchText, type FetchLimits, type HostAddress } from '#src/trust/fetch-text.ts';
import { createAddressGuard } from '#src/trust/public-address.ts';
import { startHttpsServer } from '#test/support/server/https-server.ts';

const fetching = (limits: Partial<FetchLimits> = {}) =>
  createFetchText({ allowedHosts: [], timeoutSeconds: 60, maxBodyBytes: 1000, ...limits });
const trusting = ({ certificate }: { certificate: string }): Partial<FetchLimits> => ({
  allowedHosts: ['localhost'],
  certificateAuthorities: [certificate],
});

const NOT_PUBLIC = `
  0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
  169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.168.1.1 198.18.0.1 203.0.113.9
  224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:7f00:1
  ::ffff:8.8.8.8 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 100::1 2001::1
  2001:db8::1 2002:7f00:1:: 3fff::1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::
  64:ff9b::1 64:ff9b:1::808:808 4000::1 localhost 2130706433 127.1 2606:4700::1%1`
  .trim()
  .split(/\s+/);
const PUBLIC = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '64:ff9b::808:808'];

for (const address of ['', ...NOT_PUBLIC]) {
  test(`SSRF: ${address || 'nothing'} is not a public address`, () => {
    assert.equal(createAddressGuard().isPublic(address), false);
  });
}

for (const address of PUBLIC) {
  test(`SSRF: ${address} is a public address`, () => {
    assert.equal(createAddressGuard().isPublic(address), true);
  });
}

async function aTrap(context: TestContext) {
  const connections: string[] = [];
  const server = createServer((socket) => {
    connections.push(socket.remoteAddress ?? '');
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return { connections, port: (server.address() as AddressInfo).port };
}

const SPELLINGS = `
  127.0.0.1 127.1 0x7f.1 2130706433 0177.0.0.1 [::1] [::ffff:127.0.0.1] localhost
  LOCALHOST`
  .trim()
  .split(/\s+/);

for (const host of SPELLINGS) {
  test(`SSRF: no connection goes to loopback as ${host}`, async (context) => {
    const { connections, port } = await aTrap(context);

    const unnamed = /not on a public address, and fetch\.allowedHosts does not name it/;
    await assert.rejects(fetching()(`https://${host}:${port}/`), unnamed);

    assert.deepEqual(connections, []);
  });
}

const answers: readonly (readonly [string, readonly HostAddress[]])[] = [
  ['a private address', [{ address: '127.0.0.1', family: 4 }]],
  [
    'a public and a private address',
    [
      { address: '2606:4700::1111', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ],
  ],
  ['a mapped address', [{ address: '::ffff:127.0.0.1', family: 6 }]],
  ['no address', []],
];

for (const [name, addresses] of answers) {
  test(`SSRF: no connection goes to a host whose name is answered with ${name}`, async (context) => {
    const { connections, port } = await aTrap(context);
    const resolveHost = async () => addresses;

    const result = fetching({ resolveHost })(`https://keys.example:${port}/`);

    await assert.rejects(result, /not on a public address/);
    assert.deepEqual(connections, []);
  });
}

test('SSRF: a name is asked for once, and what was checked is what is connected to (DNS rebinding)', async (context) => {
  const server = await startHttpsServer(context, (_, response) => response.end('checked'));
  const checked: string[] = [];
  let lookups = 0;
  const rebinding: Partial<FetchLimits> = {
    certificateAuthorities: [server.certificate],
    // The second answer leads elsewhere. In this test 127.0.0.1 is the internet.
    resolveHost: async () => {
      lookups += 1;
      return [{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    },
    guard: { isPublic: (address) => checked.push(address) > 0 && address === '127.0.0.1' },
  };

  const { text } = await fetching(rebinding)(`https://keys.example:${server.port}/`);

  assert.equal(text, 'checked');
  assert.equal(lookups, 1);
  assert.deepEqual(checked, ['127.0.0.1']);
});

test('SSRF: a redirect is not followed, neither inside nor out', async (context) => {
  const { connections, port } = await aTrap(context);
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await startHttpsServer(context, (_, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${port}/` }).end();
    });

    const result = fetching(trusting(server))(`${server.origin}/keys`);

    await assert.rejects(result, new RegExp(`status ${status}`));
    assert.deepEqual(server.requests, ['/keys']);
  }
  assert.deepEqual(connections, []);
});

test('Fetch: an allowed host answers over TLS, and Cache-Control is read', async (context) => {
  const headers: readonly (readonly [string | undefined, number | undefined])[] = [
    ['public, max-age=120', 120],
    ['max-age="90"', 90],
    ['no-store', 0],
    ['no-cache, max-age=60', 0],
    ['s-maxage=5', undefined],
    [undefined, undefined],
  ];
  for (const [cacheControl, maxAgeSeconds] of headers) {
    const server = await startHttpsServer(context, (_, response) => {
      if (cacheControl !== undefined) response.setHeader('cache-control', cacheControl);
      response.end('{"keys":[]}');
    });

    const document = await fetching(trusting(server))(`${server.origin}/keys`);

    assert.equal(document.text, '{"keys":[]}');
    assert.equal(document.maxAgeSeconds, maxAgeSeconds);
  }
});

test('RFC 9111 §4.2.3: what an answer was kept on its way is no longer its time', async (context) => {
  const ages: readonly (readonly [string, number])[] = [
    ['100', 20],
    ['0', 120],
    ['999999999999', 0],
    ['-5', 120],
    ['old', 120],
  ];
  for (const [age, maxAgeSeconds] of ages) {
    const server = await startHttpsServer(context, (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=120', age }).end('{"keys":[]}');
    });

    const document = await fetching(trusting(server))(`${server.origin}/keys`);

    assert.equal(document.maxAgeSeconds, maxAgeSeconds);
  }
});

test('Fetch: allowed are exactly the hosts on the list, with their port where one is named', async (context) => {
  const server = await startHttpsServer(context, (_, response) => response.end('ok'));
  const limits = trusting(server);

  await fetching({ ...limits, allowedHosts: [`localhost:${server.port}`] })(server.origin);

  await assert.rejects(
    fetching({ ...limits, allowedHosts: ['127.0.0.1:443'] })('https://127.0.0.1/'),
    { code: 'ECONNREFUSED' },
  );
  for (const host of ['localhost:1', 'ocalhost', 'a.localhost', 'https://localhost', '']) {
    const result = fetching({ ...limits, allowedHosts: [host] })(server.origin);
    await assert.rejects(result, /not on a public address/);
  }
});

test('Fetch: a certificate that is not trusted is refused', async (context) => {
  const server = await startHttpsServer(context, (_, response) => response.end('ok'));

  await assert.rejects(fetching({ allowedHosts: ['localhost'] })(server.origin), /self-signed/);
});

test('Fetch: plain http is for allowed hosts only, and no other scheme for anybody', async (context) => {
  const server = http.createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const allowed = fetching({ allowedHosts: ['127.0.0.1'] });

  assert.equal((await allowed(`http://127.0.0.1:${port}/`)).text, 'ok');

  await assert.rejects(fetching()(`http://127.0.0.1:${port}/`), /not https/);
  for (const url of ['http://8.8.8.8/', 'file:///etc/passwd', 'ftp://127.0.0.1/', 'data:,x']) {
    await assert.rejects(allowed(url), /not https/);
  }
  for (const credentials of ['user:pass', 'user', ':pass']) {
    await assert.rejects(allowed(`https://${credentials}@127.0.0.1/`), /credentials/);
  }
  await assert.rejects(allowed('keys'), /Invalid URL/);
});

const bodies: readonly (readonly [string, http.RequestListener, RegExp])[] = [
  ['that says it is too long', (_, response) => response.end('x'.repeat(1001)), /too long/],
  [
    'that goes on without end',
    (_, response) => {
      const send = () => response.write('x'.repeat(400)) && setImmediate(send);
      response.on('drain', send);
      send();
    },
    /too long/,
  ],
  [
    'that is compressed',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    /compressed/,
  ],
  ['that is not UTF-8', (_, response) => response.end(Buffer.from([0xc0, 0x80])), /encoded data/],
  ['with status 404', (_, response) => response.writeHead(404).end('{}'), /status 404/],
  ['with status 206', (_, response) => response.writeHead(206).end('{}'), /status 206/],
  [
    'that breaks off',
    (_, response) => response.write('x') && response.destroy(),
    /aborted|hang up/,
  ],
];

for (const [name, listener, message] of bodies) {
  test(`Fetch: refuses an answer ${name}`, async (context) => {
    const server = await startHttpsServer(context, listener);

    await assert.rejects(fetching(trusting(server))(server.origin), message);
  });
}

test('Fetch: refuses an answer that changes the protocol: nothing more would come of it, and whoever waits would wait for ever (RFC 9110 §7.8)', async (context) => {
  const server = createServer((socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const allowed = fetching({ allowedHosts: ['127.0.0.1'] });

  await assert.rejects(allowed(`http://127.0.0.1:${port}/`), /status 101/);
});

test('Fetch: an answer of exactly the limit is taken', async (context) => {
  const server = await startHttpsServer(context, (_, response) => response.end('x'.repeat(1000)));

  assert.equal((await fetching(trusting(server))(server.origin)).text.length, 1000);
});

test('Fetch: gives up on a name that nobody looks up', async (context) => {
  const resolveHost = () => new Promise<never>(() => undefined);
  // Else nothing is left to wait for.
  const alive = setInterval(() => undefined, 1000);
  context.after(() => clearInterval(alive));

  const result = fetching({ resolveHost, timeoutSeconds: 0.2 })('https://keys.example/');

  await assert.rejects(result, { message: 'no answer within 0.2 s' });
});

const slow: readonly (readonly [string, http.RequestListener])[] = [
  ['never answers', () => undefined],
  ['never ends', (_, response) => void response.write('x')],
];

for (const [name, listener] of slow) {
  test(`Fetch: gives up on a server that ${name}`, async (context) => {
    const server = await startHttpsServer(context, listener);
    const limits = { ...trusting(server), timeoutSeconds: 0.2 };

    await assert.rejects(fetching(limits)(server.origin), { message: /^no answer within 0\.2 s$/ });
  });
}

test('SSRF: proxy variables of the environment are not followed', async (context) => {
  const { connections, port } = await aTrap(context);
  const server = await startHttpsServer(context, (_, response) => response.end('direct'));
  const proxy = `http://127.0.0.1:${port}`;
  const script = `
    const { createFetchText } = await import('#src/trust/fetch-text.ts');
    const fetchText = createFetchText({ allowedHosts: ['localhost'], timeoutSeconds: 60,
      maxBodyBytes: 100, certificateAuthorities: [process.env.TEST_CA] });
    process.stdout.write((await fetchText(process.env.TEST_URL)).text);`;
  const env = {
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    TEST_CA: server.certificate,
    TEST_URL: server.origin,
  };

  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });

  assert.equal(stdout, 'direct');
  assert.deepEqual(connections, []);
});
