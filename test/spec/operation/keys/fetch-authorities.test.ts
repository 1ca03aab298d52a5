// `fetch.ca`: who vouches for the servers that others are fetched from, over TLS, in a server that reloads.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { iso } from '#test/support/saml/saml.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startPrivateServer } from '#test/support/server/https-server.ts';
import { startServer } from '#test/support/server/server.ts';
import { aSignedMessage, aTimestamp } from '#test/support/soap/signed-message.ts';
import { JWT, sendSoap } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { answerOcsp } from '#test/support/x509/ocsp-responder.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const now = (): number => Math.floor(Date.now() / 1000);

const trustIn = (document: ConfigDocument): void => {
  document['fetch'] = { allowedHosts: ['localhost'], ca: { file: 'corp-ca.crt' } };
};

/** A server that believes the one which publishes the keys of the partner. */
async function startWithKeys(t: TestContext) {
  let keys = '';
  const published = await startPrivateServer(t, (_, response) => response.end(keys));
  const server = await startServer(t, async (document, directory) => {
    await writeFile(join(directory, 'corp-ca.crt'), published.authority.pem);
    trustIn(document);
    Object.assign(document.trustedIssuers[0]?.['jwt'] ?? {}, { jwks: { url: published.origin } });
  });
  keys = await readFile(join(server.directory, 'partner.jwks.json'), 'utf8');
  return { server, ...published };
}

test('fetch.ca: a reload takes another authority, and what was fetched of a server that it does not vouch for is used no longer', async (t) => {
  const { authority, requests, server } = await startWithKeys(t);
  const namesake = await anAuthority({ name: 'CN=Corp CA' });
  const afterReloadWith = async (pem: string) => {
    await writeFile(join(server.directory, 'corp-ca.crt'), pem);
    await server.reload();
    return (await server.exchange()).status;
  };

  const first = await server.exchange();
  const withAnother = await afterReloadWith(namesake.pem);
  const asked = requests.length;
  const withBoth = await afterReloadWith(namesake.pem + authority.pem);

  assert.equal(first.status, 200, first.text);
  assert.deepEqual([withAnother, asked], [503, 1]);
  assert.deepEqual([withBoth, requests.length], [200, 2]);
});

test('fetch.ca: a reload with what is no certificate is refused, and the authority before it goes on', async (t) => {
  const { server } = await startWithKeys(t);
  await writeFile(join(server.directory, 'corp-ca.crt'), 'corp');

  await assert.rejects(server.reload(), /CONFIG_KEY\n {2}fetch\.ca: is not a certificate in PEM/);

  assert.equal((await server.exchange()).status, 200);
});

for (const [what, isBelieved] of [
  ['is believed by its authority', true],
  ['of another authority is not asked', false],
] as const)
  test(`fetch.ca: a responder and a list of revocation over https: who ${what}`, async (t) => {
    const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
    const certified = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
    const { authority, origin, requests } = await startPrivateServer(t, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        response.end(answerOcsp(Buffer.concat(chunks), { issuer: root, good: [certified] })),
      );
    });
    const server = await startServer(t, async (document, directory, clock) => {
      clock.set(now());
      const { pem } = isBelieved ? authority : await anAuthority({ name: 'CN=Corp CA' });
      await writeFile(join(directory, 'corp-ca.crt'), pem);
      await withSaml(document, directory);
      trustIn(document);
      document['wsTrust'] = { endpoints: [{ path: '/ws-trust', credentials: ['certificate'] }] };
      await withUserAuthority(document, directory, {
        pem: root.pem,
        revocation: { ocsp: `${origin}/ocsp`, lists: [{ url: `${origin}/root.crl` }] },
      });
    });
    const body = anRst({
      children: `${anAppliesTo()}<t:TokenType>${JWT}</t:TokenType><t:KeyType>${TRUST_13}/Bearer</t:KeyType>`,
    });
    const at = server.clock.now();

    const answer = await sendSoap(
      server,
      aSignedMessage(body, { by: certified, timestamp: aTimestamp(iso(at + 200), iso(at)) }),
    );

    assert.equal(answer.status, isBelieved ? 200 : 500, answer.text);
    assert.deepEqual(requests, isBelieved ? ['/ocsp'] : []);
  });
