// The WSDL as Eclipse Metro reads it, which does nothing that no policy asks of it (test/interop/metro/metro.test.ts runs it).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeEndpoints,
  type EndpointChange,
} from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint/profiles.ts';
import { anIssueRequest, aPost, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';

const CONTEXT_PATH = '/ws-trust/context';
const PORTS = ['/ws-trust', '/ws-trust/soap12', '/ws-trust/2005', '/ws-trust/2005/soap12'];

const OPTIONAL: readonly EndpointChange[] = [
  { path: CONTEXT_PATH },
  { path: '/ws-trust/message', messageSecurity: 'sign-and-encrypt' },
  { path: '/ws-trust/message/username', messageSecurity: 'symmetric-sign-and-encrypt' },
];

async function wsdlAt(
  path: string,
  query: string,
  changes: readonly EndpointChange[] = [{ path: CONTEXT_PATH }],
): Promise<string> {
  const profiles = changeEndpoints(
    [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE],
    changes,
  );
  const request = { ...aPost(''), method: 'GET', path, query };
  const answer = await aWsTrustSetting({ profiles }).front.handle(request);
  assert.equal(answer.status, 200);
  return answer.body;
}

test('WS-MetadataExchange: each address of the general profile tells the WSDL with /mex after it', async () => {
  const wsdl = await wsdlAt('/ws-trust', '?wsdl');

  for (const port of PORTS) assert.equal(await wsdlAt(`${port}/mex`, ''), wsdl);
});

for (const { path } of OPTIONAL)
  test(`WS-MetadataExchange: so does an address that is served where it is named: ${path}`, async () => {
    const mex = await wsdlAt(`${path}/mex`, '', OPTIONAL);
    const unnamed = await aWsTrustSetting().front.handle({
      ...aPost(''),
      method: 'GET',
      path: `${path}/mex`,
    });

    assert.equal(mex, await wsdlAt(path, '?wsdl', OPTIONAL));
    assert.ok(mex.includes(`location="https://sts.example.org${path}"`), mex);
    assert.equal(unnamed.status, 404);
  });

test('WS-MetadataExchange: what stands after an address whose messages protect themselves is told as at that address', async () => {
  const changes: readonly EndpointChange[] = [
    { path: '/ws-trust/soap12', messageSecurity: 'sign-and-encrypt' },
  ];

  assert.equal(
    await wsdlAt('/ws-trust/soap12/mex', '', changes),
    await wsdlAt('/ws-trust/soap12', '?wsdl', changes),
  );
});

test('WS-Addressing 1.0 WSDL Binding §3.1.1: requests in SOAP 1.2 have addressing, those in SOAP 1.1 may have it', async () => {
  const body = await wsdlAt('/ws-trust', '?wsdl');

  const addressing = [
    ...body.matchAll(/wsu:Id="(\w+)">(?:(?!<\/wsp:Policy><w).)*?<wsaw:UsingAddressing([^>]*)>/g),
  ].map(([, id, attributes = '']) => [id, /wsp:Optional="true"/.test(attributes)]);
  assert.deepEqual(addressing, [
    ['Username13Plain', true],
    ['Username13', false],
    ['Username2005Plain', true],
    ['Username2005', false],
    ['SecurityContext13SignedBody', false],
  ]);
});

test('WS-SecurityPolicy 1.2 §7.1: the suite of each policy over TLS tells Eclipse Metro to sign with RSA-SHA256', async () => {
  for (const path of [...PORTS, CONTEXT_PATH, '/sts/STSService', '/services/wso2carbon-sts']) {
    const body = await wsdlAt(path, '?wsdl');

    const suites = [...body.matchAll(/<sp:AlgorithmSuite[^>]*>/g)].map(([tag]) => tag);
    assert.deepEqual(
      new Set(suites),
      new Set(['<sp:AlgorithmSuite signatureAlgorithm="SHA256withRSA">']),
    );
  }
});

test('WS-MetadataExchange: nothing is issued where an address is only described', async () => {
  for (const path of [...PORTS.map((port) => `${port}/mex`), '/adfs/services/trust/mex']) {
    const answer = await aWsTrustSetting().front.handle(anIssueRequest({}, { path }));

    assert.equal(answer.status, 500);
    assert.doesNotMatch(answer.body, /RequestedSecurityToken/);
  }
});
