// What was fetched of others outlives a reload: their keys, metadata and word on revocation are as good, and as old, as before.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
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

  test('metadata of an issuer that cannot be reached is used, but with other signers', async (t) => {
    const [signer, other, key] = await Promise.all([
      aCertifiedKey(),
      aCertifiedKey(),
      aSamlIssuer(),
    ]);
    const xml = signedMetadata(entity(idp(descriptor(key)), 'cacheDuration="PT1M"'), signer);
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
    assert.equal((await exchange()).status, 200);
    source.leave();

    await server.reload();
    const after = await exchange();
    await writeFile(join(server.directory, 'signer.pem'), other.certificatePem);
    await server.reload();

    assert.equal(after.status, 200, after.text);
    assert.equal((await exchange()).status, 503);
  });

  test('Decision 30: a token of a certificate that is known to be revoked stays invalid', async (t) => {
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
      const now = server.clock.now();
      const body = anRst({
        children: `${anAppliesTo()}<t:TokenType>${JWT}</t:TokenType><t:KeyType>${TRUST_13}/Bearer</t:KeyType>`,
      });
      return sendSoap(
        server,
        aSignedMessage(body, { by: certified, timestamp: aTimestamp(iso(now + 200), iso(now)) }),
      );
    };
    const token = tokenOf(await ask());
    list = await aRevocationList(root, { revoked: [certified] });
    server.clock.advance(3600);
    assert.notEqual((await ask()).status, 200);
    const before = await isValid(server, token, 'bob');

    await server.reload();

    assert.equal(before, false);
    assert.equal(await isValid(server, token, 'bob'), false);
  });
});
