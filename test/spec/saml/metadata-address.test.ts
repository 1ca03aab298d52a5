// Metadata at an address, over real HTTP: what is asked for, and which keys count while the issuer changes them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { aCertifiedKey, aSamlIssuer, type ForeignSamlIssuer, NOW } from '#test/support/saml.ts';
import { SAML2_TYPE, withSaml } from '#test/support/saml-document.ts';
import { descriptor, entity, idp, signedMetadata } from '#test/support/saml-metadata.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server.ts';

interface Published {
  readonly server: TestServer;
  /** What the issuer publishes from now on. */
  readonly publish: (...keys: readonly ForeignSamlIssuer[]) => void;
  /** Exchanges an assertion that this key signed. */
  readonly exchange: (key: ForeignSamlIssuer) => Promise<number>;
}

const isXml = (accept: string): boolean =>
  /\b(?:samlmetadata\+xml|application\/xml)\b/.test(accept);

async function start(t: Ending): Promise<Published> {
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
    const metadata = { url: `http://127.0.0.1:${port}/`, certificates: [{ file: 'signer.pem' }] };
    Object.assign(trusted ?? {}, { saml: { metadata, audiences: ['https://sts.example.org'] } });
  });
  server.clock.set(NOW);
  return {
    server,
    publish(...keys) {
      const role = idp(keys.map((key) => descriptor(key)).join(''));
      xml = signedMetadata(entity(role, 'cacheDuration="PT1M"'), signer);
    },
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
