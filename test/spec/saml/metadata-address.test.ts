// Metadata at an address, over real HTTP: what is asked for, and which keys count while the issuer changes them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  aCertifiedKey,
  aSamlIssuer,
  type ForeignSamlIssuer,
  iso,
  NOW,
} from '#test/support/saml/saml.ts';
import { SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { descriptor, entity, idp, signedMetadata } from '#test/support/saml/saml-metadata.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';

interface Published {
  readonly server: TestServer;
  /** What the issuer publishes from now on. */
  readonly publish: (...keys: readonly ForeignSamlIssuer[]) => void;
  /** The same, good until then. */
  readonly publishUntil: (end: number | undefined, ...keys: readonly ForeignSamlIssuer[]) => void;
  /** Exchanges an assertion that this key signed. */
  readonly exchange: (key: ForeignSamlIssuer) => Promise<number>;
}

const isXml = (accept: string): boolean =>
  /\b(?:samlmetadata\+xml|application\/xml)\b/.test(accept);

async function start(t: Ending, terms: object = {}): Promise<Published> {
  const signer = await aCertifiedKey();
  let xml = '';
  let serial = 0;
  // As servers with content negotiation do, Keycloak's among them; pyFF has JSON for whoever asks for it.
  const source = createServer(({ headers: { accept = '' } }, response) => {
    if (!isXml(accept)) response.statusCode = 406;
    response.end(isXml(accept) ? xml : '');
  });
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  t.after(async () => source.close());
  const { port } = source.address() as AddressInfo;
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(NOW - 1000);
    await withSaml(document, directory);
    await writeFile(join(directory, 'signer.pem'), signer.certificatePem);
    document['fetch'] = { allowedHosts: ['127.0.0.1'] };
    const trusted = document.trustedIssuers.find(({ id }) => id === 'partner-saml');
    const url = `http://127.0.0.1:${port}/`;
    const metadata = { url, certificates: [{ file: 'signer.pem' }], ...terms };
    Object.assign(trusted ?? {}, { saml: { metadata, audiences: ['https://sts.example.org'] } });
  });
  server.clock.set(NOW);
  function publishUntil(end: number | undefined, ...keys: readonly ForeignSamlIssuer[]): void {
    const role = idp(keys.map((key) => descriptor(key)).join(''));
    const until = end === undefined ? '' : `validUntil="${iso(end)}"`;
    xml = signedMetadata(entity(role, `cacheDuration="PT1M" ${until}`), signer);
  }
  return {
    server,
    publish: (...keys) => publishUntil(undefined, ...keys),
    publishUntil,
    async exchange(key) {
      serial += 1;
      const assertion = key.assertion('saml2', { id: `_${serial}` });
      const { status } = await server.exchange({
        subject_token: Buffer.from(assertion).toString('base64url'),
        subject_token_type: SAML2_TYPE,
      });
      return status;
    },
  };
}

test('SAML Metadata §4.1.1: metadata is asked for as XML; a new key is found, a withdrawn one is forgotten', async (t) => {
  const { exchange, publish, server } = await start(t);
  const [old, next] = await Promise.all([aSamlIssuer(), aSamlIssuer()]);

  publish(old);
  assert.equal(await exchange(old), 200);
  assert.equal(await exchange(next), 400);

  publish(old, next);
  server.clock.advance(60);
  assert.equal(await exchange(next), 200);

  publish(next);
  assert.equal(await exchange(old), 200, 'what was fetched is fresh still');
  server.clock.advance(60);
  assert.equal(await exchange(next), 200);
  assert.equal(await exchange(old), 400);
});

test('SAML Metadata §2.3: where its lifetime is bounded, keys are not taken from metadata without an end, or with a late one', async (t) => {
  const { exchange, publish, publishUntil, server } = await start(t, {
    maxLifetimeSeconds: 86_400,
  });
  const [old, next] = await Promise.all([aSamlIssuer(), aSamlIssuer()]);

  publish(old);
  assert.equal(await exchange(old), 503);
  publishUntil(NOW + 90_000, old);
  server.clock.advance(60);
  assert.equal(await exchange(old), 503);

  publishUntil(server.clock.now() + 86_400, old);
  server.clock.advance(60);
  assert.equal(await exchange(old), 200);

  publish(next);
  server.clock.advance(60);
  assert.equal(await exchange(old), 200, 'what was good before is used a while longer');
  assert.equal(await exchange(next), 503);
});
