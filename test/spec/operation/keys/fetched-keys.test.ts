// What was fetched of others outlives a reload: their keys, metadata and word on revocation are as good, and as old, as before.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { generateKeyPem } from '#src/keys/generate.ts';
import { eventually } from '#test/support/eventually.ts';
import { aCertifiedKey, aSamlIssuer, iso, NOW } from '#test/support/saml/saml.ts';
import { SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { descriptor, entity, idp, signedMetadata } from '#test/support/saml/saml-metadata.ts';
import { type ConfigDocument, ISSUER } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { aSignedMessage, aTimestamp } from '#test/support/soap/signed-message.ts';
import { isValid, JWT, sendSoap, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

/** An address where something is published, unless it is away. */
async function startSource(t: Ending, answer: RequestListener) {
  let isAway = false;
  const source = createServer((request, response) => {
    if (isAway) response.writeHead(503).end();
    else answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(source, 'listening');
  t.after(async () => source.close());
  const { port } = source.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  return { url, leave: () => void (isAway = true), comeBack: () => void (isAway = false) };
}

const SECRET = { mode: 0o600 };

const allowLoopback = (document: ConfigDocument): void => {
  document['fetch'] = { allowedHosts: ['127.0.0.1'], staleSeconds: 600 };
};

async function edit(server: TestServer, change: (document: ConfigDocument) => void): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  change(document);
  await writeFile(path, stringify(document));
  await server.reload();
}

/** A server that has fetched the keys of the partner, which are published no more. */
async function startWithKeys(t: Ending) {
  let directory = '';
  const source = await startSource(t, (_, response) => {
    void readFile(join(directory, 'partner.jwks.json')).then((keys) => response.end(keys));
  });
  const server = await startServer(t, (document, path) => {
    directory = path;
    allowLoopback(document);
    Object.assign(document.trustedIssuers[0]?.['jwt'] ?? {}, { jwks: { url: source.url } });
  });
  const { status, text } = await server.exchange();
  assert.equal(status, 200, text);
  source.leave();
  return { server, source };
}

/** A server that is to fetch the metadata of a partner for assertions, and a request with an assertion of the first key. */
async function startWithMetadata(t: Ending) {
  const [signer, key] = await Promise.all([aCertifiedKey(), aSamlIssuer()]);
  const metadataOf = (one: typeof key) =>
    signedMetadata(entity(idp(descriptor(one)), 'cacheDuration="PT1M"'), signer);
  let xml = metadataOf(key);
  const source = await startSource(t, (_, response) => void response.end(xml));
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(NOW - 1000);
    await withSaml(document, directory);
    await writeFile(join(directory, 'signer.pem'), signer.certificatePem);
    allowLoopback(document);
    const trusted = document.trustedIssuers.find(({ id }) => id === 'partner-saml');
    const metadata = { url: source.url, certificates: [{ file: 'signer.pem' }] };
    Object.assign(trusted ?? {}, { saml: { metadata, audiences: [ISSUER] } });
  });
  server.clock.set(NOW);
  let serial = 0;
  const exchange = async () => {
    serial += 1;
    const assertion = key.assertion('saml2', { id: `_${serial}` });
    return server.exchange({
      subject_token: Buffer.from(assertion).toString('base64url'),
      subject_token_type: SAML2_TYPE,
    });
  };
  return { server, source, exchange, publish: (other: typeof key) => (xml = metadataOf(other)) };
}

/** A server that asks a list at an address whether the certificate of bob is revoked, and a request that he signs. */
async function startWithList(t: Ending) {
  const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
  const certified = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
  let list = await aRevocationList(root);
  const source = await startSource(t, (_, response) => void response.end(list));
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    document['wsTrust'] = {
      endpoints: [{ path: '/ws-trust', credentials: ['username', 'certificate'] }],
    };
    allowLoopback(document);
    Object.assign(document.relyingParties[0]?.['token'] ?? {}, { lifetimeSeconds: 7200 });
    Object.assign(document.policy[1]?.['allow'] ?? {}, { lifetimeSeconds: 7200 });
    await withUserAuthority(document, directory, {
      pem: root.pem,
      revocation: { lists: [{ url: source.url }] },
    });
  });
  const ask = () => {
    // Each is another message.
    server.clock.advance(1);
    const now = server.clock.now();
    const body = anRst({
      children: `${anAppliesTo()}<t:TokenType>${JWT}</t:TokenType><t:KeyType>${TRUST_13}/Bearer</t:KeyType>`,
    });
    return sendSoap(
      server,
      aSignedMessage(body, { by: certified, timestamp: aTimestamp(iso(now + 200), iso(now)) }),
    );
  };
  const revoke = async () => void (list = await aRevocationList(root, { revoked: [certified] }));
  return { server, ask, revoke };
}

describe('Reload: what was fetched', () => {
  test('keys of an issuer that cannot be reached are used as long as without one, and no longer', async (t) => {
    const { server } = await startWithKeys(t);

    await server.reload();
    const after = await server.exchange();
    server.clock.advance(899);
    const late = await server.exchange();
    await server.reload();
    server.clock.advance(1);

    assert.equal(after.status, 200, after.text);
    assert.equal(late.status, 200, late.text);
    assert.equal((await server.exchange()).status, 503);
  });

  test('keys are fetched anew where that is possible: those that were withdrawn are not waited for', async (t) => {
    let published = '{"keys":[]}';
    const source = await startSource(t, (_, response) => void response.end(published));
    const server = await startServer(t, (document) => {
      allowLoopback(document);
      Object.assign(document.trustedIssuers[0]?.['jwt'] ?? {}, { jwks: { url: source.url } });
    });
    published = await readFile(join(server.directory, 'partner.jwks.json'), 'utf8');
    const before = await server.exchange();
    published = '{"keys":[]}';
    const fresh = await server.exchange();

    await server.reload();

    assert.equal(before.status, 200, before.text);
    assert.equal(fresh.status, 200, fresh.text);
    assert.equal((await server.exchange()).status, 400);
  });

  test('keys of an issuer that could not be reached a moment ago are fetched at once', async (t) => {
    const { server, source } = await startWithKeys(t);
    server.clock.advance(900);
    const away = await server.exchange();
    source.comeBack();
    const waiting = await server.exchange();

    await server.reload();

    assert.deepEqual([away.status, waiting.status], [503, 503]);
    assert.equal((await server.exchange()).status, 200);
  });

  test('keys of an issuer that was removed are not those of one of its name that is added again', async (t) => {
    const { server } = await startWithKeys(t);
    const { directory } = server;
    const whole = await readFile(join(directory, 'viaduct.yaml'), 'utf8');

    await edit(server, (document) => {
      document.trustedIssuers = [];
      document.policy = document.policy.slice(1);
    });
    await writeFile(join(directory, 'viaduct.yaml'), whole);
    await server.reload();

    assert.equal((await server.exchange()).status, 503);
  });

  test('keys are those of their address', async (t) => {
    const { server, source } = await startWithKeys(t);

    await edit(server, ({ trustedIssuers: [partner] }) => {
      Object.assign(partner?.['jwt'] ?? {}, { jwks: { url: `${source.url}other` } });
    });

    assert.equal((await server.exchange()).status, 503);
  });

  test('keys of an issuer that cannot be reached are used after a reload that allows a host of somebody else, but with other terms', async (t) => {
    const { server } = await startWithKeys(t);
    const editFetch = (change: object) =>
      edit(server, (document) => {
        document['fetch'] = { ...(document['fetch'] as object), ...change };
      });

    await editFetch({ allowedHosts: ['127.0.0.1', 'idp.internal', '127.0.0.1.internal:443'] });
    const after = await server.exchange();
    await editFetch({ allowedHosts: ['127.0.0.1', '127.0.0.1:443'] });

    assert.equal(after.status, 200, after.text);
    assert.equal((await server.exchange()).status, 503);
  });

  test('keys of an issuer that cannot be reached are used when a key of ours begins to sign', async (t) => {
    const { server } = await startWithKeys(t);
    const key = { file: 'keys/next.pem' };
    await writeFile(join(server.directory, key.file), await generateKeyPem('ES256'), SECRET);
    const activeFrom = iso(server.clock.now() + 1);
    await edit(server, (document) => {
      (document['keys'] as object[]).push({ use: 'jwt', algorithm: 'ES256', key, activeFrom });
    });

    server.clock.advance(1);
    await eventually('the new key signs', async () =>
      (await server.auditRecords()).some(({ event }) => event === 'key.rotated'),
    );

    const { status, text } = await server.exchange();
    assert.equal(status, 200, text);
  });

  test('metadata of an issuer that cannot be reached is used, but with other signers', async (t) => {
    const { server, source, exchange } = await startWithMetadata(t);
    assert.equal((await exchange()).status, 200);
    source.leave();

    await server.reload();
    const after = await exchange();
    const { certificatePem } = await aCertifiedKey();
    await writeFile(join(server.directory, 'signer.pem'), certificatePem);
    await server.reload();

    assert.equal(after.status, 200, after.text);
    assert.equal((await exchange()).status, 503);
  });

  test('metadata is fetched anew where that is possible', async (t) => {
    const { server, publish, exchange } = await startWithMetadata(t);
    const before = await exchange();
    publish(await aSamlIssuer());
    const fresh = await exchange();

    await server.reload();

    assert.deepEqual([before.status, fresh.status], [200, 200]);
    assert.equal((await exchange()).status, 400);
  });

  test('Decision 30: a token of a certificate that is known to be revoked stays invalid', async (t) => {
    const { server, revoke, ask } = await startWithList(t);
    const token = tokenOf(await ask());
    await revoke();
    server.clock.advance(3600);
    assert.notEqual((await ask()).status, 200);
    const before = await isValid(server, token, 'bob');

    await server.reload();

    assert.equal(before, false);
    assert.equal(await isValid(server, token, 'bob'), false);
  });

  test('who is revoked is asked anew where that is possible', async (t) => {
    const { server, revoke, ask } = await startWithList(t);
    const before = await ask();
    await revoke();
    const fresh = await ask();

    await server.reload();

    assert.deepEqual([before.status, fresh.status], [200, 200]);
    assert.notEqual((await ask()).status, 200);
  });
});

test('RFC 9110 §10.2.3: while keys of an issuer cannot be fetched Retry-After says when they are asked for again', async (t) => {
  const { server, source } = await startWithKeys(t);
  server.clock.advance(900);
  const retryAfter = async () => (await server.exchange()).headers.get('retry-after');

  const away = await retryAfter();
  server.clock.advance(20);
  const later = await retryAfter();
  source.comeBack();
  server.clock.advance(Number(later));

  assert.deepEqual([away, later], ['30', '10']);
  const { status, text } = await server.exchange();
  assert.equal(status, 200, text);
});

test('RFC 9110 §10.2.3: the same while metadata of an issuer cannot be fetched', async (t) => {
  const { server, source, exchange } = await startWithMetadata(t);
  source.leave();

  const { headers } = await exchange();
  source.comeBack();
  server.clock.advance(Number(headers.get('retry-after')));

  assert.equal(headers.get('retry-after'), '30');
  const { status, text } = await exchange();
  assert.equal(status, 200, text);
});
