// Attacks on the SOAP entrance (xml-security §9): each leaves as a fault, nobody is logged in, core is not asked.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { TRUST_14_NS } from '#bridge/ws-trust/names.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
  TIMESTAMP,
} from '#test/support/ws-trust/ws-trust.ts';
import { hostileDocuments } from '#test/support/xml/hostile.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { aSignedRequest } from '#test/support/xml/signed.ts';

const GOOD = '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';
const rst = anRst();
const other = anRst({ requestType: `${TRUST_13}/Cancel` });

for (const soap of SOAP_VERSIONS) {
  const message = anEnvelope({ version: soap, header: aSecurityHeader(), body: rst });
  const next =
    soap === '1.1'
      ? 's:actor="http://schemas.xmlsoap.org/soap/actor/next"'
      : 's:role="http://www.w3.org/2003/05/soap-envelope/role/next"';
  const attacks: readonly (readonly [string, string | Uint8Array, string, string])[] = [
    [
      'A9: a second Body behind the first',
      message.replace('</s:Envelope>', `<s:Body>${other}</s:Body></s:Envelope>`),
      'trust:InvalidRequest',
      'unexpected Body',
    ],
    [
      'A9: a second Body before the first',
      message.replace('<s:Body>', `<s:Body>${other}</s:Body><s:Body>`),
      'trust:InvalidRequest',
      'unexpected Body',
    ],
    [
      'A9: a second request in the Body',
      message.replace('</s:Body>', `${other}</s:Body>`),
      'trust:InvalidRequest',
      'two children of Body',
    ],
    [
      'A9: a Body in a wrapper',
      message
        .replace('<s:Body>', '<w xmlns="urn:w"><s:Body>')
        .replace('</s:Body>', '</s:Body></w>'),
      'trust:InvalidRequest',
      'Body expected',
    ],
    [
      'A9: two Security headers',
      message.replace('<s:Header>', `<s:Header>${aSecurityHeader()}`),
      'wsse:InvalidSecurity',
      'two Security headers',
    ],
    [
      'A9: two Security headers by role',
      message.replace(
        '<s:Header>',
        `<s:Header>${aSecurityHeader().replace('<wsse:Security>', `<wsse:Security ${next}>`)}`,
      ),
      'wsse:InvalidSecurity',
      'two Security headers',
    ],
    [
      'A9: the Security header for another role',
      message.replace(
        '<wsse:Security>',
        `<wsse:Security s:${soap === '1.1' ? 'actor' : 'role'}="urn:other">`,
      ),
      'trust:FailedAuthentication',
      'no credential',
    ],
    [
      'A9: the Security header in a wrapper',
      message
        .replace('<s:Header>', '<s:Header><w xmlns="urn:w">')
        .replace('</s:Header>', '</w></s:Header>'),
      'trust:FailedAuthentication',
      'no credential',
    ],
    [
      'A9: the Security header in the Body',
      anEnvelope({
        version: soap,
        body: rst.replace(
          '</t:RequestSecurityToken>',
          `${aSecurityHeader()}</t:RequestSecurityToken>`,
        ),
      }),
      'trust:BadRequest',
      'unknown child Security',
    ],
    [
      'A2: a comment in the password',
      message.replace('correct', 'cor<!-- -->rect'),
      'trust:InvalidRequest',
      'comment in text',
    ],
    [
      'A2: a comment in the address',
      message.replace('billing.example', 'billing.<!-- -->example'),
      'trust:InvalidRequest',
      'comment in text',
    ],
    [
      'A3: a processing instruction',
      message.replace('<s:Body>', '<?p?><s:Body>'),
      'trust:InvalidRequest',
      'processing instruction',
    ],
    ['C1: a document type', `<!DOCTYPE a>${message}`, 'trust:InvalidRequest', 'document type'],
    [
      'C1: an external entity',
      `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${message.replace('alice', '&x;')}`,
      'trust:InvalidRequest',
      'document type',
    ],
    [
      'C1: an entity bomb',
      `<!DOCTYPE a [<!ENTITY x "${'y'.repeat(1000)}"><!ENTITY z "${'&x;'.repeat(100)}">]>${message.replace('alice', '&z;')}`,
      'trust:InvalidRequest',
      'document type',
    ],
    [
      'C1: an unknown entity',
      message.replace('alice', '&nbsp;'),
      'trust:InvalidRequest',
      'unknown entity',
    ],
    [
      'C3: depth',
      message.replace('<s:Body>', `<s:Body>${'<x xmlns="urn:x">'.repeat(70)}${'</x>'.repeat(70)}`),
      'trust:InvalidRequest',
      'too deep',
    ],
    ['C4: UTF-16', Buffer.from(message, 'utf16le'), 'trust:InvalidRequest', 'character'],
    [
      'C4: Latin-1 under utf-8',
      Buffer.from(message.replace('correct', 'caf\u00e9'), 'latin1'),
      'trust:InvalidRequest',
      'not UTF-8',
    ],
    [
      'C4: another encoding declared',
      `<?xml version="1.0" encoding="iso-8859-1"?>${message}`,
      'trust:InvalidRequest',
      'encoding declaration',
    ],
    ['C4: XML 1.1', `<?xml version="1.1"?>${message}`, 'trust:InvalidRequest', 'XML version'],
    [
      '§7: an unescaped user name',
      message.replace('alice', 'a&b<c'),
      'trust:InvalidRequest',
      'ampersand',
    ],
    ['§7: a truncated message', message.slice(0, -7), 'trust:InvalidRequest', 'end tag'],
    [
      '§3: a message above the limit',
      message.replace('alice', 'a'.repeat(70_000)),
      'trust:InvalidRequest',
      'too large',
    ],
    [
      'V4: one id twice',
      message
        .replace('<s:Body>', '<s:Body wsu:Id="a">')
        .replace('<s:Header>', '<s:Header><h xmlns="urn:h" wsu:Id="a"/>'),
      'trust:InvalidRequest',
      'ID on Body',
    ],
    [
      'B12: one assertion id twice',
      anEnvelope({
        version: soap,
        header: aSecurityHeader(GOOD),
        body: anRst({ children: `${anAppliesTo()}<t:OnBehalfOf>${GOOD}</t:OnBehalfOf>` }),
      }),
      'trust:InvalidRequest',
      'ID on Assertion',
    ],
    [
      'V2: an undeclared prefix',
      message.replace('<s:Body>', '<s:Body><q:x/>'),
      'trust:InvalidRequest',
      'undeclared prefix',
    ],
    [
      'V2: a relative namespace',
      message.replace('<s:Body>', '<s:Body xmlns="relative">'),
      'trust:InvalidRequest',
      'namespace name',
    ],
    [
      'V12: an element in the password',
      message.replace('correct', 'cor<x xmlns="urn:x"/>rect'),
      'wsse:InvalidSecurity',
      'element in Password',
    ],
    [
      'V12: two passwords',
      message.replace('</wsse:Username>', '</wsse:Username><wsse:Password>x</wsse:Password>'),
      'wsse:InvalidSecurity',
      'two Password',
    ],
    [
      'E2: two Timestamps',
      message.replace('</wsse:Security>', `${TIMESTAMP}${TIMESTAMP}</wsse:Security>`),
      'wsse:InvalidSecurity',
      'two Timestamp',
    ],
    [
      'A7: a Username of another namespace',
      message
        .replaceAll('wsse:Username>', 'x:Username>')
        .replace('<wsse:UsernameToken>', '<wsse:UsernameToken xmlns:x="urn:x">'),
      'wsse:UnsupportedSecurityToken',
      'unknown child of UsernameToken',
    ],
    [
      'A7: a request whose prefix means another namespace',
      message.replace(TRUST_13, 'urn:trust'),
      'trust:InvalidRequest',
      'RequestSecurityToken in the Body',
    ],
    [
      'A7: a request in the namespace of 1.4',
      message.replaceAll(TRUST_13, TRUST_14_NS),
      'trust:InvalidRequest',
      'RequestSecurityToken in the Body',
    ],
    ['nothing', '', 'trust:InvalidRequest', 'end'],
    ['no XML', '{"json":true}', 'trust:InvalidRequest', 'text outside the root'],
    [
      'random bytes',
      Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 89) % 256)),
      'trust:InvalidRequest',
      'not UTF-8',
    ],
  ];
  // What the record says of it shows that it was refused for what it is.
  for (const [what, bytes, code, detail] of attacks)
    test(`xml-security ${what} over SOAP ${soap} is ${code}`, async () => {
      const setting = aWsTrustSetting();

      const answer = await setting.front.handle(aPost(bytes, { soap }));

      assert.equal(faultCodeOf(answer), code, answer.body);
      assert.deepEqual(setting.asked, []);
      assert.deepEqual(setting.errors, []);
      assert.equal(setting.audit.records.length, 1);
      assert.ok(
        setting.audit.records[0]?.detail?.includes(detail),
        setting.audit.records[0]?.detail,
      );
    });

  for (const namespace of ['http://schemas.xmlsoap.org/soap/envelope', 'urn:soap'])
    test(`SOAP ${soap}: an envelope in ${namespace} is a version mismatch`, async () => {
      const text = `<s:Envelope xmlns:s="${namespace}"><s:Body/></s:Envelope>`;

      const { body } = await aWsTrustSetting().front.handle(aPost(text, { soap }));

      assert.match(
        body,
        soap === '1.1' ? /<faultcode>s:VersionMismatch</ : /<s:Code><s:Value>s:VersionMismatch</,
      );
    });
}

test('xml-security A9: Body and Action of different operations are refused both ways round', async () => {
  const action = (name: string) =>
    `${aSecurityHeader()}<a:Action>${TRUST_13}/RST/${name}</a:Action>`;

  for (const request of [
    anIssueRequest({ header: action('Cancel') }),
    anIssueRequest({ header: action('Issue'), body: other }),
  ])
    assert.equal(
      faultCodeOf(await aWsTrustSetting().front.handle(request)),
      'trust:InvalidRequest',
    );
});

test('xml-security A1: an assertion around the one that is meant is not looked into', async () => {
  const wrapped = GOOD.replace('_good', '_evil').replace(
    '/>',
    `><x xmlns="urn:x">${GOOD}</x></saml2:Assertion>`,
  );
  const body = anRst({ children: `${anAppliesTo()}<t:OnBehalfOf>${wrapped}</t:OnBehalfOf>` });
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(anIssueRequest({ body }));

  assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
});

test('xml-security E7: what a client writes comes back as text, never as markup', async () => {
  const evil = '&quot;&gt;&lt;evil/&gt;';
  const header = `${aSecurityHeader()}<a:MessageID>${evil}</a:MessageID>`;
  const body = anRst({ attributes: ` Context="${evil}"` });

  const answer = await aWsTrustSetting().front.handle(anIssueRequest({ header, body }));

  assert.equal(answer.status, 200, answer.body);
  assert.doesNotMatch(answer.body, /<evil/);
});

for (const name of ['constructor', 'toString', '__proto__'])
  test(`xml-security A7: an element that is called like a member of every object is no token: ${name}`, async () => {
    const member = `<w:${name} xmlns:w="http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"/>`;
    const body = anRst({ children: `${anAppliesTo()}<t:OnBehalfOf>${member}</t:OnBehalfOf>` });
    const header = `<wsse:Security>${member}</wsse:Security>`;

    for (const request of [anIssueRequest({ body }), anIssueRequest({ header })]) {
      const { asked, errors, front } = aWsTrustSetting();
      assert.equal(faultCodeOf(await front.handle(request)), 'wsse:UnsupportedSecurityToken');
      assert.deepEqual({ asked, errors }, { asked: [], errors: [] });
    }
  });

const hostile = hostileDocuments(await aSignedRequest(anRsaKey()));
for (const [name, bytes] of hostile)
  test(`xml-security C3: 64 KB of ${name} are refused by the front before authentication`, async () => {
    const setting = aWsTrustSetting();

    const answer = await setting.front.handle(aPost(bytes));

    // How fast is shown by the bench.
    assert.match(faultCodeOf(answer), /^(?:trust|t|wsse):/);
    assert.deepEqual(setting.asked, []);
    assert.deepEqual(setting.errors, []);
  });
