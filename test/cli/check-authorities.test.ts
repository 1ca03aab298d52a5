// `check --live` with `fetch.ca`: every document of others comes from a server that its authorities vouch for.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { aCertifiedKey, PARTNER } from '#test/support/saml/saml.ts';
import { descriptor, entity, idp, signedMetadata } from '#test/support/saml/saml-metadata.ts';
import { lineOf } from '#test/support/server/configured-line.ts';
import { aConfigDocument, type ConfigDocument, ISSUER } from '#test/support/server/document.ts';
import { startPrivateServer } from '#test/support/server/https-server.ts';
import { viaduct } from '#test/support/server/process.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

const now = Math.floor(Date.now() / 1000);

/** Keys at an address and by discovery, metadata, keys of a client and a list, all of one host. */
function publishAll(document: ConfigDocument, origin: string): void {
  const jwt = { algorithms: ['ES256'], audiences: [ISSUER] };
  document['fetch'] = { allowedHosts: ['localhost'], ca: { file: 'corp-ca.crt' } };
  Object.assign(document.trustedIssuers[0]?.['jwt'] ?? {}, { jwks: { url: `${origin}/keys` } });
  document.trustedIssuers.push(
    { id: 'found', issuer: origin, jwt: { ...jwt, discovery: true } },
    {
      id: 'partner-saml',
      issuer: PARTNER,
      saml: {
        metadata: { url: `${origin}/metadata`, certificates: [{ file: 'signer.pem' }] },
        audiences: [ISSUER],
      },
    },
  );
  document.clients.push({
    client_id: 'worker',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: `${origin}/keys`,
    grant_types: ['client_credentials'],
  });
}

async function configured(t: TestContext) {
  const [signer, root] = await Promise.all([aCertifiedKey(), anAuthority({ name: 'CN=Root' })]);
  const { jwks } = await createPartner({ now: () => now });
  const documents = new Map([
    ['/keys', JSON.stringify(jwks)],
    ['/metadata', signedMetadata(entity(idp(descriptor(signer))), signer)],
    ['/root.crl', await aRevocationList(root)],
  ]);
  const { authority, origin } = await startPrivateServer(t, (request, response) =>
    response.end(documents.get(request.url ?? '')),
  );
  const metadata = { issuer: origin, jwks_uri: `${origin}/keys` };
  documents.set('/.well-known/openid-configuration', JSON.stringify(metadata));
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-authorities-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  publishAll(document, origin);
  document['users'] = [{ file: 'users.yaml' }];
  const revocation = { lists: [{ url: `${origin}/root.crl` }] };
  await withUserAuthority(document, directory, { pem: root.pem, revocation });
  await writeConfiguration(directory, document, jwks);
  await writeFile(join(directory, 'users.yaml'), 'users: []');
  await writeFile(join(directory, 'signer.pem'), signer.certificatePem);
  const checkWith = async (pem: string) => {
    await writeFile(join(directory, 'corp-ca.crt'), pem);
    return viaduct(['check', '--live'], directory);
  };
  return { authority, checkWith, directory };
}

const SOURCES = [
  'trusted issuer partner',
  'trusted issuer found',
  'trusted issuer partner-saml \\(metadata\\)',
  'trusted issuer corp \\(list at [^)]*\\)',
  'client worker',
];

test('check --live: with fetch.ca all is fetched from servers of that authority, whose end is told', async (t) => {
  const { authority, checkWith } = await configured(t);

  const { code, error, out } = await checkWith(authority.pem);

  assert.equal(code, 0, error + out);
  for (const source of SOURCES) assert.match(out, new RegExp(`good +${source}: `));
  assert.match(out, /good +certificate \(authority\) fetch\.ca: \d+ days left/);
});

test('check --live: with fetch.ca nothing is fetched from a server of another authority of the same name', async (t) => {
  const { checkWith } = await configured(t);
  const { pem } = await anAuthority({ name: 'CN=Corp CA' });

  const { code, error } = await checkWith(pem);

  assert.equal(code, 1);
  for (const source of SOURCES)
    assert.match(error, new RegExp(`failed +${source}: .*unable to get local issuer certificate`));
});

test('check: an authority that has expired is told where it is named', async (t) => {
  const { checkWith, directory } = await configured(t);
  const { pem } = await anAuthority({ name: 'CN=Corp CA', notAfter: now - 60 });

  const { code, error } = await checkWith(pem);

  assert.equal(code, 2);
  const line = await lineOf(directory, 'ca:');
  assert.match(
    error,
    new RegExp(
      `viaduct\\.yaml:${line}:\\d+ error CONFIG_KEY\\n {2}fetch\\.ca: the certificate of CN=Corp CA has expired\\n {2}why: .*\\n {2}fix: `,
    ),
  );
});
