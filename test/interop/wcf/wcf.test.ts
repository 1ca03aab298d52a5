// A client of the WCF programming model, on the implementation that Mono has of it, over TLS. It verifies what it gets with
// the XML signatures of .NET.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { withEncryptionKey } from '#test/support/soap/encryption-key.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const ISSUED = `ok subject=bob audience=${BILLING}`;
const BINDINGS = [
  'basic-http',
  'ws-http',
  'ws2007-http',
  'soap11-addressing',
  'soap11-addressing2004',
  'soap12',
  'soap12-addressing2004',
  'streamed',
];

type Ends = Readonly<Record<string, string>>;

/** What is to come of the cases in one version of WS-Trust, whose faults have this prefix. */
function endsIn(version: string, prefix: string): Ends {
  const issued = [
    `adfs-${version}-saml2`,
    `adfs-${version}-no-token-type`,
    `adfs-${version}-no-key-type`,
    `${version}-saml11`,
    `${version}-symmetric-saml11`,
    `${version}-symmetric-saml2`,
    ...BINDINGS.map((name) => `${version}-${name}`),
  ];
  return {
    ...Object.fromEntries(issued.map((name) => [name, ISSUED])),
    [`adfs-${version}-wrong-password`]: `fault=${prefix}:FailedAuthentication`,
    [`adfs-${version}-unknown-applies-to`]: `fault=${prefix}:InvalidScope`,
    [`adfs-${version}-old`]: 'fault=wsse:MessageExpired',
    [`adfs-${version}-no-certificate`]: `fault=${prefix}:FailedAuthentication`,
    [`${version}-mtom`]: 'http=415',
  };
}

/** It loads the description by GET and by WS-Transfer, and calls the address in it. */
const FROM_METADATA = [
  'mex-get',
  'mex-transfer',
  'mex-get-2005',
  'mex-transfer-2005',
  'wsdl-get',
  'wsdl-transfer',
];

/** A relying party that is a service on .NET, which has no OAEP but that with SHA-1. */
async function withService(document: ConfigDocument, directory: string): Promise<void> {
  const service = await aCertificate({ name: 'CN=service', algorithm: 'RSA' });
  await writeFile(join(directory, 'service.crt'), service.pem);
  await writeFile(join(directory, 'service.key'), service.privateKeyPem, { mode: 0o600 });
  const [orders] = document.relyingParties;
  const token = {
    ...(orders?.['token'] as object),
    encryptKeysTo: { file: 'service.crt' },
    encryption: { keyTransport: 'rsa-oaep-mgf1p' },
  };
  Object.assign(orders ?? {}, { token });
}

test('WCF on Mono: gets its tokens by every binding, the faults it should, and the description', async (t) => {
  if (!(await isBuilt(t, 'wcf/build'))) return;
  const server = await startTlsServer(t, withService);
  const expected: Ends = {
    ...endsIn('2005', 't'),
    ...endsIn('13', 'wst'),
    ...Object.fromEntries(FROM_METADATA.map((name) => [name, ISSUED])),
  };

  const ends = await endsOf('wcf/run', server, {
    'rp-cert': join(server.directory, 'service.crt'),
    'rp-key': join(server.directory, 'service.key'),
  });

  for (const [name, end] of Object.entries(expected))
    await t.test(`${name}: ${end}`, () => assert.equal(ends.get(name), end));
  assert.deepEqual([...ends.keys()].sort(), Object.keys(expected).sort());

  await t.test('takes no assertion of another key, and talks to no other server', async () => {
    const certificate = join(server.directory, 'other.crt');
    await writeFile(certificate, (await aCertifiedKey()).certificatePem);
    const cases = 'adfs-13-saml2';

    const ofOtherKey = await endsOf('wcf/run', server, { cases, 'saml-cert': certificate });
    const atOtherServer = await endsOf('wcf/run', server, { cases, 'tls-cert': certificate });

    const refused = 'error=ProtocolException the signature is not that of the certificate';
    assert.equal(ofOtherKey.get(cases), refused);
    assert.match(atOtherServer.get(cases) ?? '', /^error=WebException .*TrustFailure/);
  });
});

/** An authority whose clients are our users by name, and an address for messages that protect themselves. */
async function withCertificates(document: ConfigDocument, directory: string): Promise<void> {
  // Nothing but its signature tells whose a certificate is.
  const bare = { hasKeyIdentifiers: false };
  const [root, twin, ours] = await Promise.all([
    anAuthority({ name: 'CN=Root', ...bare }),
    anAuthority({ name: 'CN=Root', ...bare }),
    aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' }),
  ]);
  for (const issuer of [root, twin]) {
    const client = await aCertificate({ name: 'CN=bob', issuer, algorithm: 'RSA', ...bare });
    const file = join(directory, issuer === root ? 'bob' : 'stranger');
    await writeFile(`${file}.crt`, client.pem);
    await writeFile(`${file}.key`, client.privateKeyPem, { mode: 0o600 });
  }
  await withUserAuthority(document, directory, root);
  const { public: open, ...others } = document['listeners'] as Record<string, object>;
  document['listeners'] = { ...others, public: { ...open, clientCertificates: 'optional' } };
  await withEncryptionKey(document, directory, ours);
  const path = '/ws-trust/message/username';
  const endpoints = [{ path, messageSecurity: 'symmetric-sign-and-encrypt' }];
  document['wsTrust'] = { profiles: ['adfs'], endpoints };
}

test('WCF on Mono: is the user of its TLS certificate; has no message security that we take', async (t) => {
  if (!(await isBuilt(t, 'wcf/build'))) return;
  const server = await startTlsServer(t, withCertificates);
  const file = (name: string): string => join(server.directory, name);
  const of = (name: string) => ({
    'client-cert': file(`${name}.crt`),
    'client-key': file(`${name}.key`),
    cases: 'adfs-2005-certificate,adfs-13-certificate',
  });

  // A program for each: Mono keeps connections, with the certificate that they were opened with.
  const ofBob = await endsOf('wcf/run', server, of('bob'));
  const ofStranger = await endsOf('wcf/run', server, of('stranger'));
  const secured = await endsOf('wcf/run', server, {
    'sts-cert': file('keys/encryption.crt'),
    cases: 'adfs-2005-no-certificate,adfs-13-no-certificate,message-security',
  });

  assert.deepEqual(Object.fromEntries(ofBob), {
    'adfs-2005-certificate': ISSUED,
    'adfs-13-certificate': ISSUED,
  });
  assert.deepEqual(Object.fromEntries(ofStranger), {
    'adfs-2005-certificate': 'fault=t:FailedAuthentication',
    'adfs-13-certificate': 'fault=wst:FailedAuthentication',
  });
  assert.deepEqual(Object.fromEntries(secured), {
    'adfs-2005-no-certificate': 'fault=t:FailedAuthentication',
    'adfs-13-no-certificate': 'fault=wst:FailedAuthentication',
    'message-security': 'fault=wsse:UnsupportedAlgorithm',
  });
});
