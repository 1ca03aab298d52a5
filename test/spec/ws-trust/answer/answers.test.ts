// The wire rules of answers (ws-trust W1-W10), as exact strings: clients of twenty years read them by position.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOAP11_NS, SOAP12_NS, WSA_2004_NS, WSA_NS } from '#bridge/soap/namespaces.ts';
import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE, VCENTER_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { aRelyingParty } from '#test/support/core.ts';
import { SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aSecurityHeader,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  TIMESTAMP,
  tokenText,
} from '#test/support/ws-trust/ws-trust.ts';

const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const WSSE11 = 'http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd';
const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile';
const SAML1 = 'urn:oasis:names:tc:SAML:1.0:assertion';
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const NAMESPACES: Readonly<Record<SoapVersion, string>> = { '1.1': SOAP11_NS, '1.2': SOAP12_NS };

const asked = (tokenType: string, trust = TRUST_13) =>
  anRst({ trust, children: `<t:TokenType>${tokenType}</t:TokenType>${anAppliesTo()}` });

async function issued(
  message: Parameters<typeof anIssueRequest>[0],
  over: Parameters<typeof anIssueRequest>[1] = {},
) {
  const answer = await aWsTrustSetting().front.handle(anIssueRequest(message, over));
  assert.equal(answer.status, 200, answer.body);
  return answer;
}

const text = (type: 'saml1' | 'saml2' | 'jwt') =>
  tokenText({ type, tokenId: 'id-1', actors: [], subjectName: 'alice' });
const reference = (saml: 'saml1' | 'saml2') => {
  const [version, id] =
    saml === 'saml1' ? ['V1.1', '-1.0#SAMLAssertionID'] : ['V2.0', '-1.1#SAMLID'];
  return (
    `<wsse:SecurityTokenReference xmlns:wsse="${WSSE}" xmlns:wsse11="${WSSE11}" wsse11:TokenType="${SAML_PROFILE}-1.1#SAML${version}">` +
    `<wsse:KeyIdentifier ValueType="${SAML_PROFILE}${id}">_id-1</wsse:KeyIdentifier></wsse:SecurityTokenReference>`
  );
};
const lifetime = (prefix: string) =>
  `<${prefix}:Lifetime><wsu:Created xmlns:wsu="${WSU}">2027-01-15T08:00:00.000Z</wsu:Created>` +
  `<wsu:Expires xmlns:wsu="${WSU}">2027-01-15T08:10:00.000Z</wsu:Expires></${prefix}:Lifetime>`;

for (const soap of SOAP_VERSIONS) {
  test(`ws-trust W1-W10: the golden answer to Issue of SAML 2.0 in 1.3 over SOAP ${soap}`, async () => {
    const answer = await issued({ soap, body: asked(SAML2) });

    assert.equal(
      answer.body,
      `<s:Envelope xmlns:s="${NAMESPACES[soap]}"><s:Body>` +
        `<trust:RequestSecurityTokenResponseCollection xmlns:trust="${TRUST_13}"><trust:RequestSecurityTokenResponse>` +
        `${lifetime('trust')}<trust:RequestedSecurityToken>${text('saml2')}</trust:RequestedSecurityToken>` +
        `<trust:RequestedAttachedReference>${reference('saml2')}</trust:RequestedAttachedReference>` +
        `<trust:RequestedUnattachedReference>${reference('saml2')}</trust:RequestedUnattachedReference>` +
        `<trust:TokenType>${SAML2}</trust:TokenType><trust:RequestType>${TRUST_13}/Issue</trust:RequestType>` +
        `<trust:KeyType>${TRUST_13}/Bearer</trust:KeyType>` +
        '</trust:RequestSecurityTokenResponse></trust:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>',
    );
  });

  test(`ws-trust W1-W10: the golden answer to Issue of SAML 1.1 in February 2005 over SOAP ${soap}`, async () => {
    const answer = await issued({ soap, body: asked(SAML1, TRUST_2005) });

    assert.equal(
      answer.body,
      `<s:Envelope xmlns:s="${NAMESPACES[soap]}"><s:Body><t:RequestSecurityTokenResponse xmlns:t="${TRUST_2005}">` +
        `${lifetime('t')}<t:RequestedSecurityToken>${text('saml1')}</t:RequestedSecurityToken>` +
        `<t:RequestedAttachedReference>${reference('saml1')}</t:RequestedAttachedReference>` +
        `<t:RequestedUnattachedReference>${reference('saml1')}</t:RequestedUnattachedReference>` +
        `<t:TokenType>${SAML1}</t:TokenType><t:RequestType>${TRUST_2005}/Issue</t:RequestType>` +
        '<t:KeyType>http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey</t:KeyType>' +
        '</t:RequestSecurityTokenResponse></s:Body></s:Envelope>',
    );
  });
}

test('ws-trust W1: the answer has the content type of the request, always with its charset', async () => {
  for (const [soap, contentType] of [
    ['1.1', 'text/xml; charset=utf-8'],
    ['1.2', 'application/soap+xml; charset=utf-8'],
  ] as const) {
    const answer = await issued({ soap });

    assert.equal(answer.headers['content-type'], contentType);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['x-correlation-id'], 'correlation-1');
  }
});

test('ws-trust W2: the answer is in the trust namespace of the request, with its slash', async () => {
  const { body } = await issued({ body: anRst({ trust: `${TRUST_13}/` }) });

  assert.ok(body.includes(`xmlns:trust="${TRUST_13}/"`), body);
  assert.ok(body.includes(`<trust:RequestType>${TRUST_13}/Issue</trust:RequestType>`), body);
});

test('ws-trust W3: 1.3 answers Issue with a collection of one, February 2005 bare', async () => {
  const newer = await issued({ body: anRst() });
  const older = await issued({ body: anRst({ trust: TRUST_2005 }) });

  assert.match(
    newer.body,
    /<s:Body><trust:RequestSecurityTokenResponseCollection [^>]*><trust:RequestSecurityTokenResponse>/,
  );
  assert.match(older.body, /<s:Body><t:RequestSecurityTokenResponse [^>]*><t:Lifetime>/);
});

for (const soap of SOAP_VERSIONS)
  test(`ws-trust W4: Validate answers with a bare response over SOAP ${soap}`, async () => {
    const { front } = aWsTrustSetting();
    const target = '<TokenWrapper>a.b.c</TokenWrapper>';
    const ask = (trust: string, operation: string) =>
      front.handle(
        anIssueRequest({
          soap,
          body: anRst({
            trust,
            requestType: `${trust}/${operation}`,
            attributes: ' Context="urn:c"',
            children: `<t:${operation}Target>${target}</t:${operation}Target>`,
          }),
        }),
      );

    const newer = await ask(TRUST_13, 'Validate');
    const older = await ask(TRUST_2005, 'Validate');

    const status = (trust: string, prefix: string) =>
      `<s:Envelope xmlns:s="${NAMESPACES[soap]}"><s:Body>` +
      `<${prefix}:RequestSecurityTokenResponse xmlns:${prefix}="${trust}" Context="urn:c">` +
      `<${prefix}:TokenType>${trust}/RSTR/Status</${prefix}:TokenType>` +
      `<${prefix}:Status><${prefix}:Code>${trust}/status/invalid</${prefix}:Code></${prefix}:Status>` +
      `</${prefix}:RequestSecurityTokenResponse></s:Body></s:Envelope>`;
    assert.equal(newer.body, status(TRUST_13, 'trust'));
    assert.equal(older.body, status(TRUST_2005, 't'));
  });

const countOf = (body: string, pattern: RegExp) => [...body.matchAll(pattern)].length;

test('ws-trust W5: exactly one TokenType, and it names what was issued: the type of the relying party', async () => {
  const { body } = await issued({ body: anRst() });

  assert.equal(countOf(body, /<trust:TokenType>/g), 1);
  assert.ok(body.includes(`<trust:TokenType>${SAML2}</trust:TokenType>`));
});

for (const [path, tokenType] of [
  ['/ws-trust', SAML1],
  ['/adfs/services/trust/13/usernamemixed', SAML1],
  ['/sts/STSService', SAML2],
] as const)
  test(`ws-trust W5: where the relying party has no type that goes over SOAP, ${path} issues its default`, async () => {
    const base = billingRules();
    const relyingParties = base.relyingParties.map((party) => ({
      ...party,
      token: { ...party.token, type: 'access_token' as const },
    }));
    const setting = aWsTrustSetting({ rules: { ...base, relyingParties } });

    const { body } = await setting.front.handle(anIssueRequest({}, { path }));

    assert.ok(body.includes(`<trust:TokenType>${tokenType}</trust:TokenType>`), body);
  });

for (const tokenType of [
  SAML1,
  SAML2,
  JWT,
  `${SAML_PROFILE}-1.1#SAMLV1.1`,
  `${SAML_PROFILE}-1.1#SAMLV2.0`,
])
  test(`ws-trust W6: the spelling ${tokenType} is echoed`, async () => {
    const { body } = await issued({ body: asked(tokenType) });

    assert.ok(body.includes(`<trust:TokenType>${tokenType}</trust:TokenType>`), body);
  });

test('ws-trust W7: Lifetime is there, in order, with three fraction digits and Z', async () => {
  const { body } = await issued({});

  assert.match(
    body,
    /<trust:Lifetime><wsu:Created [^>]*>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z<\/wsu:Created><wsu:Expires [^>]*>2027-01-15T08:10:00\.000Z</,
  );
});

test('ws-trust W8: the token is copied byte for byte, nothing around it, and the wire is ASCII', async () => {
  const { body } = await issued({
    body: anRst({ attributes: ' Context="caf\u00e9 &amp; &lt;more&gt;"' }),
  });

  assert.ok(
    body.includes(`<trust:RequestedSecurityToken>${text('saml2')}</trust:RequestedSecurityToken>`),
  );
  // oxlint-disable-next-line no-control-regex -- ASCII is what is asserted
  assert.match(body, /^[\x00-\x7f]*$/);
});

test('ws-trust W9: the prefixes are s, trust for 1.3 and t for February 2005', async () => {
  const newer = await issued({});
  const older = await issued({ body: anRst({ trust: TRUST_2005 }) });

  assert.ok(newer.body.startsWith('<s:Envelope ') && newer.body.includes('<trust:KeyType>'));
  assert.ok(older.body.startsWith('<s:Envelope ') && older.body.includes('<t:KeyType>'));
});

test('ws-trust W10: a bearer answer has no RequestedProofToken and no Entropy', async () => {
  const { body } = await issued({});

  assert.doesNotMatch(body, /RequestedProofToken|Entropy/);
});

test('ws-trust §3.1: Context is echoed verbatim', async () => {
  const { body } = await issued({
    body: anRst({ attributes: ' Context="a &quot;b&quot; &#xA;c"' }),
  });

  assert.ok(body.includes('Context="a &quot;b&quot; &#xA;c"'), body);
});

// WS-Addressing of August 2004 §3: To is required in every message. Apache Axis2 takes no answer without it.
const ADDRESSING = [
  [WSA_NS, `${WSA_NS}/anonymous`, ''],
  [
    WSA_2004_NS,
    `${WSA_2004_NS}/role/anonymous`,
    `<a:To xmlns:a="${WSA_2004_NS}">${WSA_2004_NS}/role/anonymous</a:To>`,
  ],
] as const;
for (const [namespace, anonymous, to] of ADDRESSING)
  test(`ws-trust §3.8: an answer in ${namespace} relates to the request and names its action`, async () => {
    const header = (action: string) =>
      `${aSecurityHeader()}<b:Action xmlns:b="${namespace}">${action}</b:Action><b:MessageID xmlns:b="${namespace}">urn:uuid:1</b:MessageID>` +
      `<b:ReplyTo xmlns:b="${namespace}"><b:Address>${anonymous}</b:Address></b:ReplyTo><b:To xmlns:b="${namespace}">https://sts.example.org/ws-trust</b:To>`;

    const newer = await issued({ header: header(`${TRUST_13}/RST/Issue`) });
    const older = await issued({
      header: header(`${TRUST_2005}/RST/Issue`),
      body: anRst({ trust: TRUST_2005 }),
    });

    for (const [{ body }, action] of [
      [newer, `${TRUST_13}/RSTRC/IssueFinal`],
      [older, `${TRUST_2005}/RSTR/Issue`],
    ] as const)
      assert.ok(
        body.includes(
          `<s:Header><a:Action xmlns:a="${namespace}">${action}</a:Action><a:RelatesTo xmlns:a="${namespace}">urn:uuid:1</a:RelatesTo>${to}</s:Header>`,
        ),
        body,
      );
  });

test('ws-trust §4: the answer has a Timestamp when the request had one and the policy says so', async () => {
  const header = aSecurityHeader(TIMESTAMP);

  const generic = await issued({ header });
  const vcenter = await issued({ header }, { path: '/sts/STSService' });
  const without = await issued({});

  assert.ok(
    generic.body.includes(
      `<s:Header><wsse:Security xmlns:wsse="${WSSE}"><wsu:Timestamp xmlns:wsu="${WSU}"><wsu:Created>2027-01-15T08:00:00.000Z</wsu:Created>` +
        '<wsu:Expires>2027-01-15T08:05:00.000Z</wsu:Expires></wsu:Timestamp></wsse:Security></s:Header>',
    ),
    generic.body,
  );
  for (const { body } of [vcenter, without]) assert.doesNotMatch(body, /s:Header/);
});

test('ws-trust §1: a JWT goes out in a BinarySecurityToken with a reference to it', async () => {
  const { body } = await issued({ body: asked(JWT) });

  const content = Buffer.from(text('jwt')).toString('base64');
  assert.ok(
    body.includes(
      `<trust:RequestedSecurityToken><wsse:BinarySecurityToken xmlns:wsse="${WSSE}" xmlns:wsu="${WSU}" ` +
        'EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary" ' +
        `ValueType="${JWT}" wsu:Id="_id-1">${content}</wsse:BinarySecurityToken></trust:RequestedSecurityToken>` +
        `<trust:RequestedAttachedReference><wsse:SecurityTokenReference xmlns:wsse="${WSSE}"><wsse:Reference URI="#_id-1" ValueType="${JWT}">` +
        '</wsse:Reference></wsse:SecurityTokenReference></trust:RequestedAttachedReference><trust:TokenType>',
    ),
    body,
  );
});

test('ws-trust §1: where the address says so a JWT goes out in a TokenWrapper', async () => {
  const profiles = changeEndpoints(
    [GENERIC_PROFILE],
    [{ path: '/ws-trust', jwtInTokenWrapper: true }],
  );
  const setting = aWsTrustSetting({ profiles });

  const { body } = await setting.front.handle(anIssueRequest({ body: asked(JWT) }));

  assert.ok(
    body.includes(
      `<trust:RequestedSecurityToken><TokenWrapper>${text('jwt')}</TokenWrapper></trust:RequestedSecurityToken><trust:TokenType>`,
    ),
    body,
  );
});

test('ws-trust §3.5: AppliesTo is told only where the request named no target', async () => {
  const setting = aWsTrustSetting({
    profiles: [GENERIC_PROFILE, VCENTER_PROFILE].map((profile) => ({
      ...profile,
      defaultTarget: 'billing',
    })),
  });
  const body = anRst({ children: '' });

  const unnamed = await setting.front.handle(anIssueRequest({ body }));
  const named = await setting.front.handle(anIssueRequest({}));
  const vcenter = await setting.front.handle(anIssueRequest({ body }, { path: '/sts/STSService' }));

  assert.ok(
    unnamed.body.includes(
      '</trust:Lifetime><wsp:AppliesTo xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy">' +
        `<wsa:EndpointReference xmlns:wsa="${WSA_NS}"><wsa:Address>${BILLING}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><trust:RequestedSecurityToken>`,
    ),
    unnamed.body,
  );
  assert.doesNotMatch(named.body, /AppliesTo/);
  assert.equal(vcenter.status, 200, vcenter.body);
  assert.doesNotMatch(vcenter.body, /AppliesTo/);
});

test('every answer is XML that the strict parser takes', async () => {
  for (const tokenType of [SAML1, SAML2, JWT]) {
    const { body } = await issued({ header: aSecurityHeader(TIMESTAMP), body: asked(tokenType) });

    assert.equal(parseXml(Buffer.from(body)).root.local, 'Envelope');
  }
});

test('a type that no issuer can write over SOAP is our own mistake, and no answer', async () => {
  const setting = aWsTrustSetting({
    rules: billingRules({
      relyingParties: [aRelyingParty({ id: 'billing', appliesTo: [BILLING] })],
    }),
    issuers: [
      {
        canIssue: () => true,
        issue: async (spec) => ({ spec: { ...spec, type: 'id_token' }, text: 'a' }),
      },
    ],
  });

  const answer = await setting.front.handle(anIssueRequest({ body: asked(JWT) }));

  assert.equal(faultCodeOf(answer), 'trust:RequestFailed');
  assert.equal(setting.errors.length, 1);
  assert.equal(setting.audit.records.at(-1)?.reason, 'server-error');
});
