import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { Agent } from 'node:https';
import test from 'node:test';
import { TLSSocket } from 'node:tls';
import { clientCertificates } from '#src/http/client-certificates.ts';
import { createListener } from '#src/http/listener.ts';
import { type Certificate, selfSigned } from '#test/support/x509/certificate.ts';
import { send, sendRaw, serve } from './http-fixture.ts';

const answer: RequestListener = (_, response) => void response.end('ok');
const showCertificate: RequestListener = (request, response) => {
  const [certificate] = clientCertificates(request, 'handshake', { has: () => false });
  response.end(certificate ? new X509Certificate(certificate).subject : 'none');
};

const asTls = ({ certPem, keyPem }: Certificate) => ({ certificatePem: certPem, keyPem });

for (const host of ['0.0.0.0', '::', '192.0.2.1', 'sts.example.org', '127.example.org']) {
  test(`listener: plain HTTP on ${host} is refused`, () => {
    assert.throws(() => createListener({ host, port: 0 }, answer), /plain HTTP/);
  });
}

for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) {
  test(`listener: plain HTTP on ${host} is allowed`, () => {
    createListener({ host, port: 0 }, answer);
  });
}

test('listener: plain HTTP is allowed where the proxies before it are named', () => {
  createListener({ host: '0.0.0.0', port: 0, isGuarded: true }, answer);
});

test('listener: serves over TLS 1.3', async (t) => {
  const certificate = await selfSigned(['localhost']);
  const { port } = await serve(t, answer, { tls: asTls(certificate) });

  const { body } = await send({ port, tls: { ca: certificate.certPem, minVersion: 'TLSv1.3' } });

  assert.equal(body, 'ok');
});

test('listener: serves over TLS 1.2 and refuses TLS 1.1', async (t) => {
  const certificate = await selfSigned(['localhost']);
  const { port } = await serve(t, answer, { tls: asTls(certificate) });
  const ca = certificate.certPem;
  const tls11 = {
    ca,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const;

  await send({ port, tls: { ca, maxVersion: 'TLSv1.2' } });

  await assert.rejects(send({ port, tls: tls11 }), /protocol version/i);
});

test('listener: a certificate that does not fit its key is refused', async () => {
  const [left, right] = await Promise.all([selfSigned(['a']), selfSigned(['b'])]);
  const tls = { certificatePem: left.certPem, keyPem: right.keyPem };

  assert.throws(() => createListener({ host: '::', port: 0, tls }, answer), /key values mismatch/);
});

test('W16: a client certificate of an unknown CA does not end the handshake', async (t) => {
  const [server, client] = await Promise.all([selfSigned(['localhost']), selfSigned(['client'])]);
  const tls = { ...asTls(server), clientCertificates: 'optional' } as const;
  const { port } = await serve(t, showCertificate, { tls });
  const ca = server.certPem;

  const shown = await send({ port, tls: { ca, cert: client.certPem, key: client.keyPem } });
  const without = await send({ port, tls: { ca } });

  assert.equal(shown.body, 'CN=client');
  assert.equal(without.body, 'none');
});

test('listener: a client certificate that was shown counts where certificates are taken from the handshake alone', async (t) => {
  const [server, client] = await Promise.all([selfSigned(['localhost']), selfSigned(['client'])]);
  const tls = { ...asTls(server), clientCertificates: 'optional' } as const;
  const everybody = { has: () => true };
  const count: RequestListener = (request, response) => {
    const sources = ['handshake', 'client-cert-header', 'nowhere'] as const;
    const taken = sources.map((source) => clientCertificates(request, source, everybody).length);
    response.end(taken.join());
  };
  const { port } = await serve(t, count, { tls });

  const { body } = await send({
    port,
    tls: { ca: server.certPem, cert: client.certPem, key: client.keyPem },
  });

  assert.equal(body, '1,0,0');
});

test('listener: a client certificate is not asked for unless it is configured', async (t) => {
  const [server, client] = await Promise.all([selfSigned(['localhost']), selfSigned(['client'])]);
  const { port } = await serve(t, showCertificate, { tls: asTls(server) });

  const { body } = await send({
    port,
    tls: { ca: server.certPem, cert: client.certPem, key: client.keyPem },
  });

  assert.equal(body, 'none');
});

test('listener: on plain HTTP there is no client certificate', async (t) => {
  const { port } = await serve(t, showCertificate);

  assert.equal((await send({ port })).body, 'none');
});

test('listener: a certificate is replaced while it serves', async (t) => {
  const [old, next] = await Promise.all([selfSigned(['localhost']), selfSigned(['localhost'])]);
  const listener = await serve(t, answer, { tls: asTls(old) });

  listener.replaceCertificate(asTls(next));

  const { body } = await send({ port: listener.port, tls: { ca: next.certPem } });
  assert.equal(body, 'ok');
});

// A session keeps of what came with a client certificate nothing that its path may need.
test('listener: where clients are asked for certificates no session is resumed, after a change of ours neither', async (t) => {
  const certificate = await selfSigned(['localhost']);
  const tls = { ...asTls(certificate), clientCertificates: 'optional' } as const;
  const listener = await serve(
    t,
    ({ socket }, response) => {
      response.end(String(socket instanceof TLSSocket && socket.isSessionReused()));
    },
    { tls },
  );
  const agent = new Agent({ ca: certificate.certPem, maxVersion: 'TLSv1.2', keepAlive: false });
  const ask = async () => (await send({ port: listener.port, tls: { agent } })).body;

  const before = [await ask(), await ask()];
  listener.replaceCertificate(tls);

  assert.deepEqual([...before, await ask(), await ask()], Array(4).fill('false'));
});

test('listener: one without TLS has no certificate to replace', async (t) => {
  const listener = await serve(t, answer);

  assert.throws(() => listener.replaceCertificate({ certificatePem: '', keyPem: '' }), /no TLS/);
});

for (const [what, head] of [
  ['has two hosts', 'Host: a\r\nHost: a\r\nTransfer-Encoding: chunked\r\n'],
  ['is coded on its way', 'Host: a\r\nTransfer-Encoding: gzip, chunked\r\n'],
] as const)
  test(`RFC 9112 §9.6: with the refusal of a message that ${what} the connection ends, and nothing that came with it is heard`, async (t) => {
    let heard = 0;
    const { port } = await serve(t, (_, response) => {
      heard += 1;
      response.end();
    });
    const next = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

    const received = await sendRaw(port, `POST / HTTP/1.1\r\n${head}\r\n0\r\n\r\n${next}`);

    assert.match(received, /^HTTP\/1\.1 (?:400|501) /);
    assert.match(received, /^connection: close\r$/im);
    assert.equal(heard, 0);
  });

test('listener: 16 KiB of headers are the limit', async (t) => {
  const { port } = await serve(t, answer);

  const { status } = await send({ port, headers: { 'x-big': 'x'.repeat(17_000) } });

  assert.equal(status, 431);
});

test('listener: headers that do not come are not waited for', async (t) => {
  const limits = { headersTimeoutMilliseconds: 20, checkEveryMilliseconds: 5 };
  const { port } = await serve(t, answer, { limits });

  const received = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n');

  assert.match(received, /^HTTP\/1\.1 408 /);
});

test('listener: a handshake that does not begin is not waited for', async (t) => {
  const limits = { headersTimeoutMilliseconds: 20 };
  const { port } = await serve(t, answer, { limits, tls: asTls(await selfSigned(['localhost'])) });

  assert.equal(await sendRaw(port, ''), '');
});

test('listener: a body that does not come is not waited for', async (t) => {
  const limits = {
    headersTimeoutMilliseconds: 20,
    requestTimeoutMilliseconds: 20,
    checkEveryMilliseconds: 5,
  };
  const { port } = await serve(t, (request, response) => void request.pipe(response), { limits });

  await sendRaw(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
});

test('listener: a message of two lengths is refused', async (t) => {
  const { port } = await serve(t, answer);
  const head = 'POST / HTTP/1.1\r\nHost: a\r\n';

  const both = await sendRaw(
    port,
    `${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  );
  const two = await sendRaw(port, `${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`);

  assert.match(both, /^HTTP\/1\.1 400 /);
  assert.match(two, /^HTTP\/1\.1 400 /);
});

test('listener: an address that is taken is an error', async (t) => {
  const { port } = await serve(t, answer);

  await assert.rejects(createListener({ host: '127.0.0.1', port }, answer).listen(), /EADDRINUSE/);
});
