// The values of a RequestSecurityToken, spelling by spelling, and which tokens of the header it refers to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOverTls } from '#bridge/ws-security/encryption/protected-body.ts';
import { WSC_13_NS } from '#bridge/ws-security/names.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { readRst } from '#bridge/ws-trust/rst/read-rst.ts';
import { NOW, refusedAs } from '#test/support/core.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { assertRefused } from '#test/support/xml/refusal.ts';

const SAML2 = (id: string) =>
  `<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}"/>`;
const CONTEXT = `<c:SecurityContextToken xmlns:c="${WSC_13_NS}" wsu:Id="sct"><c:Identifier>urn:uuid:1</c:Identifier></c:SecurityContextToken>`;

function readBody(body: string, tokens = '') {
  const header = `<wsse:Security>${tokens}</wsse:Security>`;
  const envelope = envelopeOf(anEnvelope({ header, body }));
  const security = readSecurityHeader(envelope) ?? assert.fail();
  return readRst(bodyOverTls(envelope, true), security.tokens);
}
const read = (children: string, tokens = '') =>
  readBody(anRst({ children: anAppliesTo() + children }), tokens);
const child = (name: string, content: string) => `<t:${name}>${content}</t:${name}>`;

const FLAGS = [
  ['true', true],
  ['1', true],
  [' false\n', false],
  ['0', false],
] as const;

test('XML Schema 2 §3.2.2: a flag has four spellings', () => {
  for (const [text, flag] of FLAGS) {
    const { rst } = read(child('Forwardable', text) + child('Delegatable', text));

    assert.equal(rst.isForwardable, flag);
    assert.equal(rst.isDelegatable, flag);
  }
  for (const [text, flag] of [['1', true] as const, ['0', false] as const]) {
    const { rst } = read(`<t:Renewing Allow="${text}" OK="${text}"/>`);

    assert.deepEqual(rst.renewing, { isAllowed: flag, isAllowedAfterExpiry: flag });
  }
});

test('XML Schema 2 §3.2.2: refuses a flag of another spelling', () => {
  for (const text of ['', 'yes', 'TRUE', '2', '01', '10'])
    for (const children of [
      child('Forwardable', text),
      child('Delegatable', text),
      `<t:Renewing Allow="${text}"/>`,
      `<t:Renewing OK="${text}"/>`,
    ])
      assertRefused(() => read(children), 'text-malformed');
});

test('WS-Trust 1.3 §9.3, §4.1: flags that are not there mean the defaults', () => {
  const { rst } = read('');
  const { renewing } = read('<t:Renewing/>').rst;

  assert.equal(rst.isForwardable, true);
  assert.equal(rst.isDelegatable, undefined);
  assert.equal(rst.renewing, undefined);
  assert.deepEqual(renewing, { isAllowed: true, isAllowedAfterExpiry: false });
});

test('WS-Trust 1.3 §4.1: refuses a Renewing that says more: it may restrict', () => {
  assertRefused(() => read('<t:Renewing><x xmlns="urn:x"/></t:Renewing>'), 'element-unexpected');
});

test('WS-Trust 1.3 §4.2: KeySize is a number of bits', () => {
  for (const size of [0, 7, 256, 99_999])
    assert.equal(read(child('KeySize', ` ${String(size)} `)).rst.keySizeBits, size);
  for (const text of ['', '-1', '+256', '0256', '00', '256.0', '2e2', '0x80', '128 256', '100000'])
    assertRefused(() => read(child('KeySize', text)), 'text-malformed');
});

const CREATED = '<wsu:Created>2027-01-15T08:00:00Z</wsu:Created>';
const EXPIRES = '<wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires>';

test('WS-Trust 1.3 §4.1: a Lifetime has a beginning, an end, both or neither', () => {
  for (const [children, lifetime] of [
    [CREATED + EXPIRES, { created: NOW, expires: NOW + 300 }],
    [EXPIRES + CREATED, { created: NOW, expires: NOW + 300 }],
    [CREATED, { created: NOW }],
    [EXPIRES, { expires: NOW + 300 }],
    ['', {}],
  ] as const)
    assert.deepEqual(read(child('Lifetime', children)).rst.lifetime, lifetime);
});

test('WS-Trust 1.3 §4.1: refuses a Lifetime with two ends, or with what is neither', () => {
  assertRefused(() => read(child('Lifetime', EXPIRES + EXPIRES)), 'element-repeated');
  for (const children of [
    '<x xmlns="urn:x"/>',
    `${EXPIRES}<x xmlns="urn:x"/>`,
    `${CREATED}${EXPIRES}<x xmlns="urn:x"/>`,
    EXPIRES.replaceAll('wsu:', 't:'),
  ])
    assertRefused(() => read(child('Lifetime', children)), 'element-unexpected');
});

test('WS-Trust 1.3 §3: refuses what is no request of its vocabulary, and knows the others by name', () => {
  assertRefused(() => readBody('<x xmlns="urn:x"/>'), 'element-unexpected');
  assertRefused(() => readBody(anRst().replace(TRUST_13, 'urn:x')), 'element-unexpected');
  assertRefused(
    () => readBody(`<t:RequestSecurityToken xmlns:t="${TRUST_13}"/>`),
    'element-missing',
  );
  assert.throws(
    () => readBody(`<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}"/>`),
    refusedAs('operation-unsupported'),
  );
  assert.throws(
    () => readBody(anRst({ requestType: `${TRUST_13}/KET` })),
    refusedAs('operation-unsupported'),
  );
});

const reference = (form: string) =>
  `<wsse:SecurityTokenReference>${form}</wsse:SecurityTokenReference>`;
const byId = (id: string) => reference(`<wsse:Reference URI="#${id}"/>`);
const byName = reference(`<wsse:Reference URI="urn:uuid:1" ValueType="${WSC_13_NS}/sct"/>`);

test('WS-Trust 1.3 §6: a target is read as what the request is about, by itself or by a reference of any kind', () => {
  for (const [target, type] of [
    [SAML2('_in'), 'saml2'],
    [byId('_one'), 'saml2'],
    [CONTEXT.replace('"sct"', '"own"'), 'sct'],
    [byId('sct'), 'sct'],
    [byName, 'sct'],
  ] as const) {
    const { rst } = read(child('CancelTarget', target), SAML2('_one') + CONTEXT);

    assert.equal(rst.cancelTarget?.type, type);
    assert.equal(rst.cancelTarget.use, 'subject');
  }
});

test('WSS 1.1.1 §7: what a request refers to in the header is used, and nothing else there', () => {
  const tokens = SAML2('_one') + SAML2('_two') + CONTEXT;
  const ids = (children: string) =>
    [...read(children, tokens).usedTokens].map(({ attributes, local }) => [
      local,
      attributes.find(({ local: name }) => name === 'ID' || name === 'Id')?.value,
    ]);

  assert.deepEqual(ids(child('OnBehalfOf', byId('_one'))), [['Assertion', '_one']]);
  assert.deepEqual(ids(child('CancelTarget', byId('sct'))), [['SecurityContextToken', 'sct']]);
  assert.deepEqual(ids(child('CancelTarget', byName)), [['SecurityContextToken', 'sct']]);
  assert.deepEqual(ids(child('UseKey', byId('_two'))), [['Assertion', '_two']]);
  assert.deepEqual(ids(''), []);
});

for (const [what, content, reason] of [
  ['nothing', '', 'element-missing'],
  ['two tokens', SAML2('_one') + SAML2('_two'), 'element-repeated'],
] as const)
  for (const name of ['OnBehalfOf', 'ActAs', 'RenewTarget', 'ValidateTarget', 'CancelTarget'])
    test(`WS-Trust 1.3 §9.1: refuses ${what} in ${name}`, () => {
      assertRefused(() => read(child(name, content)), reason);
    });

test('ws-trust §3.9: a token in the Body that cannot be read, or is none, is told in the words of core', () => {
  const malformed = '<TokenWrapper>no JWT</TokenWrapper>';
  const none = '<wsse:UsernameToken/>';

  assert.throws(() => read(child('OnBehalfOf', malformed)), refusedAs('token-malformed'));
  assert.throws(() => read(child('OnBehalfOf', none)), { reason: 'token-type-unsupported' });
});

test('ws-trust §8: an assertion that holds a reference is the assertion, not what it refers to', () => {
  const holder = SAML2('_in').replace(
    '/>',
    `>${byName.replace(/<\/?wsse:Sec[^>]*>/g, '')}</a:Assertion>`,
  );

  assert.equal(read(child('OnBehalfOf', holder)).rst.onBehalfOf?.type, 'saml2');
});
