// What requests may look like (ws-trust W11, W13), and what becomes of them in core (§9).

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aUserMessage,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  TIMESTAMP,
  tokenText,
} from '#test/support/ws-trust/ws-trust.ts';

const ISSUE = `${TRUST_13}/RST/Issue`;
const child = (name: string, content: string) => `<t:${name}>${content}</t:${name}>`;
const withChildren = (children: string, trust = TRUST_13) =>
  anIssueRequest({ body: anRst({ trust, children: anAppliesTo() + children }) });

async function issues(request: WsTrustRequest) {
  const setting = aWsTrustSetting();
  const answer = await setting.front.handle(request);
  assert.equal(answer.status, 200, answer.body);
  const [asked] = setting.asked;
  assert.ok(asked);
  return { answer, asked, setting };
}

const headers = (more: Readonly<Record<string, string>>, soap: '1.1' | '1.2' = '1.1') => ({
  'content-type':
    soap === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8',
  ...more,
});
const KEY_TYPES = [
  [TRUST_13, `${TRUST_13}/Bearer`],
  [TRUST_13, 'http://docs.oasis-open.org/wssx/wstrust/200512/Bearer'],
  [TRUST_2005, 'http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey'],
  // Of WCF for .NET.
  [TRUST_2005, `${TRUST_2005}/Bearer`],
  [TRUST_2005, `${TRUST_13}/Bearer`],
] as const;
const accepted: readonly (readonly [string, WsTrustRequest])[] = [
  ['no addressing, no SOAPAction, no Timestamp', anIssueRequest()],
  [
    'a SOAPAction in quotes',
    anIssueRequest({ soap: '1.1' }, { headers: headers({ soapaction: `"${ISSUE}"` }) }),
  ],
  [
    'a SOAPAction without quotes',
    anIssueRequest({ soap: '1.1' }, { headers: headers({ soapaction: ISSUE }) }),
  ],
  [
    'an empty SOAPAction',
    anIssueRequest({ soap: '1.1' }, { headers: headers({ soapaction: '""' }) }),
  ],
  [
    'the RequestType as SOAPAction',
    anIssueRequest({ soap: '1.1' }, { headers: headers({ soapaction: `${TRUST_13}/Issue` }) }),
  ],
  [
    'an action parameter',
    anIssueRequest({}, { headers: { 'content-type': `application/soap+xml; action="${ISSUE}"` } }),
  ],
  [
    'a messageID in lower case',
    anIssueRequest({ header: `${aSecurityHeader()}<a:messageID>urn:uuid:1</a:messageID>` }),
  ],
  [
    'no MessageID',
    anIssueRequest({
      header: `${aSecurityHeader()}<a:Action s:mustUnderstand="1">${ISSUE}</a:Action>`,
    }),
  ],
  [
    'a leading XML declaration',
    aPost(`<?xml version="1.0" encoding="utf-8"?>\n${aUserMessage(anRst())}`),
  ],
  ['white space before the envelope', aPost(`\r\n  ${aUserMessage(anRst())}\n`)],
  [
    'an anonymous To',
    anIssueRequest({
      header: `${aSecurityHeader()}<a:To>http://www.w3.org/2005/08/addressing/anonymous</a:To>`,
    }),
  ],
  [
    'our own To with the default port',
    anIssueRequest({
      header: `${aSecurityHeader()}<a:To>https://STS.example.org:443/ws-trust</a:To>`,
    }),
  ],
  ['KeySize 0', withChildren(child('KeyType', `${TRUST_13}/Bearer`) + child('KeySize', '0'))],
  ['an empty Renewing', withChildren('<t:Renewing/>')],
  ['a Renewing that is spelled out', withChildren('<t:Renewing Allow="true" OK="false"/>')],
  [
    'SecondaryParameters',
    withChildren(
      child(
        'SecondaryParameters',
        child('KeyType', `${TRUST_13}/Bearer`) +
          child('TokenType', 'urn:oasis:names:tc:SAML:2.0:assertion'),
      ),
    ),
  ],
  [
    'times with microseconds and +00:00',
    withChildren(
      child(
        'Lifetime',
        '<wsu:Created>2027-01-15T08:00:00.123456+00:00</wsu:Created><wsu:Expires>2027-01-15T08:05:00.123456+00:00</wsu:Expires>',
      ),
    ),
  ],
  ['AllowPostdating', withChildren('<t:AllowPostdating/>')],
  ['Delegatable', withChildren(child('Delegatable', 'true'))],
  ['Forwardable', withChildren(child('Forwardable', 'true'))],
  [
    'the algorithms it gets anyway',
    withChildren(
      child('SignatureAlgorithm', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256') +
        child('CanonicalizationAlgorithm', 'http://www.w3.org/2001/10/xml-exc-c14n#') +
        child('ComputedKeyAlgorithm', `${TRUST_13}/CK/PSHA1`),
    ),
  ],
  [
    'an encryption algorithm where nothing is encrypted',
    withChildren(child('EncryptionAlgorithm', 'http://www.w3.org/2001/04/xmlenc#aes256-cbc')),
  ],
  [
    'our address as Issuer',
    withChildren(child('Issuer', '<a:Address>https://sts.example.org/ws-trust</a:Address>')),
  ],
  [
    'a header block it need not understand',
    anIssueRequest({ header: `${aSecurityHeader()}<x xmlns="urn:x"/>` }),
  ],
  ...KEY_TYPES.map(
    ([trust, keyType]) =>
      [`the KeyType ${keyType}`, withChildren(child('KeyType', keyType), trust)] as const,
  ),
  ...[
    'http://schemas.xmlsoap.org/ws/2004/09/policy',
    'http://www.w3.org/2006/07/ws-policy',
    'http://www.w3.org/ns/ws-policy',
  ].flatMap((policy) => [
    [
      `AppliesTo in ${policy}`,
      anIssueRequest({ body: anRst({ children: anAppliesTo(BILLING, policy) }) }),
    ] as const,
    [
      `AppliesTo with a URI in ${policy}`,
      anIssueRequest({
        body: anRst({
          children: `<p:AppliesTo xmlns:p="${policy}"><p:URI>${BILLING}</p:URI></p:AppliesTo>`,
        }),
      }),
    ] as const,
  ]),
  [
    'RequestDisplayToken, which nothing comes of',
    withChildren(
      '<i:RequestDisplayToken xml:lang="en" xmlns:i="http://schemas.xmlsoap.org/ws/2005/05/identity"/>',
    ),
  ],
  [
    'AppliesTo with the addressing of 2004',
    anIssueRequest({
      body: anRst({
        children: anAppliesTo().replace(
          'http://www.w3.org/2005/08/addressing',
          'http://schemas.xmlsoap.org/ws/2004/08/addressing',
        ),
      }),
    }),
  ],
];
for (const [what, request] of accepted)
  test(`ws-trust W11: takes ${what}`, async () => {
    const { asked } = await issues(request);

    assert.deepEqual(asked.targets, [{ kind: 'applies-to', value: BILLING }]);
    assert.equal(asked.subject.type, 'requestor');
    assert.equal(asked.actor, undefined);
  });

test('ws-trust W11: takes a request without AppliesTo where a default is set', async () => {
  const request = anIssueRequest({ body: anRst({ children: '' }) });

  const bare = await aWsTrustSetting().front.handle(request);
  const setting = aWsTrustSetting({ profiles: [{ ...GENERIC_PROFILE, defaultTarget: 'billing' }] });

  assert.equal(faultCodeOf(bare), 'trust:InvalidScope');
  assert.equal((await setting.front.handle(request)).status, 200);
});

for (const order of [0, 1])
  test(`ws-trust W13: Timestamp and UsernameToken in order ${order + 1}`, async () => {
    const user = aSecurityHeader().replace(/^<wsse:Security>|<\/wsse:Security>$/g, '');
    const children = order === 0 ? TIMESTAMP + user : user + TIMESTAMP;

    await issues(anIssueRequest({ header: `<wsse:Security>${children}</wsse:Security>` }));
  });

const GOOD_SAML2 =
  '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';
const GOOD_SAML1 =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_good"/>';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const bst = (jwt: string, id = '') =>
  `<wsse:BinarySecurityToken ValueType="${JWT}"${id}>${Buffer.from(jwt).toString('base64')}</wsse:BinarySecurityToken>`;

const TOKENS = [
  ['a SAML 2.0 assertion', GOOD_SAML2, 'saml2'],
  ['a SAML 1.1 assertion', GOOD_SAML1, 'saml1'],
  ['a JWT in a BinarySecurityToken', bst('aa.good.cc'), 'jwt'],
  ['a JWT in a TokenWrapper', '<TokenWrapper>aa.good.cc</TokenWrapper>', 'jwt'],
] as const;
for (const [what, token, type] of TOKENS) {
  test(`ws-trust §9: ${what} in OnBehalfOf is the subject token, and nobody acts`, async () => {
    const { answer, asked } = await issues(withChildren(child('OnBehalfOf', token)));

    assert.deepEqual(
      [asked.subject.type, asked.subject.use, asked.actor],
      [type, 'subject', undefined],
    );
    assert.ok(answer.body.includes('>partner:alice&#xE9;<'), answer.body);
  });

  test(`ws-trust §9: ${what} in ActAs is the subject token, and the requestor acts`, async () => {
    const actAs = `<u:ActAs xmlns:u="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${token}</u:ActAs>`;

    const { answer, asked } = await issues(withChildren(actAs));

    assert.deepEqual(
      [asked.subject.type, asked.actor?.type, asked.actor?.use],
      [type, 'requestor', 'actor'],
    );
    assert.ok(answer.body.includes('>partner:alice by alice&#xE9;<'), answer.body);
  });
}

test('ws-trust §7: without a key, ActAs may stand in 200512', async () => {
  const { asked } = await issues(withChildren(child('ActAs', GOOD_SAML2)));

  assert.equal(asked.actor?.type, 'requestor');
});

test('ws-trust §3.5: OnBehalfOf may refer to a token in the header', async () => {
  const reference =
    '<wsse:SecurityTokenReference><wsse:Reference URI="#jwt"/></wsse:SecurityTokenReference>';
  const header = aSecurityHeader(bst('aa.good.cc', ' wsu:Id="jwt"'));
  const body = anRst({ children: anAppliesTo() + child('OnBehalfOf', reference) });

  const { asked } = await issues(anIssueRequest({ header, body }));

  assert.deepEqual(asked.subject, { type: 'jwt', use: 'subject', content: 'aa.good.cc' });
});

test('xml-security V1: the assertion goes to its validator as the very node of the message', async () => {
  const { asked } = await issues(withChildren(child('OnBehalfOf', GOOD_SAML2)));

  const content = asked.subject.content as {
    document: { ids: Map<string, object> };
    element: object;
  };
  assert.equal(content.document.ids.get('_good'), content.element);
});

test('ws-trust §9: a bad token is refused by its validator, never taken at its word', async () => {
  const bad = GOOD_SAML2.replace('_good', '_bad');
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(withChildren(child('OnBehalfOf', bad)));

  assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
  assert.equal(setting.audit.records.length, 1);
});

test('ws-trust §3.5: Participants are further targets', async () => {
  const epr = (address: string) =>
    `<a:EndpointReference><a:Address>${address}</a:Address></a:EndpointReference>`;
  const participants = child(
    'Participants',
    child('Participant', epr('urn:b')) + child('Primary', epr('urn:a')),
  );
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(withChildren(participants));

  assert.deepEqual(
    setting.asked[0]?.targets.map(({ value }) => value),
    [BILLING, 'urn:a', 'urn:b'],
  );
  assert.equal(faultCodeOf(answer), 'trust:InvalidScope');
});

test('ws-trust §9: Lifetime is a wish that shortens', async () => {
  const { answer, asked } = await issues(
    withChildren(
      child(
        'Lifetime',
        '<wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires>',
      ),
    ),
  );

  assert.equal(asked.lifetimeSeconds, 300);
  assert.ok(answer.body.includes('>2027-01-15T08:05:00.000Z<'), answer.body);
});

const DIALECTS = [
  [
    'http://schemas.xmlsoap.org/ws/2005/05/identity',
    'http://schemas.xmlsoap.org/ws/2005/05/identity',
  ],
  [
    'http://docs.oasis-open.org/wsfed/authorization/200706/authclaims',
    'http://docs.oasis-open.org/wsfed/authorization/200706',
  ],
  [
    'http://schemas.xmlsoap.org/ws/2006/12/authorization/authclaims',
    'http://schemas.xmlsoap.org/ws/2006/12/authorization',
  ],
] as const;
for (const [dialect, namespace] of DIALECTS) {
  const claims = (uri: string, optional: string) =>
    `<t:Claims Dialect="${dialect}" xmlns:c="${namespace}"><c:ClaimType Uri="${uri}"${optional}/></t:Claims>`;

  test(`ws-trust §3.5: a mandatory claim of ${dialect} that cannot be given is a fault`, async () => {
    const setting = aWsTrustSetting();

    const given = await setting.front.handle(
      withChildren(claims('department', ' Optional="false"')),
    );
    const missing = await setting.front.handle(withChildren(claims('salary', '')));

    assert.equal(given.status, 200, given.body);
    assert.equal(faultCodeOf(missing), 'trust:RequestFailed');
    assert.equal(setting.audit.records.at(-1)?.reason, 'claim-missing');
    assert.deepEqual(
      setting.audit.records.filter(({ outcome }) => outcome === 'minted').length,
      1,
      'nothing was minted for the second',
    );
  });

  test(`ws-trust §3.5: an optional claim of ${dialect} may be missing`, async () => {
    const { asked } = await issues(withChildren(claims('salary', ' Optional="true"')));

    assert.equal(asked.requiredClaims, undefined);
  });
}

test('ws-trust §3.1: of the request and its SecondaryParameters the request counts; claims merge', async () => {
  const claims = (uri: string, optional: boolean) =>
    `<t:Claims><i:ClaimType xmlns:i="http://schemas.xmlsoap.org/ws/2005/05/identity" Uri="${uri}" Optional="${String(optional)}"/></t:Claims>`;
  const secondary = child(
    'SecondaryParameters',
    child('TokenType', 'urn:oasis:names:tc:SAML:2.0:assertion') + claims('department', false),
  );
  const request = withChildren(
    child('TokenType', 'urn:oasis:names:tc:SAML:1.0:assertion') +
      secondary +
      claims('salary', true),
  );

  const { asked } = await issues(request);

  assert.equal(asked.requestedType, 'saml1');
  assert.deepEqual(asked.requiredClaims, ['department']);
});

test('ws-trust §6: the vCenter profile asks for the shape its clients need', async () => {
  const { asked } = await issues(anIssueRequest({}, { path: '/sts/STSService/vsphere.local' }));

  assert.equal('tokenShape' in asked && asked.tokenShape, 'vcenter');
});

test('the requestor is a principal by its user name, and the audit knows where it came from', async () => {
  const { asked, setting } = await issues(anIssueRequest({}, { sourceAddress: '192.0.2.7' }));

  const { id, kind, method, confirmation } = asked.requestor;
  assert.deepEqual(
    { id, kind, method, confirmation },
    { id: 'alice', kind: 'principal', method: 'username', confirmation: { method: 'bearer' } },
  );
  assert.deepEqual(
    setting.audit.records.map(({ outcome, sourceAddress, operation }) => [
      outcome,
      sourceAddress,
      operation,
    ]),
    [
      ['allowed', '192.0.2.7', 'issue'],
      ['minted', '192.0.2.7', 'issue'],
    ],
  );
});

test('ws-trust §8: impersonation and delegation are permissions of their own', async () => {
  const base = billingRules();
  const limited = (impersonation: boolean, delegation: boolean) =>
    aWsTrustSetting({
      rules: {
        ...base,
        rows: base.rows.map((row) => ({
          ...row,
          grant: { ...row.grant, impersonation, delegation },
        })),
      },
    });
  const onBehalfOf = withChildren(child('OnBehalfOf', GOOD_SAML2));
  const actAs = withChildren(child('ActAs', GOOD_SAML2));

  assert.equal((await limited(true, false).front.handle(onBehalfOf)).status, 200);
  assert.equal(faultCodeOf(await limited(true, false).front.handle(actAs)), 'trust:RequestFailed');
  assert.equal((await limited(false, true).front.handle(actAs)).status, 200);
  assert.equal(
    faultCodeOf(await limited(false, true).front.handle(onBehalfOf)),
    'trust:RequestFailed',
  );
});

test('a token leaves as its issuer wrote it', async () => {
  const { answer } = await issues(anIssueRequest());

  assert.ok(
    answer.body.includes(
      tokenText({ type: 'saml2', tokenId: 'id-1', actors: [], subjectName: 'alice' }),
    ),
  );
});
