// Keys in the REST form: the certificate of the TLS client, over real TLS and through a proxy (ws-trust §6, RFC 9440).
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { askRest, claimsOf, startRestServer } from '#test/support/ws-trust/rest.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { aCertificate, anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

describe('P26: the TLS client certificate is the UseKey', async () => {
  const root = await anAuthority({ name: 'CN=Root' });
  const bob = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
  const alone = await aCertificate({ name: 'CN=carol', algorithm: 'RSA' });
  const thumbprint = (pem: string) =>
    Buffer.from(new X509Certificate(pem).fingerprint256.replaceAll(':', ''), 'hex').toString(
      'base64url',
    );
  const withRest =
    (credentials: readonly string[], revocation: object | 'none' = 'none') =>
    async (document: ConfigDocument, directory: string) => {
      await writeFile(join(directory, 'root.crt'), root.pem);
      const x509 = {
        anchors: [{ file: 'root.crt' }],
        revocation,
        subject: 'commonName',
        users: true,
      };
      document.trustedIssuers.push({ id: 'corp', issuer: 'urn:corp', x509 });
      document['wsTrust'] = { rest: { credentials } };
      const listeners = document['listeners'] as { public: object };
      document['listeners'] = {
        ...listeners,
        public: { ...listeners.public, clientCertificates: 'optional' },
      };
    };
  interface Sent {
    readonly path: string;
    readonly client?: { readonly pem: string; readonly privateKeyPem: string };
    readonly authorization?: string;
    readonly body?: object;
  }
  const send = (
    { origin, tlsCertificate: ca }: Awaited<ReturnType<typeof startTlsServer>>,
    { authorization, body, client, path }: Sent,
  ) =>
    new Promise<{ status: number | undefined; body: Record<string, unknown> }>(
      (resolve, reject) => {
        const identity = client ? { cert: client.pem, key: client.privateKeyPem } : {};
        const sent = request(
          `${origin}${path}`,
          {
            method: body ? 'POST' : 'GET',
            ca,
            agent: false,
            headers: {
              ...(body && { 'content-type': 'application/json' }),
              ...(authorization !== undefined && { authorization }),
            },
            ...identity,
          },
          (response) => {
            const { statusCode: status } = response;
            text(response).then(
              (answer) => resolve({ status, body: JSON.parse(answer) as Record<string, unknown> }),
              reject,
            );
          },
        );
        sent.on('error', reject);
        sent.end(body && JSON.stringify(body));
      },
    );
  const path = (type: string, keyType: string) =>
    `/ws-trust/token/${type}?keyType=${encodeURIComponent(keyType)}&appliesTo=${encodeURIComponent(BILLING)}`;
  const basic = `Basic ${Buffer.from('carol:correct horse battery staple').toString('base64')}`;

  test('PublicKey binds the token to the certificate that logs in, and its key renews it', async (t) => {
    const server = await startTlsServer(t, async (document, directory) => {
      await withRest(['tls-certificate'])(document, directory);
      for (const { allow } of document.policy)
        Object.assign(allow as object, { renewal: { lifetimeSeconds: 1200, maxCount: 3 } });
    });

    for (const keyType of [
      'PublicKey',
      'http://docs.oasis-open.org/ws-sx/ws-trust/200512/PublicKey',
    ]) {
      const { body, status } = await send(server, { path: path('jwt', keyType), client: bob });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body['keyType'], 'PublicKey');
      const { cnf } = claimsOf(String(body['token'])) as { cnf: Record<string, string> };
      assert.equal(cnf['x5t#S256'], thumbprint(bob.pem));

      const target = { token: body['token'], tokenType: body['tokenType'] };
      const renewed = await send(server, { path: '/ws-trust/renew', client: bob, body: target });
      assert.equal(renewed.status, 200, JSON.stringify(renewed.body));
      assert.equal(renewed.body['keyType'], 'PublicKey');
    }
  });

  for (const type of ['saml1.1', 'saml2.0'])
    test(`an assertion of ${type} names the key of the certificate that logs in`, async (t) => {
      const server = await startTlsServer(t, withRest(['tls-certificate']));

      const { body, status } = await send(server, { path: path(type, 'PublicKey'), client: bob });

      assert.equal(status, 200, JSON.stringify(body));
      assert.match(String(body['token']), /cm:holder-of-key/);
      assert.ok(String(body['token']).includes(bob.der.toString('base64')));
    });

  test('beside a password the handshake alone proves the key, whoever vouches for it', async (t) => {
    const server = await startTlsServer(t, withRest(['basic']));

    const { body, status } = await send(server, {
      path: path('jwt', 'PublicKey'),
      client: alone,
      authorization: basic,
    });

    assert.equal(status, 200, JSON.stringify(body));
    const { cnf, sub } = claimsOf(String(body['token']));
    assert.deepEqual(cnf, { 'x5t#S256': thumbprint(alone.pem) });
    assert.equal(sub, 'carol');
  });

  test('a bound token is renewed or cancelled by its key alone', async (t) => {
    const server = await startTlsServer(t, async (document, directory) => {
      await withRest(['basic'])(document, directory);
      for (const { allow } of document.policy)
        Object.assign(allow as object, { renewal: { lifetimeSeconds: 1200, maxCount: 3 } });
    });
    const asked = { authorization: basic };
    const issued = await send(server, {
      ...asked,
      path: path('saml2', 'PublicKey'),
      client: alone,
    });
    const body = { token: issued.body['token'], tokenType: issued.body['tokenType'] };

    const without = await send(server, { ...asked, path: '/ws-trust/renew', body });
    const other = await send(server, { ...asked, path: '/ws-trust/renew', body, client: bob });
    const held = await send(server, { ...asked, path: '/ws-trust/renew', body, client: alone });

    assert.deepEqual([without.status, other.status, held.status], [400, 400, 200]);
  });

  test('without a certificate, or with what a proxy calls one, there is no key', async (t) => {
    const server = await startRestServer(t, (document) => {
      document['wsTrust'] = { rest: { credentials: ['basic'] } };
      const listeners = document['listeners'] as { public: object };
      const open = { ...listeners.public, clientCertificates: 'client-cert-header' };
      document['listeners'] = { ...listeners, public: open };
    });
    const ask = (keyType: string, certificate: Buffer) =>
      askRest(server, path('saml2', keyType), {
        headers: { 'client-cert': `:${certificate.toString('base64')}:` },
      });

    assert.equal((await askRest(server, path('saml2', 'PublicKey'))).status, 400);
    for (const certificate of [Buffer.from('x'), alone.der.subarray(1)]) {
      const { body, status } = await ask('PublicKey', certificate);
      assert.deepEqual([status, body['error']], [400, 'invalid_request']);
      assert.equal((await ask('Bearer', certificate)).status, 200);
    }
    assert.equal((await ask('PublicKey', alone.der)).status, 200);
  });

  test('a certificate that nobody vouches for is no login, and a password beside it does not help', async (t) => {
    const server = await startTlsServer(t, withRest(['tls-certificate', 'basic']));

    for (const authorization of [undefined, basic]) {
      const { body, status } = await send(server, {
        path: path('saml2', 'Bearer'),
        client: alone,
        ...(authorization !== undefined && { authorization }),
      });
      assert.deepEqual([status, body['error']], [401, 'invalid_client']);
    }
  });

  test('RFC 5280 §6.3: a certificate that a list of its issuer revokes is no login; one that no list tells of is none for now', async (t) => {
    const stolen = await aCertificate({ name: 'CN=carol', issuer: root, algorithm: 'RSA' });
    const list = await aRevocationList(root, { revoked: [stolen] });
    const over = await aRevocationList(root, { nextUpdate: 1_700_000_001 });
    const startWith = (text: string) =>
      startTlsServer(t, async (document, directory) => {
        await writeFile(join(directory, 'root.crl'), text);
        const revocation = { lists: [{ file: 'root.crl' }] };
        await withRest(['tls-certificate'], revocation)(document, directory);
      });
    const login = (
      server: Awaited<ReturnType<typeof startTlsServer>>,
      client: NonNullable<Sent['client']>,
    ) => send(server, { path: path('saml2', 'Bearer'), client });

    const server = await startWith(list);
    assert.equal((await login(server, bob)).status, 200);
    const revoked = await login(server, stolen);
    assert.deepEqual([revoked.status, revoked.body['error']], [403, 'invalid_client']);

    const unknown = await login(await startWith(over), bob);
    assert.deepEqual([unknown.status, unknown.body['error']], [503, 'temporarily_unavailable']);
  });
});
