// A client of the WCF programming model, on the implementation that Mono has of it, over TLS. It verifies what it gets with
// the XML signatures of .NET.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { aCertifiedKey } from '#test/support/saml.ts';
import { BILLING } from '#test/support/saml-document.ts';
import { startTlsServer } from '#test/support/tls-server.ts';
import { endsOf, isBuilt } from './foreign-client.ts';

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
    `${version}-saml11`,
    ...BINDINGS.map((name) => `${version}-${name}`),
  ];
  return {
    ...Object.fromEntries(issued.map((name) => [name, ISSUED])),
    [`adfs-${version}-wrong-password`]: `fault=${prefix}:FailedAuthentication`,
    [`adfs-${version}-unknown-applies-to`]: `fault=${prefix}:InvalidScope`,
    [`adfs-${version}-old`]: 'fault=wsse:MessageExpired',
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

test('WCF on Mono: gets its tokens by every binding, the faults it should, and the description', async (t) => {
  if (!(await isBuilt(t, 'wcf/build'))) return;
  const server = await startTlsServer(t);
  const expected: Ends = {
    ...endsIn('2005', 't'),
    ...endsIn('13', 'wst'),
    ...Object.fromEntries(FROM_METADATA.map((name) => [name, ISSUED])),
  };

  const ends = await endsOf('run-wcf', server, {});

  for (const [name, end] of Object.entries(expected))
    await t.test(`${name}: ${end}`, () => assert.equal(ends.get(name), end));
  assert.deepEqual([...ends.keys()].sort(), Object.keys(expected).sort());
});

test('WCF on Mono: takes no assertion of another key, and talks to no server of another certificate', async (t) => {
  if (!(await isBuilt(t, 'wcf/build'))) return;
  const [server, other] = await Promise.all([startTlsServer(t), aCertifiedKey()]);
  const certificate = join(server.directory, 'other.crt');
  await writeFile(certificate, other.certificatePem);
  const cases = 'adfs-13-saml2';

  const ofOtherKey = await endsOf('run-wcf', server, { cases, 'saml-cert': certificate });
  const atOtherServer = await endsOf('run-wcf', server, { cases, 'tls-cert': certificate });

  const refused = 'error=ProtocolException the signature is not that of the certificate';
  assert.equal(ofOtherKey.get(cases), refused);
  assert.match(atOtherServer.get(cases) ?? '', /^error=WebException .*TrustFailure/);
});
