// What each address takes, and what a signature must cover there (ws-trust §4 to §6), as a table of its own: the tests that walk through
// the profiles would follow whatever stands in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint/profiles.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  TIMESTAMP,
} from '#test/support/ws-trust/ws-trust.ts';

const ANY = 'username certificate issued-token bearer-token tls-certificate';
const BOTH = 'Timestamp and Body';
/** TLS protects the Body. */
const MIXED = 'Timestamp';

type Row = readonly [path: string, credentials: string, signed: string];

const adfs = (folder: string): readonly Row[] => [
  [`/adfs/services/trust/${folder}/usernamemixed`, 'username', BOTH],
  [`/adfs/services/trust/${folder}/certificatemixed`, 'certificate', MIXED],
  [`/adfs/services/trust/${folder}/certificatetransport`, 'tls-certificate', BOTH],
  ...['asymmetric', 'symmetric'].flatMap((key) =>
    ['', 'sha256'].map((hash): Row => {
      const name = `issuedtokenmixed${key}basic256${hash}`;
      return [`/adfs/services/trust/${folder}/${name}`, 'issued-token', MIXED];
    }),
  ),
];

const ADDRESSES: readonly Row[] = [
  ['/ws-trust', ANY, BOTH],
  ['/ws-trust/soap12', ANY, BOTH],
  ['/ws-trust/2005', ANY, BOTH],
  ['/ws-trust/2005/soap12', ANY, BOTH],
  ...adfs('2005'),
  ...adfs('13'),
  ...['2005', '13'].flatMap((folder) =>
    ['windows', 'windowsmixed', 'windowstransport', 'kerberosmixed'].map((name): Row => {
      return [`/adfs/services/trust/${folder}/${name}`, '', BOTH];
    }),
  ),
  ['/sts/STSService', ANY, BOTH],
  ['/sts/STSService/*', ANY, BOTH],
  ['/services/wso2carbon-sts', ANY, BOTH],
];

test('ws-trust §4 to §6: every address takes its credentials and no other, and wants its parts signed', () => {
  const profiles = [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE];
  const served = profiles.flatMap(({ endpoints }) =>
    endpoints.map(({ credentials, path, signedParts }): Row => {
      return [path, credentials.join(' '), signedParts === 'timestamp' ? MIXED : BOTH];
    }),
  );

  assert.deepEqual(served, ADDRESSES);
});

test('ws-trust §4: nothing that weakens an address is on by itself', () => {
  const profiles = [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE];
  for (const endpoint of profiles.flatMap(({ endpoints }) => endpoints)) {
    const { credentials: _, path, signedParts: __, ...rest } = endpoint;

    assert.deepEqual(rest, {}, path);
  }
});

test('ws-trust §4: without TLS, and for contexts, there are addresses of their own, which the operator names', () => {
  const rows = GENERIC_PROFILE.optional.map(({ endpoint }) => {
    const { credentials, messageSecurity, path } = endpoint;
    return [path, credentials.join(' '), messageSecurity];
  });

  assert.deepEqual(rows, [
    ['/ws-trust/message', 'username certificate', 'sign-and-encrypt'],
    ['/ws-trust/message/username', 'username', 'symmetric-sign-and-encrypt'],
    ['/ws-trust/context', 'username security-context', undefined],
  ]);
  for (const { optional } of [ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE])
    assert.deepEqual(optional, []);
});

for (const [path, hasTimestamp] of [
  ['/ws-trust', true],
  ['/ws-trust/soap12', true],
  ['/ws-trust/2005', true],
  ['/ws-trust/2005/soap12', true],
  ['/adfs/services/trust/13/usernamemixed', true],
  ['/adfs/services/trust/2005/usernamemixed', true],
  ['/sts/STSService', false],
  ['/services/wso2carbon-sts', true],
] as const)
  test(`WS-SecurityPolicy 1.2 §6.2, §6.7: the policy of ${path} tells of a Timestamp as its answers have one, and takes headers in any order`, async () => {
    const { front } = aWsTrustSetting();
    const wsdl = await front.handle({ ...aPost(''), method: 'GET', path, query: '?wsdl' });
    const answer = await front.handle(
      anIssueRequest({ header: aSecurityHeader(TIMESTAMP) }, { path }),
    );

    const bindings = wsdl.body.match(/<sp:TransportBinding .*?<\/sp:TransportBinding>/gs) ?? [];
    assert.ok(bindings.length > 0, wsdl.body);
    for (const binding of bindings) {
      assert.equal(binding.includes('<sp:IncludeTimestamp'), hasTimestamp, binding);
      assert.match(binding, /<sp:Layout[ >].*<sp:Lax/s);
    }
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.body.includes('<wsu:Timestamp'), hasTimestamp);
  });
