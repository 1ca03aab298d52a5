// Endpoint profiles (ws-trust §6): which credential each address takes, what must be signed there, and what is published of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import type { EndpointProfile } from '#bridge/ws-trust/endpoint/endpoint-profile.ts';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aBinaryToken, aSignedMessage } from '#test/support/soap/signed-message.ts';
import { SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
  TIMESTAMP,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const client = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });

const known = knownCertificates([client]);
const aSetting = () => aWsTrustSetting({ validators: [known] });

/** A message of the client's certificate whose signature covers the parts of these ids. */
const signedOver = (ids: readonly string[]): string => aSignedMessage(anRst(), { by: client, ids });

const USER_NAME =
  '<wsse:UsernameToken><wsse:Username>alice</wsse:Username><wsse:Password>correct horse</wsse:Password></wsse:UsernameToken>';

const endpointsOf = ({ endpoints }: EndpointProfile) =>
  endpoints.map((endpoint) => ({ ...endpoint, path: endpoint.path.replace('/*', '/tenant') }));

const ENDPOINTS = [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE].flatMap(
  endpointsOf,
);

for (const { credentials, path, signedParts } of ENDPOINTS) {
  const takesUserName = credentials.includes('username');
  test(`ws-trust §6: ${path} ${takesUserName ? 'takes' : 'refuses'} a user name`, async () => {
    const answer = await aSetting().front.handle(anIssueRequest({}, { path }));

    if (takesUserName) assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  });

  if (!takesUserName)
    test(`ws-trust §4: ${path} does not look at a password, so nobody tries them there`, async () => {
      const passwords: TokenValidator = {
        canHandle: ({ type }) => type === 'username',
        validate: () => assert.fail('the password was looked at'),
      };
      const { errors, front } = aWsTrustSetting({ validators: [passwords, known] });
      const tokens = `${aBinaryToken(client)}${USER_NAME}`;

      const answers = [
        await front.handle(anIssueRequest({}, { path })),
        await front.handle(aPost(aSignedMessage(anRst(), { by: client, tokens }), { path })),
      ];

      assert.deepEqual(
        answers.map((answer) => faultCodeOf(answer)),
        ['trust:FailedAuthentication', 'trust:FailedAuthentication'],
      );
      assert.deepEqual(errors, []);
    });

  const takesCertificate = credentials.includes('certificate');
  test(`ws-trust §4: ${path} ${takesCertificate ? 'takes' : 'refuses'} Timestamp and Body signed with a certificate`, async () => {
    const message = signedOver(['ts', 'body']);

    const answer = await aSetting().front.handle(aPost(message, { path }));

    if (takesCertificate) assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  });

  if (!takesCertificate) continue;
  test(`ws-trust §4: ${path} ${signedParts ? 'takes' : 'refuses'} a signature over the Timestamp alone`, async () => {
    const answer = await aSetting().front.handle(aPost(signedOver(['ts']), { path }));

    if (signedParts) assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });

  test(`ws-trust §4: ${path} refuses a signature over the Body alone`, async () => {
    const answer = await aSetting().front.handle(aPost(signedOver(['body']), { path }));

    assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });
}

const WSO2 = '/services/wso2carbon-sts';
const USERNAME_13 = '/adfs/services/trust/13/usernamemixed';
const MESSAGE_ID = '<a:MessageID>urn:uuid:1</a:MessageID>';
const TIMESTAMP_BEFORE_FAULT =
  /<wsse:Security(?: [^>]*)?><wsu:Timestamp [^>]*><wsu:Created>2027-01-15T08:00:00.000Z<\/wsu:Created><wsu:Expires>2027-01-15T08:05:00.000Z<\/wsu:Expires><\/wsu:Timestamp><\/wsse:Security><\/s:Header><s:Body><s:Fault/;
const TIMESTAMP_OF_FAULT = new RegExp(`<s:Header>${TIMESTAMP_BEFORE_FAULT.source}`);
const OVER = TIMESTAMP.replaceAll('2027', '2026');
const wrongPassword = (more: string) => aSecurityHeader(more, { name: 'alice', password: 'wrong' });

for (const soap of SOAP_VERSIONS) {
  test(`WS-SecurityPolicy 1.2 §6.2, wso2, SOAP ${soap}: a fault has a Timestamp when the request has one`, async () => {
    const header = wrongPassword(TIMESTAMP);
    const unknown = anRst({ children: anAppliesTo('urn:nobody') });

    const answers = [
      await aSetting().front.handle(anIssueRequest({ soap, header }, { path: WSO2 })),
      await aSetting().front.handle(
        anIssueRequest({ soap, header: aSecurityHeader(TIMESTAMP), body: unknown }, { path: WSO2 }),
      ),
    ];

    assert.deepEqual(answers.map(faultCodeOf), [
      'trust:FailedAuthentication',
      'trust:InvalidScope',
    ]);
    for (const { body } of answers) assert.match(body, TIMESTAMP_OF_FAULT);
  });

  for (const path of ['/ws-trust', '/ws-trust/soap12'])
    test(`WS-SecurityPolicy 1.2 §6.2, ${path}, SOAP ${soap}: a fault has a Timestamp when the request has one and addressing`, async () => {
      const faultFor = (header: string) =>
        aSetting().front.handle(
          anIssueRequest({ soap, header: `${MESSAGE_ID}${header}` }, { path }),
        );

      const [refused, unread, without] = await Promise.all([
        faultFor(wrongPassword(TIMESTAMP)),
        faultFor(wrongPassword(OVER)),
        faultFor(wrongPassword('')),
      ]);

      assert.equal(faultCodeOf(refused), 'trust:FailedAuthentication');
      assert.equal(faultCodeOf(unread), 'wsse:MessageExpired');
      for (const { body } of [refused, unread]) assert.match(body, TIMESTAMP_BEFORE_FAULT);
      assert.equal(faultCodeOf(without), 'trust:FailedAuthentication');
      assert.doesNotMatch(without.body, /Timestamp/);
    });

  test(`ws-trust §6, adfs, SOAP ${soap}: a fault has a Timestamp once it is known who asks, as clients of WCF tell a refused credential from a refused request`, async () => {
    const unknown = anRst({ children: anAppliesTo('urn:nobody') });
    const faultFor = (header: string, body = anRst()) =>
      aSetting().front.handle(anIssueRequest({ soap, header, body }, { path: USERNAME_13 }));

    const [refused, over, known, plain, without] = await Promise.all([
      faultFor(`${MESSAGE_ID}${wrongPassword(TIMESTAMP)}`),
      faultFor(`${MESSAGE_ID}${aSecurityHeader(OVER)}`),
      faultFor(`${MESSAGE_ID}${aSecurityHeader(TIMESTAMP)}`, unknown),
      faultFor(aSecurityHeader(TIMESTAMP), unknown),
      faultFor(`${MESSAGE_ID}${aSecurityHeader()}`, unknown),
    ]);

    assert.equal(faultCodeOf(refused), 'trust:FailedAuthentication');
    assert.equal(faultCodeOf(over), 'wsse:MessageExpired');
    assert.equal(faultCodeOf(known), 'trust:InvalidScope');
    assert.match(known.body, TIMESTAMP_BEFORE_FAULT);
    for (const { body } of [refused, over, plain, without]) assert.doesNotMatch(body, /Timestamp/);
  });

  test(`ws-trust §6, vcenter, SOAP ${soap}: a fault has no Timestamp, as no answer has`, async () => {
    const header = `${MESSAGE_ID}${wrongPassword(TIMESTAMP)}`;

    const fault = await aSetting().front.handle(
      anIssueRequest({ soap, header }, { path: '/sts/STSService' }),
    );

    assert.equal(faultCodeOf(fault), 'trust:FailedAuthentication');
    assert.doesNotMatch(fault.body, /Timestamp/);
  });

  test(`ws-trust W12, SOAP ${soap}: elsewhere a fault to a request without addressing has no text besides its own, at wso2 neither without a Timestamp in the request`, async () => {
    const faults = [
      await aSetting().front.handle(
        anIssueRequest({ soap, header: wrongPassword('') }, { path: WSO2 }),
      ),
      ...(await Promise.all(
        ['/ws-trust', '/sts/STSService', USERNAME_13].map((path) =>
          aSetting().front.handle(
            anIssueRequest({ soap, header: wrongPassword(TIMESTAMP) }, { path }),
          ),
        ),
      )),
    ];

    for (const fault of faults) {
      assert.equal(faultCodeOf(fault), 'trust:FailedAuthentication');
      assert.doesNotMatch(fault.body, /Header|Timestamp/);
    }
  });
}

/** Messages of which no Security header is taken, by the fault for them. */
const UNREAD: readonly (readonly [
  what: string,
  code: RegExp,
  message: (soap: '1.1' | '1.2') => WsTrustRequest,
])[] = [
  [
    'a Timestamp that is over',
    /^wsse:MessageExpired$/,
    (soap) => anIssueRequest({ soap, header: wrongPassword(OVER) }, { path: WSO2 }),
  ],
  [
    'two Security headers',
    /^wsse:InvalidSecurity$/,
    (soap) =>
      anIssueRequest(
        { soap, header: wrongPassword(TIMESTAMP) + aSecurityHeader() },
        { path: WSO2 },
      ),
  ],
  [
    'a header that must be understood',
    // In SOAP 1.2 the code of SOAP has one of ours below it.
    /^(?:s:MustUnderstand|trust:InvalidRequest)$/,
    (soap) =>
      anIssueRequest(
        { soap, header: '<x:y xmlns:x="urn:x" s:mustUnderstand="1"></x:y>' },
        { path: WSO2 },
      ),
  ],
  [
    'what is no XML',
    /^trust:InvalidRequest$/,
    (soap) => ({ ...anIssueRequest({ soap }, { path: WSO2 }), body: Buffer.from('<') }),
  ],
];

for (const soap of SOAP_VERSIONS) {
  for (const [what, code, message] of UNREAD)
    test(`WS-SecurityPolicy 1.2 §6.2, wso2, SOAP ${soap}: a fault for ${what} has a Timestamp`, async () => {
      const answer = await aSetting().front.handle(message(soap));

      assert.match(faultCodeOf(answer), code);
      assert.match(answer.body, TIMESTAMP_OF_FAULT);
    });

  test(`WS-SecurityPolicy 1.2 §6.2, wso2, SOAP ${soap}: so has one for what was refused unread, and none elsewhere`, () => {
    const { front } = aSetting();
    const refused = (path: string) =>
      front.refuse(
        anIssueRequest({ soap }, { path }),
        new ExchangeFailure('rate-limited', 'too many'),
      );

    assert.match(refused(WSO2).body, TIMESTAMP_OF_FAULT);
    assert.doesNotMatch(refused('/ws-trust').body, /Header|Timestamp/);
  });
}

test('WS-SecurityPolicy 1.2 §6.2, wso2: where messages protect themselves a fault has no Timestamp, for nobody signs it', async () => {
  const change = { path: WSO2, messageSecurity: 'sign-and-encrypt' } as const;
  const profiles = changeEndpoints([WSO2_PROFILE], [change]);
  const { front } = aWsTrustSetting({ validators: [known], profiles });

  const answer = await front.handle(
    anIssueRequest({ header: wrongPassword(OVER) }, { path: WSO2 }),
  );

  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /Header|Timestamp/);
});

test('an address of vCenter and those below it are changed together: any tenant in the path is the same service', () => {
  const [own, below] = ['/sts/STSService', '/sts/STSService/*'].map((path) => ({
    path,
    credentials: ['certificate'] as const,
  }));
  assert.ok(own && below);

  const beside = { path: '/ws-trust', credentials: ['certificate'] as const };
  for (const alone of [[own], [below], [own, beside]])
    assert.throws(
      () => changeEndpoints([VCENTER_PROFILE, GENERIC_PROFILE], alone),
      /both in the list, or neither/,
    );
  const [changed] = changeEndpoints([VCENTER_PROFILE], [own, below]);
  assert.deepEqual(
    changed?.endpoints.map(({ credentials }) => credentials),
    [['certificate'], ['certificate']],
  );
});

const wsdlAt = async (path: string, { front } = aSetting()): Promise<string> => {
  const request = { ...aPost(''), method: 'GET', path, query: '?wsdl' };
  return (await front.handle(request)).body;
};

test('ws-trust §5: each tenant of vCenter reads its own address, whoever asked before', async () => {
  const setting = aSetting();
  const addresses: (string | undefined)[] = [];

  for (const tenant of ['one', 'two']) {
    const wsdl = await wsdlAt(`/sts/STSService/${tenant}`, setting);
    addresses.push(/location="[^"]*(\/sts\/[^"]*)"/.exec(wsdl)?.[1]);
  }

  assert.deepEqual(addresses, ['/sts/STSService/one', '/sts/STSService/two']);
});

/** The text of the policy of this id. */
const policyOf = (wsdl: string, id: string): string =>
  new RegExp(`<wsp:Policy wsu:Id="${id}">.*?</wsp:ExactlyOne></wsp:Policy>`).exec(wsdl)?.[0] ?? '';

test('P24, AD FS: each credential has its policy, and each binding refers to one', async () => {
  const wsdl = await wsdlAt('/adfs/services/trust/mex');

  for (const version of ['13', '2005']) {
    assert.match(policyOf(wsdl, `Username${version}`), /<sp:WssUsernameToken10/);
    assert.match(
      policyOf(wsdl, `Certificate${version}`),
      /<sp:EndorsingSupportingTokens .*<sp:WssX509V3Token10/,
    );
    assert.doesNotMatch(policyOf(wsdl, `Certificate${version}`), /SignedParts/);
    assert.match(
      policyOf(wsdl, `CertificateTransport${version}`),
      version === '13' ? /<sp:RequireClientCertificate/ : /RequireClientCertificate="true"/,
    );
    assert.match(policyOf(wsdl, `IssuedToken${version}`), /<sp:IssuedToken .*\/PublicKey</);
    assert.match(
      policyOf(wsdl, `IssuedTokenSymmetric${version}`),
      /<sp:IssuedToken .*\/SymmetricKey</,
    );
  }
  const policies = new Set(
    Array.from(wsdl.matchAll(/wsp:Policy wsu:Id="([^"]+)"/g), ([, id]) => id),
  );
  const references = Array.from(wsdl.matchAll(/PolicyReference URI="#([^"]+)"/g), ([, id]) => id);
  assert.equal(references.length, 14);
  for (const reference of references) assert.ok(policies.has(reference), reference);
});

test('ws-trust §5, AD FS: what wants Kerberos or triple DES is not published, triple DES not served', async () => {
  const wsdl = await wsdlAt('/adfs/services/trust/mex');

  assert.doesNotMatch(wsdl, /kerberos|windows|negotiate|tripledes/i);
  const path = '/adfs/services/trust/13/issuedtokenmixedsymmetrictripledes';
  assert.equal((await aSetting().front.handle(anIssueRequest({}, { path }))).status, 404);
});

describe('P30: Kerberos and SPNEGO are refused by name, for we have none', () => {
  const kerberos = (valueType: string) =>
    `<wsse:BinarySecurityToken ValueType="http://docs.oasis-open.org/wss/oasis-wss-kerberos-token-profile-1.1#${valueType}" EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">YIIB</wsse:BinarySecurityToken>`;
  const faultAt = async (path: string, header: string, over: object = {}) =>
    faultCodeOf(await aSetting().front.handle(anIssueRequest({ header }, { path, ...over })));

  for (const folder of ['2005', '13'])
    for (const name of ['windows', 'windowsmixed', 'windowstransport', 'kerberosmixed'])
      test(`AD FS ${folder}/${name} takes nobody, and says so in a fault`, async () => {
        const path = `/adfs/services/trust/${folder}/${name}`;
        const negotiate = { authorization: 'Negotiate YIIB' };
        const headers = { 'content-type': 'application/soap+xml; charset=utf-8', ...negotiate };

        assert.equal(await faultAt(path, ''), 'trust:FailedAuthentication');
        assert.equal(await faultAt(path, '', { headers }), 'trust:FailedAuthentication');
        assert.equal(await faultAt(path, aSecurityHeader()), 'trust:FailedAuthentication');
        const ticket = `<wsse:Security>${kerberos('GSS_Kerberosv5_AP_REQ')}</wsse:Security>`;
        assert.equal(await faultAt(path, ticket), 'wsse:UnsupportedSecurityToken');
      });

  for (const path of [
    '/ws-trust',
    '/adfs/services/trust/13/usernamemixed',
    '/sts/STSService',
    '/services/wso2carbon-sts',
  ])
    test(`a ticket at ${path} is UnsupportedSecurityToken, beside a good password too`, async () => {
      for (const valueType of ['Kerberosv5_AP_REQ', 'GSS_Kerberosv5_AP_REQ_4120']) {
        const token = kerberos(valueType);
        for (const header of [`<wsse:Security>${token}</wsse:Security>`, aSecurityHeader(token)])
          assert.equal(await faultAt(path, header), 'wsse:UnsupportedSecurityToken');
      }
    });

  test('a leg of SPNEGO is BadRequest', async () => {
    const exchange = `<t:BinaryExchange ValueType="http://schemas.xmlsoap.org/ws/2005/02/trust/spnego" EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">YIIB</t:BinaryExchange>`;
    const body = anRst({ children: exchange });

    const answer = await aSetting().front.handle(anIssueRequest({ body }));

    assert.equal(faultCodeOf(answer), 'trust:BadRequest');
  });
});
