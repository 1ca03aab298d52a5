// Every refusal of the front and its fault, in both versions of SOAP (ws-trust W12, §3.9; style: fixed sentences).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import { REASON_FAULTS, SECURITY_FAULTS } from '#bridge/ws-trust/fault-map.ts';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure, FAILURE_REASONS, type FailureReason } from '#core/failure.ts';
import { SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { REFUSED } from './refused-requests.ts';

const texts = (element: XmlElement): readonly string[] =>
  element.children.flatMap((each) => (typeof each === 'string' ? [each] : texts(each)));

const SENTENCES = new Set(
  [...Object.values(REASON_FAULTS), ...Object.values(SECURITY_FAULTS)].map(({ reason }) => reason),
);

for (const soap of SOAP_VERSIONS)
  for (const [what, message, code] of REFUSED)
    test(`ws-trust W12, SOAP ${soap}: ${what} is ${code}`, async () => {
      const setting = aWsTrustSetting();

      const answer = await setting.front.handle(anIssueRequest({ soap, ...message }));

      const isOfSoap = code === 'MustUnderstand';
      const expected =
        isOfSoap && soap === '1.1' ? 's:MustUnderstand' : isOfSoap ? 'trust:InvalidRequest' : code;
      assert.equal(faultCodeOf(answer), expected, answer.body);
      assert.equal(
        answer.headers['content-type'],
        `${SOAP_SPELLING[soap].mediaType}; charset=utf-8`,
      );
      const hasAddressing = message.header?.includes('<a:') === true;
      const found = texts(parseXml(Buffer.from(answer.body)).root);
      assert.ok(SENTENCES.has(found.at(-1) ?? ''), answer.body);
      if (soap === '1.1' && !hasAddressing) assert.equal(found.length, 2, answer.body);
      assert.equal(answer.body.includes('<s:Header>'), hasAddressing && !what.includes('ReplyTo'));
      const refusals = setting.audit.records.filter(({ outcome }) => outcome === 'refused');
      assert.equal(refusals.length, 1, 'every refusal is on record, once');
      assert.equal(refusals[0]?.reason, answer.reason);
      assert.deepEqual(setting.errors, []);
    });

const DECIDED: Readonly<Record<FailureReason, string>> = {
  'request-malformed': 'trust:InvalidRequest',
  'operation-unsupported': 'trust:BadRequest',
  'requestor-unauthenticated': 'trust:FailedAuthentication',
  'second-factor-required': 'trust:FailedAuthentication',
  'requestor-not-allowed': 'trust:RequestFailed',
  'token-type-unsupported': 'wsse:UnsupportedSecurityToken',
  'token-malformed': 'trust:InvalidSecurityToken',
  'signature-invalid': 'trust:InvalidSecurityToken',
  'issuer-untrusted': 'trust:InvalidSecurityToken',
  'token-audience-mismatch': 'trust:InvalidSecurityToken',
  'token-replayed': 'trust:InvalidSecurityToken',
  'token-revoked': 'trust:InvalidSecurityToken',
  'token-expired': 'trust:ExpiredData',
  'renewal-needed': 'trust:RenewNeeded',
  'token-not-yet-valid': 'trust:InvalidTimeRange',
  'confirmation-missing': 'trust:InvalidSecurityToken',
  'target-unknown': 'trust:InvalidScope',
  'target-not-allowed': 'trust:InvalidScope',
  'scope-not-allowed': 'trust:InvalidScope',
  'claim-missing': 'trust:RequestFailed',
  'delegation-not-allowed': 'trust:RequestFailed',
  'lifetime-not-possible': 'trust:InvalidTimeRange',
  'renewal-not-possible': 'trust:UnableToRenew',
  'rate-limited': 'trust:RequestFailed',
  'dependency-unavailable': 'trust:RequestFailed',
};
for (const reason of FAILURE_REASONS)
  test(`ws-trust §3.9: what core refuses as ${reason} is ${DECIDED[reason]}, and its detail stays here`, async () => {
    const issuers = [
      {
        canIssue: () => true,
        issue: () => Promise.reject(new ExchangeFailure(reason, 'the secret detail')),
      },
    ];

    const newer = await aWsTrustSetting({ issuers }).front.handle(anIssueRequest());
    const older = await aWsTrustSetting({ issuers }).front.handle(
      anIssueRequest({ soap: '1.1', body: anRst({ trust: TRUST_2005 }) }),
    );

    assert.equal(faultCodeOf(newer), DECIDED[reason]);
    assert.equal(faultCodeOf(older), DECIDED[reason].replace('trust:', 't:'));
    for (const { body } of [newer, older]) assert.doesNotMatch(body, /secret/);
  });

test('ws-trust §2: what we depend on is away: HTTP 500, Receiver, Retry-After', async () => {
  const setting = aWsTrustSetting();
  setting.audit.breakOn('allowed');

  const answer = await setting.front.handle(anIssueRequest());

  assert.equal(faultCodeOf(answer), 'trust:RequestFailed');
  assert.ok(answer.body.includes('<s:Code><s:Value>s:Receiver</s:Value>'), answer.body);
  assert.equal(answer.headers['retry-after'], '1');
});

test('a refusal that cannot be recorded is answered as if we were away', async () => {
  const setting = aWsTrustSetting();
  setting.audit.breakOn('refused');

  const answer = await setting.front.handle(anIssueRequest({ header: '<wsse:Security/>' }));

  assert.equal(answer.reason, 'dependency-unavailable');
  assert.ok(answer.body.includes('s:Receiver'), answer.body);
});

test('a mistake of ours is a Receiver fault without a text of its own, and goes to the log', async () => {
  const issuers = [
    { canIssue: () => true, issue: () => Promise.reject(new Error('the secret detail')) },
  ];
  const setting = aWsTrustSetting({ issuers });

  const answer = await setting.front.handle(anIssueRequest());

  assert.ok(answer.body.includes('s:Receiver') && !answer.body.includes('secret'), answer.body);
  assert.equal(answer.reason, 'server-error');
  assert.equal(setting.errors.length, 1);
  assert.equal(setting.audit.records.at(-1)?.reason, 'server-error');
});

const transports: readonly (readonly [string, Partial<WsTrustRequest>])[] = [
  ['another media type', { headers: { 'content-type': 'application/xml' } }],
  ['no media type', { headers: {} }],
  ['another charset', { headers: { 'content-type': 'application/soap+xml; charset=iso-8859-1' } }],
  ['the media type of the other version', { headers: { 'content-type': 'text/xml' } }],
  [
    'a SOAPAction of another operation',
    { headers: { 'content-type': 'application/soap+xml', soapaction: '"urn:x"' } },
  ],
  [
    'an action parameter of another operation',
    { headers: { 'content-type': `application/soap+xml; action="${TRUST_13}/RST/Renew"` } },
  ],
];
for (const [what, over] of transports)
  test(`ws-trust §3.1: ${what} is InvalidRequest, as a fault with HTTP 500`, async () => {
    const answer = await aWsTrustSetting().front.handle(anIssueRequest({}, over));

    assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
  });

test('ws-trust W1: a fault is in the version of the envelope, where the content type is that of another', async () => {
  for (const [soap, other] of [
    ['1.1', '1.2'],
    ['1.2', '1.1'],
  ] as const) {
    const headers = { 'content-type': SOAP_SPELLING[other].mediaType };

    const answer = await aWsTrustSetting().front.handle(anIssueRequest({ soap }, { headers }));

    assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
    assert.equal(answer.headers['content-type'], `${SOAP_SPELLING[soap].mediaType}; charset=utf-8`);
    assert.ok(answer.body.includes(`xmlns:s="${SOAP_SPELLING[soap].namespace}"`));
  }
});

test('ws-trust W1: a fault about what has no version is in that of the content type', async () => {
  for (const soap of SOAP_VERSIONS) {
    const headers = { 'content-type': SOAP_SPELLING[soap].mediaType };

    const answer = await aWsTrustSetting().front.handle(
      anIssueRequest({}, { headers, body: Buffer.from('<x') }),
    );

    assert.equal(answer.headers['content-type'], `${SOAP_SPELLING[soap].mediaType}; charset=utf-8`);
  }
});

test('a tenant that cannot be one is answered as the contract says of what is not here', async () => {
  const { front } = aWsTrustSetting();

  for (const method of ['GET', 'POST']) {
    const request = anIssueRequest({}, { method, path: '/sts/STSService/%C2%A9' });
    const { body, headers, status } = await front.handle(request);

    assert.equal(status, 404);
    assert.ok(headers['x-correlation-id']);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.deepEqual(JSON.parse(body), { error: 'not_found' });
  }
});

test('other paths are not found, other methods are not allowed', async () => {
  const { front } = aWsTrustSetting();

  const statusOf = async (over: Partial<WsTrustRequest>) =>
    (await front.handle(anIssueRequest({}, over))).status;

  assert.equal(await statusOf({ path: '/' }), 404);
  assert.equal(await statusOf({ path: '/ws-trust/' }), 404);
  assert.equal(await statusOf({ path: '/sts/STSService/a/b' }), 404);
  assert.equal(await statusOf({ path: '/sts/STSService/' }), 404);
  assert.equal(await statusOf({ path: '/sts/STSService/..' }), 404);
  assert.equal(await statusOf({ method: 'PUT' }), 405);
  assert.equal(await statusOf({ method: 'GET' }), 405);
});
