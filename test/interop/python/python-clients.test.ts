// Clients in Python: zeep, which knows nothing but our WSDL; MSAL, ADAL, SharePy and Office365-REST-Python-Client, which know AD FS; the SDK
// of vCenter. xmlsec1 judges the signatures of what they hand on. And libraries that services take assertions with.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { withCertifiedClient, withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';
import { hasXmlsec1 } from '#test/support/xml/xmlsec1.ts';

const PORTS = [
  'TransportUT_Port',
  'TransportUT_Soap12_Port',
  'TransportUT_2005_Port',
  'TransportUT_2005_Soap12_Port',
];
const ISSUED = `ok subject=bob audience=${BILLING}`;
const NOT_AUTHENTICATED = 'fault=FailedAuthentication';

const isReady = async (t: TestContext): Promise<boolean> =>
  (await isBuilt(t, 'python/build')) && hasXmlsec1(t);

test('zeep: loads the WSDL in strict mode and calls Issue at every port', async (t) => {
  if (!(await isReady(t))) return;
  const server = await startTlsServer(t, withCertifiedClient);
  const certificate = {
    'client-cert': join(server.directory, 'client.crt'),
    'client-key': join(server.directory, 'client.key'),
  };

  const options = { ports: PORTS.join(), ...certificate };
  const ends = await endsOf('python/run', server, options, ['zeep']);

  const atPorts = PORTS.flatMap((port) => [
    ...['saml11', 'saml2', 'timestamp'].map((name) => [`${port}-${name}`, ISSUED]),
    [`${port}-wrong-password`, NOT_AUTHENTICATED],
    [`${port}-unknown-applies-to`, 'fault=InvalidScope'],
    [`${port}-x509`, ISSUED],
    // What it signs with unless it is told otherwise.
    [`${port}-x509-sha1`, 'fault=UnsupportedAlgorithm'],
  ]);
  assert.deepEqual(Object.fromEntries(ends), {
    'wsdl-strict': 'ok',
    ...Object.fromEntries(atPorts),
  });
});

test('MSAL and ADAL: find the address in our MEX, and hand our assertion on as a grant', async (t) => {
  if (!(await isReady(t))) return;
  const server = await startTlsServer(t);

  const ends = await endsOf('python/run', server, {}, ['msal']);

  assert.deepEqual(Object.fromEntries(ends), {
    'msal-mex': ISSUED,
    'msal-2005': ISSUED,
    'msal-wrong-password': NOT_AUTHENTICATED,
    'msal-2005-wrong-password': NOT_AUTHENTICATED,
    'msal-unknown-applies-to': 'fault=InvalidScope',
    'adal-mex': ISSUED,
    'adal-2005': ISSUED,
    'adal-wrong-password': NOT_AUTHENTICATED,
  });
});

/** An authority that says of bob who he is, and one of the same name that nobody trusts. */
async function withSolution(document: ConfigDocument, directory: string): Promise<void> {
  const [root, twin] = await Promise.all([
    anAuthority({ name: 'CN=Root', algorithm: 'RSA' }),
    anAuthority({ name: 'CN=Root', algorithm: 'RSA' }),
  ]);
  for (const [file, issuer] of Object.entries({ client: root, stranger: twin })) {
    const { pem, privateKeyPem } = await aCertificate({ name: 'CN=bob', issuer, algorithm: 'RSA' });
    await writeFile(join(directory, `${file}.crt`), pem);
    await writeFile(join(directory, `${file}.key`), privateKeyPem, { mode: 0o600 });
  }
  await withUserAuthority(document, directory, root);
  document['wsTrust'] = { profiles: [{ profile: 'vcenter', defaultTarget: 'orders' }] };
  // What the SDK calls renewable is so behind its end as well.
  grantBesides(document, { renewal: { lifetimeSeconds: 3600, maxCount: 10, afterExpiry: true } });
}

test('pyVmomi: gets tokens by user name, certificate and token, and acts for others', async (t) => {
  if (!(await isReady(t))) return;
  const server = await startTlsServer(t, withSolution);
  const file = (name: string): string => join(server.directory, name);

  const ends = await endsOf(
    'python/run',
    server,
    {
      'client-cert': file('client.crt'),
      'client-key': file('client.key'),
      'stranger-cert': file('stranger.crt'),
      'stranger-key': file('stranger.key'),
      colleague: 'carol',
    },
    ['pyvmomi'],
  );

  assert.deepEqual(Object.fromEntries(ends), {
    bearer: ISSUED,
    'bearer-tenant': ISSUED,
    'bearer-one-minute': ISSUED,
    'bearer-delegatable-renewable': ISSUED,
    'bearer-wrong-password': NOT_AUTHENTICATED,
    'holder-of-key': ISSUED,
    'holder-of-key-tenant': ISSUED,
    'holder-of-key-delegatable-renewable': ISSUED,
    'holder-of-key-stranger': NOT_AUTHENTICATED,
    'act-as': `ok subject=carol audience=${BILLING} actor=bob`,
    'by-token': ISSUED,
    'by-token-tenant': ISSUED,
    'by-token-other-key': NOT_AUTHENTICATED,
    'by-changed-token': NOT_AUTHENTICATED,
  });
});

const CLOUD = 'urn:federation:MicrosoftOnline';

const withCloud =
  (limits: object) =>
  (document: ConfigDocument): void => {
    document['wsTrust'] = { profiles: ['adfs'], ...limits };
    for (const party of document.relyingParties)
      if (party['id'] === 'orders') party['appliesTo'] = [CLOUD];
  };

const FOR_THE_CLOUD = `ok subject=bob audience=${CLOUD}`;

test('SharePy and Office365-REST-Python-Client: get an assertion from usernamemixed, and hand it to the cloud', async (t) => {
  if (!(await isReady(t))) return;
  const server = await startTlsServer(t, withCloud({ maxMessageLifetimeSeconds: 1800 }));

  const ends = await endsOf('python/run', server, { 'applies-to': CLOUD }, ['sharepoint']);

  assert.deepEqual(Object.fromEntries(ends), {
    'sharepy-2005': FOR_THE_CLOUD,
    'sharepy-2005-wrong-password': NOT_AUTHENTICATED,
    'sharepy-13': FOR_THE_CLOUD,
    'sharepy-13-wrong-password': NOT_AUTHENTICATED,
    'office365-2005': FOR_THE_CLOUD,
    'office365-2005-wrong-password': NOT_AUTHENTICATED,
    'office365-13': FOR_THE_CLOUD,
    'office365-13-wrong-password': NOT_AUTHENTICATED,
  });
});

test('Office365-REST-Python-Client: its messages live longer than we take unless told otherwise', async (t) => {
  if (!(await isReady(t))) return;
  const server = await startTlsServer(t, withCloud({}));

  const options = { 'applies-to': CLOUD, cases: 'sharepy-13,office365-13' };
  const ends = await endsOf('python/run', server, options, ['sharepoint']);

  assert.deepEqual(Object.fromEntries(ends), {
    'sharepy-13': FOR_THE_CLOUD,
    'office365-13': 'fault=InvalidSecurity',
  });
});

const SEALED = 'https://sealed.example/';

/** A relying party with a key for its proof keys, and one whose assertions are encrypted. Both libraries know one OAEP. */
async function withSealedParty(document: ConfigDocument, directory: string): Promise<void> {
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, 'party.crt'), certificatePem);
  await writeFile(join(directory, 'party.key'), privatePem, { mode: 0o600 });
  document['wsTrust'] = { profiles: ['adfs', { profile: 'vcenter', defaultTarget: 'orders' }] };
  const [orders] = document.relyingParties;
  const [certificate, encryption] = [{ file: 'party.crt' }, { keyTransport: 'rsa-oaep-mgf1p' }];
  const names = { resources: undefined, audiences: [SEALED], appliesTo: [SEALED] };
  const token = { type: 'saml2', encryptTo: certificate, encryption };
  document.relyingParties.push({ ...orders, id: 'sealed', ...names, token });
  Object.assign(orders ?? {}, {
    token: { ...(orders?.['token'] as object), encryptKeysTo: certificate, encryption },
  });
  for (const row of document.policy) row['target'] = ['orders', 'sealed'];
}

test('python3-saml and signxml: take our assertions in every shape, encrypted too, and no changed one', async (t) => {
  if (!(await isReady(t))) return;
  const server = await startTlsServer(t, withSealedParty);

  const keys = {
    'rp-cert': join(server.directory, 'party.crt'),
    'rp-key': join(server.directory, 'party.key'),
  };
  const ends = await endsOf('python/run', server, { ...keys, sealed: SEALED }, ['readers']);

  const inShapes = ['generic', 'adfs', 'vcenter'].flatMap((shape) => [
    [`python3-saml-${shape}`, 'ok subject=bob email=bob@example.org'],
    [`signxml-${shape}`, 'ok subject=bob'],
    [`signxml-${shape}-changed`, 'fault=InvalidDigest'],
  ]);
  assert.deepEqual(Object.fromEntries(ends), {
    ...Object.fromEntries(inShapes),
    'signxml-saml11-symmetric': 'ok subject=bob',
    'signxml-saml2-symmetric': 'ok subject=bob',
    'python3-saml-encrypted': 'ok subject=bob email=bob@example.org',
  });
});
