// RFC 9440: of whom the header with a client's certificate is believed.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import test, { type TestContext } from 'node:test';
import { clientCertificates } from '#src/http/client-certificates.ts';
import { createTrustedProxies } from '#src/http/proxy.ts';

const HEADERS = { 'client-cert': ':AQI=:', 'client-cert-chain': ':Aw==:, :BA==:' };

async function received(
  t: TestContext,
  headers: Record<string, string | string[]>,
): Promise<IncomingMessage> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  const server = createServer((request, response) => {
    resolve(request);
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const list = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  await fetch(`http://127.0.0.1:${String(address.port)}/`, { headers: list });
  return promise;
}

const hexOf = (certificates: readonly Uint8Array[]) =>
  certificates.map((der) => Buffer.from(der).toString('hex'));
const OURS = createTrustedProxies(['127.0.0.0/8']);
const OTHERS = createTrustedProxies(['192.0.2.0/24']);

test('a trusted proxy is believed, whoever else is not', async (t) => {
  const request = await received(t, HEADERS);

  assert.deepEqual(hexOf(clientCertificates(request, 'client-cert-header', OURS)), [
    '0102',
    '03',
    '04',
  ]);
  assert.deepEqual(clientCertificates(request, 'client-cert-header', OTHERS), []);
});

test('where the configuration does not say that proxies set it, nobody is believed', async (t) => {
  const request = await received(t, HEADERS);

  assert.deepEqual(clientCertificates(request, 'handshake', OURS), []);
  assert.deepEqual(clientCertificates(request, 'nowhere', OURS), []);
});

for (const value of ['AQI=', ':AQI:', ':AQI=: ', ':A*I=:', '::', ':AQI=:, :AQI=:', '']) {
  test(`a header of ${value.trim() || 'nothing'} is ${value.trim() === ':AQI=:' ? 'one' : 'none'}`, async (t) => {
    const request = await received(t, { 'client-cert': value });

    const expected = value.trim() === ':AQI=:' ? ['0102'] : [];
    assert.deepEqual(hexOf(clientCertificates(request, 'client-cert-header', OURS)), expected);
  });
}

test('of a chain six are taken', async (t) => {
  const chain = Array.from({ length: 6 }, () => ':Aw==:').join(', ');
  const request = await received(t, { ...HEADERS, 'client-cert-chain': chain });

  assert.equal(clientCertificates(request, 'client-cert-header', OURS).length, 6);
});

test('half a chain is none', async (t) => {
  const request = await received(t, { ...HEADERS, 'client-cert-chain': ':Aw==:, x' });

  assert.deepEqual(hexOf(clientCertificates(request, 'client-cert-header', OURS)), ['0102']);
});
