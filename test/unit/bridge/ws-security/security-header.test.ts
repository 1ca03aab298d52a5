import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JWT_VALUE_TYPE } from '#bridge/ws-security/names.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { SAML2_NS } from '#bridge/xml/namespaces.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { refusedWith } from './refused-with.ts';

const USER =
  '<wsse:UsernameToken><wsse:Username>alice</wsse:Username><wsse:Password>pw</wsse:Password></wsse:UsernameToken>';
const TIME =
  '<wsu:Timestamp wsu:Id="_0"><wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires></wsu:Timestamp>';
const ASSERTION = `<saml2:Assertion xmlns:saml2="${SAML2_NS}" ID="_a"/>`;
const JWT = `<wsse:BinarySecurityToken ValueType="${JWT_VALUE_TYPE}">YS5iLmM=</wsse:BinarySecurityToken>`;
const SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>';
const X509 =
  '<wsse:BinarySecurityToken ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3">AAAA</wsse:BinarySecurityToken>';

const read = (header: string) => readSecurityHeader(envelopeOf(anEnvelope({ header })));
const security = (children: string, attributes = '') =>
  `<wsse:Security${attributes}>${children}</wsse:Security>`;

const ORDERS = [
  [TIME, USER, ASSERTION, JWT, SIGNATURE],
  [SIGNATURE, JWT, ASSERTION, USER, TIME],
  [ASSERTION, SIGNATURE, TIME, JWT, USER],
];
for (const [index, order] of ORDERS.entries())
  test(`ws-trust W13: the children of the Security header in any order (${index + 1})`, () => {
    const header = read(security(order.join('')));

    assert.equal(header?.userName?.name, 'alice');
    assert.equal(header?.timestamp?.expires, 1_800_000_300);
    assert.deepEqual(
      new Set(header?.tokens.map(({ local }) => local)),
      new Set(['Assertion', 'BinarySecurityToken']),
    );
    assert.equal(header?.signatures.length, 1);
  });

test('WSS 1.1.1 §5: no Security header, and one for another node', () => {
  assert.equal(read('<h xmlns="urn:h"/>'), undefined);
  assert.equal(read(security(USER, ' s:role="urn:somebody"')), undefined);
});

test('xml-security V5, A9: refuses two Security headers for us', () => {
  const next = ' s:role="http://www.w3.org/2003/05/soap-envelope/role/next"';

  assert.throws(() => read(security(USER) + security(TIME)), refusedWith('invalid-security'));
  assert.throws(() => read(security(USER) + security(USER, next)), refusedWith('invalid-security'));
});

test('xml-security A9: a Security header inside another block is not read', () => {
  assert.equal(read(`<w xmlns="urn:w">${security(USER)}</w>`), undefined);
});

test('WSS 1.1.1 §5: a Security header of another vocabulary is none', () => {
  assert.equal(read(`<Security xmlns="urn:w">${USER}</Security>`), undefined);
});

const refused = [
  ['E2: two Timestamps', TIME.replace(' wsu:Id="_0"', '') + TIME, 'invalid-security'],
  ['V12: two UsernameTokens', USER + USER, 'invalid-security'],
  ['V12: text', `${USER}text`, 'invalid-security'],
  ['A9: an unknown child', `${USER}<x xmlns="urn:x"/>`, 'unsupported-security-token'],
  [
    'A9: a UsernameToken of another namespace',
    '<UsernameToken xmlns="urn:x"/>',
    'unsupported-security-token',
  ],
  [
    'D6: a key that was encrypted for some part',
    '<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>',
    'unsupported-security-token',
  ],
  [
    'B7: a reference without a signature',
    `${USER}<wsse:SecurityTokenReference/>`,
    'unsupported-security-token',
  ],
  [
    'B7: a derived key without a signature',
    `${USER}<c:DerivedKeyToken xmlns:c="http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"/>`,
    'unsupported-security-token',
  ],
  [
    'V12: a token of an unknown type',
    '<wsse:BinarySecurityToken ValueType="urn:x">AAAA</wsse:BinarySecurityToken>',
    'unsupported-security-token',
  ],
  [
    'V12: a token of an unknown type beside a signature',
    `${X509.replace('#X509v3', '#Kerberos')}${SIGNATURE}`,
    'unsupported-security-token',
  ],
  [
    'V12: a context of another vocabulary',
    '<SecurityContextToken xmlns="urn:x"/>',
    'unsupported-security-token',
  ],
  ['V12: a wrapped JWT', '<TokenWrapper>a.b.c</TokenWrapper>', 'unsupported-security-token'],
] as const;
for (const [what, children, code] of refused)
  test(`xml-security ${what} in the Security header: refused`, () => {
    assert.throws(() => read(security(children)), refusedWith(code));
  });

test('WSS 1.1.1 §6.3: a certificate beside a signature is handed on', () => {
  assert.equal(read(security(X509 + SIGNATURE))?.tokens.length, 1);
});

test('xml-security B10: as many tokens as any message has are handed on, and no more', () => {
  const tokens = (count: number) => read(security(X509.repeat(count) + SIGNATURE))?.tokens.length;

  assert.equal(tokens(16), 16);
  assert.throws(() => tokens(17), refusedWith('invalid-security'));
});
