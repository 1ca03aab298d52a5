import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { connect } from 'node:tls';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';

const DAY_SECONDS = 86_400;
const nowSeconds = () => Math.floor(Date.now() / 1000);

for (const algorithm of ['RS256', 'ES256', 'ES384']) {
  test(`RFC 5280 §4.1: a self-signed ${algorithm} certificate verifies, is no authority, and ends in time`, async () => {
    const keyPem = await generateKeyPem(algorithm, 2048);
    const notBefore = 1_800_000_000;

    const pem = issueSelfSignedCertificate({
      keyPem,
      commonName: 'sts',
      notBefore,
      lifetimeSeconds: DAY_SECONDS,
    });

    const certificate = new X509Certificate(pem);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.ca, false);
    assert.equal(certificate.subject, 'CN=sts');
    assert.equal(certificate.validToDate.getTime() / 1000, notBefore + DAY_SECONDS);
  });
}

test('RFC 9525 §6: a TLS client on localhost accepts the certificate by name and by address', async (context) => {
  const keyPem = await generateKeyPem('ES256');
  const certificate = issueSelfSignedCertificate({
    keyPem,
    commonName: 'localhost',
    hosts: ['localhost', '127.0.0.1', '::1'],
    notBefore: nowSeconds() - 60,
    lifetimeSeconds: DAY_SECONDS,
  });
  const server = createServer({ key: keyPem, cert: certificate }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  for (const servername of ['localhost', undefined]) {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca: certificate,
      ...(servername !== undefined && { servername }),
    });
    await once(socket, 'secureConnect');
    assert.equal(socket.authorized, true);
    socket.destroy();
  }
});

test('RFC 5280 §4.1.2.5: dates from 2050 on are written with four digits of the year', async () => {
  const keyPem = await generateKeyPem('ES256');
  const notBefore = Date.UTC(2049, 11, 31) / 1000;

  const pem = issueSelfSignedCertificate({
    keyPem,
    commonName: 'sts',
    notBefore,
    lifetimeSeconds: 2 * DAY_SECONDS,
  });

  const { validFromDate, validToDate } = new X509Certificate(pem);
  assert.equal(validFromDate.toISOString(), '2049-12-31T00:00:00.000Z');
  assert.equal(validToDate.toISOString(), '2050-01-02T00:00:00.000Z');
});

test('RFC 5280 §4.2.1.6: DNS names and addresses of both families become alternative names', async () => {
  const keyPem = await generateKeyPem('ES256');
  const hosts = ['sts.example', '192.0.2.7', '2001:db8::7', '::ffff:192.0.2.7'];
  const request = { keyPem, commonName: 'sts', notBefore: 0, lifetimeSeconds: 60 };

  const { subjectAltName } = new X509Certificate(issueSelfSignedCertificate({ ...request, hosts }));

  assert.equal(
    subjectAltName,
    'DNS:sts.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, IP Address:0:0:0:0:0:FFFF:C000:207',
  );
  assert.throws(() => issueSelfSignedCertificate({ ...request, hosts: ['a b'] }), /DNS name/);
});

test('A common name cannot add attributes of its own', async () => {
  const keyPem = await generateKeyPem('ES256');
  const request = { keyPem, notBefore: 0, lifetimeSeconds: 60 };

  for (const commonName of ['a, O=Evil', 'a+CN=b', '', 'a\nb', '"x"']) {
    assert.throws(() => issueSelfSignedCertificate({ ...request, commonName }), /common name/);
  }
});

test('Certificate maker: refuses a key it cannot make a certificate for', async () => {
  const keyPem = await generateKeyPem('Ed25519');

  assert.throws(
    () =>
      issueSelfSignedCertificate({ keyPem, commonName: 'x', notBefore: 0, lifetimeSeconds: 60 }),
    /RSA, P-256 and P-384/,
  );
});

test('Key maker: refuses unknown algorithms and small RSA keys', async () => {
  await assert.rejects(generateKeyPem('HS256'), /not an algorithm/);
  await assert.rejects(generateKeyPem('RS256', 1024), /2048/);
});
