// SOAP clients that nobody here wrote, over TLS: Apache CXF and the `soap` package of npm. xmlsec1 judges signatures.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import * as soap from 'soap';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { PASSWORD } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import { startTlsServer, type TlsServer } from '#test/support/server/tls-server.ts';
import { BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { withCertifiedClient } from '#test/support/x509/certified-client.ts';
import { hasXmlsec1, runXmlsec1 } from '#test/support/xml/xmlsec1.ts';
import { endsOf, isBuilt } from './foreign-client.ts';

const SAML1 = 'urn:oasis:names:tc:SAML:1.0:assertion';
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const ISSUED = `ok subject=bob audience=${BILLING}`;
const PORTS = [
  'TransportUT_Port',
  'TransportUT_Soap12_Port',
  'TransportUT_2005_Port',
  'TransportUT_2005_Soap12_Port',
] as const;
const isOf2005 = (name: string): boolean => name.includes('2005');

type Ends = Readonly<Record<string, string>>;

const all = (names: readonly string[], end: (name: string) => string): Ends =>
  Object.fromEntries(names.map((name) => [name, end(name)]));

async function compareEnds(
  t: TestContext,
  ends: ReadonlyMap<string, string>,
  expected: Ends,
): Promise<void> {
  for (const [name, end] of Object.entries(expected))
    await t.test(`${name}: ${end}`, () => assert.equal(ends.get(name), end));
  assert.deepEqual([...ends.keys()].sort(), Object.keys(expected).sort());
}

/** A fault in the words of the request. */
const refused = (code: string) => (name: string) => `fault=${isOf2005(name) ? 't' : 'wst'}:${code}`;

// biome-ignore format: a line for each kind
const CXF_ISSUED = [
  '13-soap11-saml11', '13-soap11-saml2', '13-soap12-saml11', '13-soap12-saml2',
  '2005-soap11-saml11', '2005-soap11-saml2', '2005-soap12-saml11', '2005-soap12-saml2',
  '13-profile-saml11', '13-profile-saml2', '13-no-token-type', '13-no-timestamp',
  '13-addressing-soap11', '13-addressing-soap12',
  ...PORTS.map((port) => `wsdl-${port}`),
];
const CXF_WRONG_PASSWORD = [
  '13-soap11-wrong-password',
  '13-soap12-wrong-password',
  '2005-soap11-wrong-password',
];
const CXF_UNKNOWN_PARTY = [
  '13-soap11-unknown-applies-to',
  '13-soap12-unknown-applies-to',
  '2005-soap12-unknown-applies-to',
];

const CXF_SYMMETRIC_KEY = [
  '13-symmetric-saml11',
  '13-symmetric-saml2',
  '13-symmetric-no-entropy',
  '2005-symmetric-saml11',
  'matrix-128-bits',
  'matrix-192-bits',
];
const TOKEN_TYPES = ['saml11', 'saml2', 'jwt'];
const CXF_MATRIX = ['soap11', 'soap12'].flatMap((soap) =>
  TOKEN_TYPES.flatMap((type) =>
    ['bearer', 'symmetric'].map((key) => `matrix-${soap}-${type}-${key}`),
  ),
);
const CXF_ON_BEHALF_OF = TOKEN_TYPES.flatMap((type) => [
  `on-behalf-of-${type}`,
  `on-behalf-of-${type}-symmetric`,
]);
const CXF_ACT_AS = ['act-as-saml2', 'act-as-saml2-public', 'act-as-jwt'];
const CXF_PUBLIC_KEY = ['soap11', 'soap12'].flatMap((soap) =>
  TOKEN_TYPES.map((type) => `matrix-${soap}-${type}-public`),
);
const OF_CAROL = `ok subject=carol audience=${BILLING}`;
// Nobody has told this server of the certificate.
const CXF_SIGNED = [
  '13-public-key-saml11',
  '13-public-key-saml2',
  '13-x509-soap11',
  '13-x509-soap12',
  '2005-x509-soap11',
  '13-x509-body',
];
const atPorts = (operation: string, end: (name: string) => string): Ends =>
  all(
    PORTS.map((port) => `wsdl-${port}-${operation}`),
    end,
  );

async function writeKey(directory: string, name: string): Promise<void> {
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, `${name}.crt`), certificatePem);
  await writeFile(join(directory, `${name}.key`), privatePem, { mode: 0o600 });
}

/** A client and a relying party with keys, and rows that grant renewal. */
async function withKeyHolders(document: ConfigDocument, directory: string): Promise<void> {
  await Promise.all(['client', 'party'].map((name) => writeKey(directory, name)));
  const [orders] = document.relyingParties;
  const token = { ...(orders?.['token'] as object), encryptKeysTo: { file: 'party.crt' } };
  Object.assign(orders ?? {}, { token });
  grantBesides(document, { renewal: { lifetimeSeconds: 3600 } });
}

function readOver({ origin, tlsCertificate }: TlsServer, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${origin}${path}`, { ca: tlsCertificate }, (response) => {
      text(response).then(resolve, reject);
    }).on('error', reject);
  });
}

test('Apache CXF: STSClient gets its tokens, and the refusals it should', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, withKeyHolders);
  const file = (name: string): string => join(server.directory, name);
  await writeFile(file('jwks.json'), await readOver(server, '/jwks'));

  const ends = await endsOf('cxf/run', server, {
    ports: PORTS.join(),
    'client-cert': file('client.crt'),
    'client-key': file('client.key'),
    'rp-cert': file('party.crt'),
    'rp-key': file('party.key'),
    jwks: file('jwks.json'),
    audience: 'orders',
    colleague: 'carol',
  });

  await compareEnds(t, ends, {
    ...all(CXF_ISSUED, () => ISSUED),
    ...all(CXF_WRONG_PASSWORD, refused('FailedAuthentication')),
    ...all(CXF_UNKNOWN_PARTY, refused('InvalidScope')),
    ...all(
      [...CXF_SYMMETRIC_KEY, ...CXF_PUBLIC_KEY, ...CXF_MATRIX, 'mex-soap11', 'mex-soap12'],
      () => ISSUED,
    ),
    ...all(CXF_ON_BEHALF_OF, () => OF_CAROL),
    ...all(CXF_ACT_AS, () => `${OF_CAROL} actor=bob`),
    'act-as-saml11': 'fault=wst:RequestFailed',
    ...all(CXF_SIGNED, refused('FailedAuthentication')),
    '13-x509-sha1': 'fault=wsse:UnsupportedAlgorithm',
    ...atPorts('validate', () => 'ok status=valid'),
    ...atPorts('cancel', () => 'ok status=cancelled'),
    ...atPorts('renew', () => ISSUED),
  });
});

/** And an address where SHA-1 is taken still. */
async function withSigners(document: ConfigDocument, directory: string): Promise<void> {
  await withCertifiedClient(document, directory);
  const day = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  const path = '/adfs/services/trust/13/certificatemixed';
  document['wsTrust'] = { profiles: ['adfs'], endpoints: [{ path, legacySha1Until: day }] };
}

test('Apache CXF: WSS4J signs with a certificate, the Timestamp at a mixed address, the Body too elsewhere', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, withSigners);
  const options = {
    'client-cert': join(server.directory, 'client.crt'),
    'client-key': join(server.directory, 'client.key'),
    cases: '13-x509-*,2005-x509-*,13-public-key-saml*',
  };
  const mixed = `${server.origin}/adfs/services/trust/13/certificatemixed`;

  const elsewhere = await endsOf('cxf/run', server, options);
  const atMixed = await endsOf('cxf/run', server, { ...options, url: mixed });

  const signed = ['13-x509-body', '13-public-key-saml11', '13-public-key-saml2'];
  const timestampOnly = ['13-x509-soap11', '13-x509-soap12', '2005-x509-soap11'];
  await compareEnds(t, elsewhere, {
    ...all(signed, () => ISSUED),
    ...all(timestampOnly, refused('AuthenticationBadElements')),
    '13-x509-sha1': 'fault=wsse:UnsupportedAlgorithm',
  });
  await compareEnds(
    t,
    atMixed,
    all([...signed, ...timestampOnly, '13-x509-sha1'], () => ISSUED),
  );
});

test('Apache CXF: at the WSO2 address it gets its tokens and reads faults that have a Timestamp', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, (document) => {
    document['wsTrust'] = { profiles: ['wso2'] };
  });
  const port = 'wso2carbon-stsHttpsSoap12Endpoint';
  const issued = ['13-soap11-saml11', '13-soap12-saml2', '2005-soap12-saml11', `wsdl-${port}`];

  const ends = await endsOf('cxf/run', server, {
    url: `${server.origin}/services/wso2carbon-sts`,
    ports: port,
    cases: [...issued, ...CXF_WRONG_PASSWORD, ...CXF_UNKNOWN_PARTY].join(),
  });

  await compareEnds(t, ends, {
    ...all(issued, () => ISSUED),
    ...all(CXF_WRONG_PASSWORD, refused('FailedAuthentication')),
    ...all(CXF_UNKNOWN_PARTY, refused('InvalidScope')),
  });
});

interface NpmAnswer {
  /** As the client read it. */
  readonly result: unknown;
  readonly raw: string;
}

interface NpmCall {
  readonly password?: string;
  readonly tokenType?: string;
  readonly port?: (typeof PORTS)[number];
  /** Instead of the password. */
  readonly security?: soap.ISecurity;
}

/** Calls Issue with the client that `soap` builds from our WSDL. */
async function issueWithNpm(server: TlsServer, call: NpmCall = {}): Promise<NpmAnswer> {
  const { password = PASSWORD, port = 'TransportUT_Port', tokenType = SAML2 } = call;
  // The proxies of the environment are not for a server on this host.
  const http = { httpsAgent: new Agent({ ca: server.tlsCertificate }), proxy: false };
  const client = await soap.createClientAsync(`${server.origin}/ws-trust?wsdl`, {
    wsdl_options: http,
    disableCache: true,
    forceSoap12Headers: port.includes('Soap12'),
  });
  client.setSecurity(call.security ?? new soap.WSSecurity('bob', password));
  const { [port]: service } = client['SecurityTokenService'] as soap.IService;
  const request = {
    TokenType: tokenType,
    RequestType: `${TRUST_13}/Issue`,
    'wsp:AppliesTo': {
      attributes: { 'xmlns:wsp': 'http://schemas.xmlsoap.org/ws/2004/09/policy' },
      'wsa:EndpointReference': {
        attributes: { 'xmlns:wsa': 'http://www.w3.org/2005/08/addressing' },
        'wsa:Address': BILLING,
      },
    },
    KeyType: `${TRUST_13}/Bearer`,
  };
  const issue = service?.['Issue'] as unknown as soap.SoapMethod | undefined;
  assert.ok(issue);
  return new Promise((resolve, reject) => {
    issue(
      request,
      (failure: Error | null, result: unknown, raw: string) =>
        failure === null ? resolve({ result, raw }) : reject(failure),
      http,
    );
  });
}

/** What the client made of the answer, down a path of names; a list stands for its only entry. */
function read(result: unknown, ...path: readonly string[]): unknown {
  let found = result;
  for (const name of path) {
    const [only] = Array.isArray(found) ? (found as readonly unknown[]) : [found];
    found = (only as Readonly<Record<string, unknown>> | undefined)?.[name];
  }
  return found;
}

for (const port of ['TransportUT_Port', 'TransportUT_Soap12_Port'] as const)
  test(`soap of npm: loads the WSDL, calls Issue at ${port} and reads the assertion`, async (t) => {
    const server = await startTlsServer(t);

    const { result } = await issueWithNpm(server, { port });

    const response = ['RequestSecurityTokenResponse'];
    const assertion = [...response, 'RequestedSecurityToken', 'Assertion'];
    assert.equal(read(result, ...response, 'TokenType'), SAML2);
    assert.equal(read(result, ...assertion, 'Issuer'), server.origin);
    assert.equal(read(result, ...assertion, 'Subject', 'NameID', '$value'), 'bob');
    assert.equal(
      read(result, ...assertion, 'Conditions', 'AudienceRestriction', 'Audience'),
      BILLING,
    );
  });

test('soap of npm: a wrong password is a fault it reads, in both versions of SOAP', async (t) => {
  const server = await startTlsServer(t);

  const wrong = { password: 'wrong' };

  await assert.rejects(issueWithNpm(server, wrong), {
    message: 'trust:FailedAuthentication: Authentication failed',
  });
  await assert.rejects(issueWithNpm(server, { ...wrong, port: 'TransportUT_Soap12_Port' }), {
    message: 's:Sender: trust:FailedAuthentication: Authentication failed',
  });
});

test('soap of npm: WSSecurityCert signs Timestamp and Body with a certificate, where it writes the ids of WS-Security', async (t) => {
  const server = await startTlsServer(t, withCertifiedClient);
  const [certificate, key] = await Promise.all(
    ['client.crt', 'client.key'].map((name) => readFile(join(server.directory, name), 'utf8')),
  );
  const signedWith = (options: object) => new soap.WSSecurityCert(key, certificate, '', options);

  for (const port of ['TransportUT_Port', 'TransportUT_Soap12_Port'] as const) {
    const security = signedWith({ signerOptions: { idMode: 'wssecurity' } });
    const { result } = await issueWithNpm(server, { port, security });

    assert.equal(read(result, 'RequestSecurityTokenResponse', 'TokenType'), SAML2);
  }
  // An Id of no namespace is none on a Body: what is signed by it could stand anywhere.
  await assert.rejects(issueWithNpm(server, { security: signedWith({}) }), {
    message: /^wsse:InvalidSecurity: /,
  });
});

for (const [tokenType, id] of [
  [SAML1, 'AssertionID'],
  [SAML2, 'ID'],
] as const)
  test(`xmlsec1: verifies the assertion that was received, ${tokenType}`, async (t) => {
    if (!hasXmlsec1(t)) return;
    const server = await startTlsServer(t);
    const { raw } = await issueWithNpm(server, { tokenType });
    const [assertion = ''] = /<saml:Assertion .*<\/saml:Assertion>/s.exec(raw) ?? [];
    const judge = (text: string) =>
      runXmlsec1(
        [
          '--verify',
          '--pubkey-cert-pem',
          'saml.crt',
          '--enabled-key-data',
          'key-name',
          `--id-attr:${id}`,
          `${tokenType}:Assertion`,
          'assertion.xml',
        ],
        { 'saml.crt': server.samlCertificate, 'assertion.xml': text },
      );

    const untouched = judge(assertion);
    const changed = judge(assertion.replace('>bob<', '>eve<'));

    assert.ok(untouched.isOk, untouched.stderr);
    assert.equal(changed.isOk, false);
  });
