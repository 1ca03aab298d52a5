// Every refusal of the front and its fault, in both versions of SOAP (ws-trust W12, §3.9; style: fixed sentences).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import { REASON_FAULTS, SECURITY_FAULTS } from '#bridge/ws-trust/fault-map.ts';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { parseXml } from '#bridge/xml/parser.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure, FAILURE_REASONS, type FailureReason } from '#core/failure.ts';
import { SOAP_VERSIONS } from '#test/support/soap.ts';
import {
  anAppliesTo,
  anIssueRequest,
  anRst,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
  TRUST_13,
  TRUST_2005,
} from '#test/support/ws-trust.ts';

interface Message {
  readonly header?: string;
  readonly body?: string;
}

const child = (name: string, content = '') => `<t:${name}>${content}</t:${name}>`;
const rst = (children: string, attributes = ''): Message => ({
  body: anRst({ children: anAppliesTo() + children, attributes }),
});
const key = (name: string) => child('KeyType', `${TRUST_13}/${name}`);
const window = (created: string, expires: string) =>
  child('Lifetime', `<wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires>`);
const stamp = (created: string, expires: string): Message => ({
  header: aSecurityHeader(
    `<wsu:Timestamp><wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`,
  ),
});
const action = (value: string): Message => ({
  header: `${aSecurityHeader()}<a:Action>${value}</a:Action>`,
});
const claims = (dialect: string, content: string) =>
  `<t:Claims Dialect="${dialect}" xmlns:i="http://schemas.xmlsoap.org/ws/2005/05/identity">${content}</t:Claims>`;
const IDENTITY = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
const ASSERTION =
  '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';
const EPR = '<a:EndpointReference><a:Address>urn:a</a:Address></a:EndpointReference>';

const REFUSED: readonly (readonly [string, Message, string])[] = [
  // the requestor
  ['no Security header', { header: '<x xmlns="urn:x"/>' }, 'trust:FailedAuthentication'],
  ['an empty Security header', { header: '<wsse:Security/>' }, 'trust:FailedAuthentication'],
  [
    'a wrong password',
    { header: aSecurityHeader('', { name: 'alice', password: 'wrong' }) },
    'trust:FailedAuthentication',
  ],
  [
    'an unknown user',
    { header: aSecurityHeader('', { name: 'nobody', password: 'wrong' }) },
    'trust:FailedAuthentication',
  ],
  [
    'an empty password',
    { header: aSecurityHeader('', { name: 'alice', password: '' }) },
    'trust:FailedAuthentication',
  ],
  [
    'a signature',
    { header: aSecurityHeader('<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>') },
    'wsse:InvalidSecurity',
  ],
  [
    'a token nothing refers to',
    { header: aSecurityHeader(ASSERTION) },
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'a Timestamp that is over',
    stamp('2027-01-15T07:00:00Z', '2027-01-15T07:10:00Z'),
    'wsse:MessageExpired',
  ],
  [
    'a Timestamp of tomorrow',
    stamp('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z'),
    'wsse:InvalidSecurity',
  ],
  [
    'a Timestamp of ten years',
    stamp('2027-01-15T08:00:00Z', '2037-01-15T08:00:00Z'),
    'wsse:InvalidSecurity',
  ],
  // the frame
  [
    'a header that must be understood',
    { header: `${aSecurityHeader()}<x xmlns="urn:x" s:mustUnderstand="1"/>` },
    'MustUnderstand',
  ],
  ['an Action of another operation', action(`${TRUST_13}/RST/Cancel`), 'trust:InvalidRequest'],
  ['an Action of another version', action(`${TRUST_2005}/RST/Issue`), 'trust:InvalidRequest'],
  [
    'a To of another',
    { header: `${aSecurityHeader()}<a:To>https://other.example/ws-trust</a:To>` },
    'trust:InvalidRequest',
  ],
  [
    'a To of another path of ours',
    { header: `${aSecurityHeader()}<a:To>https://sts.example.org/other</a:To>` },
    'trust:InvalidRequest',
  ],
  [
    'a To that is no address',
    { header: `${aSecurityHeader()}<a:To>nowhere</a:To>` },
    'trust:InvalidRequest',
  ],
  [
    'a ReplyTo elsewhere',
    {
      header: `${aSecurityHeader()}<a:ReplyTo><a:Address>https://attacker.example/</a:Address></a:ReplyTo>`,
    },
    'trust:InvalidRequest',
  ],
  ['an empty Body', { body: '' }, 'trust:InvalidRequest'],
  ['another child of the Body', { body: '<x xmlns="urn:x"/>' }, 'trust:InvalidRequest'],
  [
    'a collection of requests',
    { body: `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}"/>` },
    'trust:BadRequest',
  ],
  [
    'a later leg',
    { body: `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}"/>` },
    'trust:BadRequest',
  ],
  // the request
  [
    'no RequestType',
    { body: `<t:RequestSecurityToken xmlns:t="${TRUST_13}"/>` },
    'trust:InvalidRequest',
  ],
  [
    'a RequestType of another version',
    { body: anRst({ requestType: `${TRUST_2005}/Issue` }) },
    'trust:BadRequest',
  ],
  ['an unknown RequestType', { body: anRst({ requestType: 'urn:x' }) }, 'trust:BadRequest'],
  ...['Renew', 'Cancel', 'Validate', 'STSCancel', 'KET', 'BatchIssue'].map(
    (name): [string, Message, string] => [
      `the operation ${name}`,
      { body: anRst({ requestType: `${TRUST_13}/${name}` }) },
      'trust:BadRequest',
    ],
  ),
  ['two RequestTypes', rst(child('RequestType', `${TRUST_13}/Issue`)), 'trust:InvalidRequest'],
  ['an unknown child', rst('<x xmlns="urn:x"/>'), 'trust:BadRequest'],
  ['an unknown child of the trust namespace', rst(child('Unknown')), 'trust:BadRequest'],
  ['text in the request', rst('text'), 'trust:InvalidRequest'],
  ['an unknown TokenType', rst(child('TokenType', 'urn:x')), 'wsse:UnsupportedSecurityToken'],
  ['an empty TokenType', rst(child('TokenType')), 'trust:InvalidRequest'],
  [
    'a TokenType that is not granted',
    {
      body: anRst({
        children: `${child('TokenType', 'http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTR/Status')}${anAppliesTo()}`,
      }),
    },
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'an unknown AppliesTo',
    { body: anRst({ children: anAppliesTo('https://unknown.example/') }) },
    'trust:InvalidScope',
  ],
  ['no AppliesTo and no default', { body: anRst({ children: '' }) }, 'trust:InvalidScope'],
  [
    'an empty AppliesTo',
    { body: anRst({ children: '<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy"/>' }) },
    'trust:InvalidRequest',
  ],
  [
    'two addresses in AppliesTo',
    {
      body: anRst({
        children: `<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy">${EPR}${EPR}</p:AppliesTo>`,
      }),
    },
    'trust:InvalidRequest',
  ],
  [
    'two AppliesTo of two namespaces',
    rst(anAppliesTo(undefined, 'http://www.w3.org/ns/ws-policy')),
    'trust:InvalidRequest',
  ],
  [
    'AppliesTo of an unknown namespace',
    { body: anRst({ children: anAppliesTo(undefined, 'urn:x') }) },
    'trust:BadRequest',
  ],
  ['empty Participants', rst(child('Participants')), 'trust:InvalidRequest'],
  [
    'two primary Participants',
    rst(child('Participants', child('Primary', EPR) + child('Primary', EPR))),
    'trust:InvalidRequest',
  ],
  [
    'an unknown Participant',
    rst(child('Participants', child('Participant', EPR))),
    'trust:InvalidScope',
  ],
  [
    'another Issuer',
    rst(child('Issuer', '<a:Address>https://other.example/</a:Address>')),
    'trust:BadRequest',
  ],
  // time
  [
    'a Lifetime that is empty',
    rst(window('2027-01-15T08:00:00Z', '2027-01-15T08:00:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a Lifetime that is over',
    rst(window('2027-01-15T07:58:00Z', '2027-01-15T07:59:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a Lifetime of long ago',
    rst(window('2020-01-01T00:00:00Z', '2027-01-15T08:05:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a postdated Lifetime',
    rst(window('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a postdated Lifetime with AllowPostdating',
    rst(`<t:AllowPostdating/>${window('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z')}`),
    'trust:InvalidTimeRange',
  ],
  [
    'a Lifetime in local time',
    rst(window('2027-01-15T08:00:00', '2027-01-15T08:05:00')),
    'trust:InvalidRequest',
  ],
  [
    'an unknown child of Lifetime',
    rst(child('Lifetime', '<x xmlns="urn:x"/>')),
    'trust:InvalidRequest',
  ],
  ['renewal after expiry', rst('<t:Renewing OK="true"/>'), 'trust:BadRequest'],
  ['Renewing of another form', rst('<t:Renewing Allow="maybe"/>'), 'trust:InvalidRequest'],
  // keys
  ['PublicKey', rst(key('PublicKey')), 'trust:BadRequest'],
  ['SymmetricKey', rst(key('SymmetricKey')), 'trust:BadRequest'],
  ['an unknown KeyType', rst(child('KeyType', 'urn:x')), 'trust:BadRequest'],
  ['a KeySize with bearer', rst(key('Bearer') + child('KeySize', '256')), 'trust:InvalidRequest'],
  ['a KeySize that is no number', rst(child('KeySize', '-1')), 'trust:InvalidRequest'],
  ...['Entropy', 'UseKey', 'SignWith', 'EncryptWith'].map((name): [string, Message, string] => [
    `${name} with bearer`,
    rst(key('Bearer') + child(name)),
    'trust:InvalidRequest',
  ]),
  ['UseKey without KeyType', rst(child('UseKey')), 'trust:InvalidRequest'],
  [
    'another computed key',
    rst(child('ComputedKeyAlgorithm', `${TRUST_13}/CK/HASH`)),
    'trust:BadRequest',
  ],
  [
    'another signature algorithm',
    rst(child('SignatureAlgorithm', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512')),
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'SHA-1',
    rst(child('SignatureAlgorithm', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1')),
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'inclusive canonical form',
    rst(child('CanonicalizationAlgorithm', 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315')),
    'trust:BadRequest',
  ],
  // what is known and not done
  ...[
    'AuthenticationType',
    'Encryption',
    'ProofEncryption',
    'DelegateTo',
    'BinaryExchange',
    'SignChallenge',
    'SignChallengeResponse',
    'RequestKET',
    'KeyExchangeToken',
    'Authenticator',
  ].map((name): [string, Message, string] => [name, rst(child(name)), 'trust:BadRequest']),
  [
    'InteractiveChallenge',
    rst('<c:InteractiveChallenge xmlns:c="http://docs.oasis-open.org/ws-sx/ws-trust/200802"/>'),
    'trust:BadRequest',
  ],
  ['a Policy', rst('<p:Policy xmlns:p="http://www.w3.org/ns/ws-policy"/>'), 'trust:BadRequest'],
  [
    'a PolicyReference',
    rst('<p:PolicyReference xmlns:p="http://www.w3.org/ns/ws-policy"/>'),
    'trust:BadRequest',
  ],
  ...['RenewTarget', 'CancelTarget', 'ValidateTarget'].map((name): [string, Message, string] => [
    `${name} in Issue`,
    rst(child(name)),
    'trust:InvalidRequest',
  ]),
  ['a token that is not forwardable', rst(child('Forwardable', 'false')), 'trust:BadRequest'],
  [
    'nested SecondaryParameters',
    rst(child('SecondaryParameters', child('SecondaryParameters'))),
    'trust:BadRequest',
  ],
  [
    'OnBehalfOf in SecondaryParameters',
    rst(child('SecondaryParameters', child('OnBehalfOf', ASSERTION))),
    'trust:BadRequest',
  ],
  // claims
  ['an unknown dialect', rst(claims('urn:x', '')), 'trust:BadRequest'],
  [
    'a claim of another form',
    rst(claims(IDENTITY, '<i:ClaimValue Uri="urn:c"/>')),
    'trust:BadRequest',
  ],
  [
    'a claim with a value',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c"><i:Value>v</i:Value></i:ClaimType>')),
    'trust:BadRequest',
  ],
  ['a claim without a name', rst(claims(IDENTITY, '<i:ClaimType/>')), 'trust:InvalidRequest'],
  [
    'one claim twice',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c"/><i:ClaimType Uri="urn:c"/>')),
    'trust:InvalidRequest',
  ],
  [
    'Optional of another form',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c" Optional="yes"/>')),
    'trust:InvalidRequest',
  ],
  [
    'a mandatory claim that is not there',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c"/>')),
    'trust:RequestFailed',
  ],
  // delegation
  [
    'OnBehalfOf and ActAs',
    rst(child('OnBehalfOf', ASSERTION) + child('ActAs', ASSERTION.replace('_good', '_good2'))),
    'trust:InvalidRequest',
  ],
  ['an empty OnBehalfOf', rst(child('OnBehalfOf')), 'trust:InvalidRequest'],
  [
    'two tokens in OnBehalfOf',
    rst(child('OnBehalfOf', ASSERTION + ASSERTION.replace('_good', '_good2'))),
    'trust:InvalidRequest',
  ],
  [
    'two OnBehalfOf',
    rst(child('OnBehalfOf', ASSERTION) + child('OnBehalfOf', ASSERTION.replace('_good', '_good2'))),
    'trust:InvalidRequest',
  ],
  [
    'two ActAs of two namespaces',
    rst(
      `${child('ActAs', ASSERTION)}<u:ActAs xmlns:u="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${ASSERTION.replace('_good', '_good2')}</u:ActAs>`,
    ),
    'trust:InvalidRequest',
  ],
  [
    'a bare UsernameToken in OnBehalfOf',
    rst(
      child(
        'OnBehalfOf',
        '<wsse:UsernameToken><wsse:Username>bob</wsse:Username></wsse:UsernameToken>',
      ),
    ),
    'wsse:UnsupportedSecurityToken',
  ],
  ['an address in OnBehalfOf', rst(child('OnBehalfOf', EPR)), 'wsse:UnsupportedSecurityToken'],
  [
    'a certificate in OnBehalfOf',
    rst(
      child(
        'OnBehalfOf',
        '<wsse:BinarySecurityToken ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3">AAAA</wsse:BinarySecurityToken>',
      ),
    ),
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'a malformed JWT in ActAs',
    rst(child('ActAs', '<TokenWrapper>no JWT</TokenWrapper>')),
    'trust:InvalidSecurityToken',
  ],
  [
    'a reference to nothing',
    rst(
      child(
        'OnBehalfOf',
        '<wsse:SecurityTokenReference><wsse:Reference URI="#x"/></wsse:SecurityTokenReference>',
      ),
    ),
    'wsse:SecurityTokenUnavailable',
  ],
];

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
  'requestor-not-allowed': 'trust:RequestFailed',
  'token-type-unsupported': 'wsse:UnsupportedSecurityToken',
  'token-malformed': 'trust:InvalidSecurityToken',
  'signature-invalid': 'trust:InvalidSecurityToken',
  'issuer-untrusted': 'trust:InvalidSecurityToken',
  'token-audience-mismatch': 'trust:InvalidSecurityToken',
  'token-replayed': 'trust:InvalidSecurityToken',
  'token-revoked': 'trust:InvalidSecurityToken',
  'token-expired': 'trust:ExpiredData',
  'token-not-yet-valid': 'trust:InvalidTimeRange',
  'confirmation-missing': 'trust:InvalidSecurityToken',
  'target-unknown': 'trust:InvalidScope',
  'target-not-allowed': 'trust:InvalidScope',
  'scope-not-allowed': 'trust:InvalidScope',
  'claim-missing': 'trust:RequestFailed',
  'delegation-not-allowed': 'trust:RequestFailed',
  'lifetime-not-possible': 'trust:InvalidTimeRange',
  'renewal-not-possible': 'trust:UnableToRenew',
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

test('xml-security E9: unknown user and wrong password get the very same answer', async () => {
  const answerTo = (name: string) =>
    aWsTrustSetting().front.handle(
      anIssueRequest({ header: aSecurityHeader('', { name, password: 'wrong' }) }),
    );

  assert.deepEqual(await answerTo('alice'), await answerTo('nobody'));
});

test('ws-trust §4: a user name is taken over TLS only', async () => {
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(anIssueRequest({}, { isSecure: false }));

  assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
  assert.deepEqual(setting.asked, []);
});

test('xml-security E1: a nonce is good once; the second send fails, and is told in the audit', async () => {
  const header = aSecurityHeader().replace(
    '</wsse:UsernameToken>',
    '<wsse:Nonce>AAEC</wsse:Nonce><wsu:Created>2027-01-15T08:00:00Z</wsu:Created></wsse:UsernameToken>',
  );
  const setting = aWsTrustSetting();

  const first = await setting.front.handle(anIssueRequest({ header }));
  const second = await setting.front.handle(anIssueRequest({ header }));

  assert.equal(first.status, 200, first.body);
  assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
  assert.equal(setting.audit.records.at(-1)?.event, 'replay.detected');
});

test('xml-security E1: whoever does not know the password does not use up a nonce', async () => {
  const nonce = '<wsse:Nonce>AAEC</wsse:Nonce></wsse:UsernameToken>';
  const header = (password: string) =>
    aSecurityHeader('', { name: 'alice', password }).replace('</wsse:UsernameToken>', nonce);
  const setting = aWsTrustSetting();

  await setting.front.handle(anIssueRequest({ header: header('wrong') }));
  const answer = await setting.front.handle(anIssueRequest({ header: header('correct horse') }));

  assert.equal(answer.status, 200, answer.body);
});

test('the audit of a refused login does not have what was typed', async () => {
  const setting = aWsTrustSetting();

  await setting.front.handle(
    anIssueRequest({ header: aSecurityHeader('', { name: 'hunter2', password: 'hunter3' }) }),
  );

  assert.doesNotMatch(JSON.stringify(setting.audit.records), /hunter/);
});

test('a signature is accepted only by the verifier of the endpoint', async () => {
  const header = aSecurityHeader('<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>');
  const seen: string[] = [];
  const setting = aWsTrustSetting({
    parts: {
      verifySignatures: async ({ security, endpoint }) => {
        seen.push(`${security.signatures.length} ${endpoint.path}`);
      },
    },
  });

  const answer = await setting.front.handle(anIssueRequest({ header }));

  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(seen, ['1 /ws-trust']);
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
