import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOverTls, bodyUnderSignature } from '#bridge/ws-security/encryption/protected-body.ts';
import {
  JWT_VALUE_TYPE,
  SAML_REFERENCES,
  WSC_13_NS,
  WSC_2005_NS,
  X509_PKI_PATH,
  X509_V3,
} from '#bridge/ws-security/names.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { presentToken } from '#bridge/ws-security/tokens/presented-token.ts';
import {
  resolveReference,
  writeDirectReference,
} from '#bridge/ws-security/tokens/token-reference.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import {
  BASE64_BINARY,
  ENCRYPTED_KEY,
  SAML2_NS,
  SAML11_NS,
  WSSE_NS,
  WSSE11_NS,
  XENC_NS,
} from '#bridge/xml/namespaces.ts';
import type { Proof } from '#bridge/xml/signature/proof.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';
import { refusedWith } from '../refused-with.ts';

const present = (text: string) => {
  const document = parse(text);
  return { document, token: presentToken(document, document.root, 'subject') };
};
const bst = (content: string, attributes = `ValueType="${JWT_VALUE_TYPE}"`) =>
  `<wsse:BinarySecurityToken xmlns:wsse="${WSSE_NS}" ${attributes}>${content}</wsse:BinarySecurityToken>`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('xml-security V1: an assertion is presented as the node it is, in the document it came in', () => {
  for (const [namespace, type] of [
    [SAML2_NS, 'saml2'],
    [SAML11_NS, 'saml1'],
  ] as const) {
    const { document, token } = present(`<Assertion xmlns="${namespace}"/>`);

    assert.deepEqual(token, {
      type,
      use: 'subject',
      content: { document, element: document.root },
    });
  }
});

test('xml-security §7: what is encrypted is presented as an assertion: of which version shows when it is open', () => {
  for (const text of [
    `<EncryptedAssertion xmlns="${SAML2_NS}"/>`,
    `<EncryptedData xmlns="${XENC_NS}"/>`,
  ]) {
    const { document, token } = present(text);

    assert.equal(token.type, 'saml2');
    assert.deepEqual(token.content, { document, element: document.root });
  }
});

test('xml-security V1: a token is presented for the use it is asked for', () => {
  const context = `<SecurityContextToken xmlns="${WSC_13_NS}"><Identifier>urn:c</Identifier></SecurityContextToken>`;
  for (const text of [`<Assertion xmlns="${SAML2_NS}"/>`, bst(base64('aa.bb.cc')), context])
    for (const use of ['subject', 'actor', 'lifecycle'] as const) {
      const document = parse(text);

      assert.equal(presentToken(document, document.root, use).use, use);
    }
});

test('ws-trust §1: a JWT comes in a BinarySecurityToken or in a TokenWrapper', () => {
  const attributes = `ValueType="${JWT_VALUE_TYPE}" EncodingType="${BASE64_BINARY}"`;

  for (const text of [
    bst(base64('aa.bb.cc')),
    bst(` ${base64('aa.bb.cc')}\n`, attributes),
    '<TokenWrapper>\n aa.bb.cc </TokenWrapper>',
  ])
    assert.deepEqual(present(text).token, { type: 'jwt', use: 'subject', content: 'aa.bb.cc' });
});

for (const [what, text] of [
  ['no compact form', bst(base64('aa.bb'))],
  ['too many parts', bst(base64('aa.bb.cc.dd.ee.ff'))],
  ['no header', bst(base64('.bb.cc'))],
  ['something before it', bst(base64('aa aa.bb.cc'))],
  ['something behind it', bst(base64('aa.bb.cc cc'))],
  ['text that is no JWT', bst(base64('aa bb cc'))],
  ['loose base64', bst('YWEuYmIuY2M')],
  ['the compact form itself', bst('aa.bb.cc')],
  [
    'another encoding',
    bst(base64('aa.bb.cc'), `ValueType="${JWT_VALUE_TYPE}" EncodingType="urn:hex"`),
  ],
  ['an element in it', '<TokenWrapper>aa.bb.cc<x/></TokenWrapper>'],
] as const)
  test(`ws-trust §1: refuses a JWT with ${what}`, () => {
    assertRefused(() => present(text), 'text-malformed');
  });

for (const [what, text] of [
  ['an unknown element', '<x xmlns="urn:x"/>'],
  ['a TokenWrapper of a namespace', '<TokenWrapper xmlns="urn:x">aa.bb.cc</TokenWrapper>'],
  ['a BinarySecurityToken without ValueType', bst(base64('aa.bb.cc'), 'a="b"')],
  ['an assertion of another namespace', '<Assertion xmlns="urn:x"/>'],
  ['a BinarySecurityToken of another namespace', bst(base64('aa.bb.cc')).replace(WSSE_NS, 'urn:x')],
  ['a BinarySecurityToken of an unknown type', bst(base64('aa.bb.cc'), 'ValueType="urn:x"')],
  ['a context of another namespace', '<SecurityContextToken xmlns="urn:x"/>'],
  ['a certificate by itself', bst('AAAA', `ValueType="${X509_V3}"`)],
  ['a derived key by itself', `<DerivedKeyToken xmlns="${WSC_13_NS}"/>`],
  ['a secret by itself', `<EncryptedKey xmlns="${XENC_NS}"/>`],
] as const)
  test(`WSS 1.1.1 §12: ${what} is no token for us`, () => {
    assert.throws(() => present(text), refusedWith('unsupported-security-token'));
  });

const HEADER_TOKENS =
  `<saml2:Assertion xmlns:saml2="${SAML2_NS}" ID="_two"/>` +
  `<saml:Assertion xmlns:saml="${SAML11_NS}" AssertionID="_one"/>` +
  bst(base64('aa.bb.cc'), `ValueType="${JWT_VALUE_TYPE}" wsu:Id="jwt"`);

function resolve(children: string, attributes = ''): XmlElement {
  const reference = `<wsse:SecurityTokenReference xmlns:wsse11="${WSSE11_NS}" ${attributes}>${children}</wsse:SecurityTokenReference>`;
  const envelope = envelopeOf(
    anEnvelope({
      header: `<wsse:Security>${HEADER_TOKENS}</wsse:Security><h xmlns="urn:h" wsu:Id="outside"/>`,
      body: reference,
    }),
  );
  const tokens = readSecurityHeader(envelope)?.tokens ?? [];
  assert.ok(envelope.payload);
  return resolveReference(envelope.payload, { document: envelope.document, tokens });
}
const keyIdentifier = (id: string, valueType: string) =>
  `<wsse:KeyIdentifier ValueType="${valueType}">${id}</wsse:KeyIdentifier>`;

test('WSS 1.1.1 §7: a reference by id, by assertion id, and embedded', () => {
  assert.equal(resolve('<wsse:Reference URI="#jwt"/>').local, 'BinarySecurityToken');
  assert.equal(resolve('<wsse:Reference URI="#_two"/>').uri, SAML2_NS);
  assert.equal(resolve(keyIdentifier('_two', SAML_REFERENCES.saml2.valueType)).uri, SAML2_NS);
  assert.equal(resolve(keyIdentifier('_one', SAML_REFERENCES.saml1.valueType)).uri, SAML11_NS);
  assert.equal(
    resolve(`<wsse:Embedded><Assertion xmlns="${SAML2_NS}" ID="_e"/></wsse:Embedded>`).local,
    'Assertion',
  );
});

const PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';
const TYPED_TOKENS = [
  [`<Assertion xmlns="${SAML2_NS}"/>`, [`${PROFILE}#SAMLV2.0`]],
  [`<Assertion xmlns="${SAML11_NS}"/>`, [`${PROFILE}#SAMLV1.1`]],
  [bst(''), [JWT_VALUE_TYPE]],
  [bst('', `ValueType="${X509_V3}"`), [X509_V3, X509_PKI_PATH]],
  ...[WSC_13_NS, WSC_2005_NS].flatMap(
    (wsc) =>
      [
        [`<SecurityContextToken xmlns="${wsc}"/>`, [`${WSC_13_NS}/sct`, `${WSC_2005_NS}/sct`]],
        [`<DerivedKeyToken xmlns="${wsc}"/>`, [`${WSC_13_NS}/dk`, `${WSC_2005_NS}/dk`]],
      ] as const,
  ),
  [`<EncryptedKey xmlns="${XENC_NS}"/>`, [ENCRYPTED_KEY]],
  ['<x xmlns="urn:x"/>', []],
] as const;
const STATED_TYPES = new Set([...TYPED_TOKENS.flatMap(([, types]) => types), 'urn:x']);
for (const [token, types] of TYPED_TOKENS)
  test(`WSS 1.1.1 §7.2: wsse11:TokenType must name the token that is there: ${token.slice(0, 60)}`, () => {
    const embedded = `<wsse:Embedded>${token}</wsse:Embedded>`;

    assert.ok(resolve(embedded));
    for (const stated of STATED_TYPES) {
      const check = () => resolve(embedded, `wsse11:TokenType="${stated}"`);
      if (types.some((type) => type === stated)) assert.ok(check());
      else assert.throws(check, refusedWith('invalid-security-token'));
    }
  });

test('WSS 1.1.1 §7.3: an identifier of a type we do not know names no token of a kind we do not know', () => {
  const { root, ...document } = parse(`<Subject xmlns="${SAML2_NS}" ID="_x"/>`);
  const reference = parse(
    `<wsse:SecurityTokenReference xmlns:wsse="${WSSE_NS}">${keyIdentifier('_x', 'urn:x')}</wsse:SecurityTokenReference>`,
  );

  assert.throws(
    () => resolveReference(reference.root, { document: { root, ...document }, tokens: [root] }),
    refusedWith('security-token-unavailable'),
  );
});

for (const [what, children] of [
  ['an id outside the Security header', '<wsse:Reference URI="#outside"/>'],
  ['an unknown id', '<wsse:Reference URI="#nobody"/>'],
  ['an id without a hash', '<wsse:Reference URI="jwt"/>'],
  ['an id behind something else than a hash', '<wsse:Reference URI="?jwt"/>'],
  ['an external address (B8)', '<wsse:Reference URI="https://attacker.example/token"/>'],
  ['an XPointer (B11)', '<wsse:Reference URI="#xpointer(/)"/>'],
  ['no address', '<wsse:Reference/>'],
  [
    'an assertion by the id of another version',
    keyIdentifier('_one', SAML_REFERENCES.saml2.valueType),
  ],
  ['an identifier of an unknown type', keyIdentifier('_two', 'urn:x')],
  ['the same for SAML 1.1', keyIdentifier('_one', 'urn:x')],
  ['an unknown assertion', keyIdentifier('_three', SAML_REFERENCES.saml2.valueType)],
  ['two forms', '<wsse:Reference URI="#jwt"/><wsse:Reference URI="#jwt"/>'],
  ['nothing', ''],
  ['a key name', '<ds:KeyName xmlns:ds="http://www.w3.org/2000/09/xmldsig#">x</ds:KeyName>'],
  ['no embedded token', '<wsse:Embedded/>'],
  ['two embedded tokens', '<wsse:Embedded><x xmlns="urn:x"/><x xmlns="urn:x"/></wsse:Embedded>'],
] as const)
  test(`WSS 1.1.1 §7: refuses a reference with ${what}`, () => {
    assert.throws(() => resolve(children), refusedWith('security-token-unavailable'));
  });

test('xml-security V12: a reference that cannot be read names no token, in the words of the header', () => {
  for (const children of [
    `text<wsse:Reference URI="#jwt"/>`,
    '<wsse:Reference URI="#jwt"><x/></wsse:Reference>',
    `<wsse:KeyIdentifier EncodingType="urn:hex" ValueType="${SAML_REFERENCES.saml2.valueType}">_two</wsse:KeyIdentifier>`,
    `<wsse:KeyIdentifier ValueType="${SAML_REFERENCES.saml2.valueType}">_two<x xmlns="urn:x"/></wsse:KeyIdentifier>`,
  ])
    assert.throws(() => resolve(children), refusedWith('invalid-security-token'));
});

test('WSS 1.1.1 §7.2: a direct reference is written with its address, its type and what the token wants besides', () => {
  const instance = [{ prefix: 'wsc', uri: WSC_13_NS, local: 'Instance' }, 'urn:2'] as const;

  assert.equal(
    writeCanonical(writeDirectReference('#a', 'urn:type')).text,
    `<wsse:SecurityTokenReference xmlns:wsse="${WSSE_NS}"><wsse:Reference URI="#a" ValueType="urn:type"></wsse:Reference></wsse:SecurityTokenReference>`,
  );
  assert.equal(
    writeCanonical(writeDirectReference('urn:1', 'urn:type', [instance])).text,
    `<wsse:SecurityTokenReference xmlns:wsse="${WSSE_NS}"><wsse:Reference xmlns:wsc="${WSC_13_NS}" URI="urn:1" ValueType="urn:type" wsc:Instance="urn:2"></wsse:Reference></wsse:SecurityTokenReference>`,
  );
});

test('xml-security V9: a bare Body is read over TLS only', () => {
  const envelope = envelopeOf(anEnvelope({}));

  assert.equal(bodyOverTls(envelope, true).payload, envelope.payload);
  assert.throws(() => bodyOverTls(envelope, false), refusedWith('invalid-security'));
  assertRefused(() => bodyOverTls(envelopeOf(anEnvelope({ body: '' })), true), 'element-missing');
});

test('xml-security V10: under a signature, the very Body or its child must be covered', () => {
  const envelope = envelopeOf(anEnvelope({}));
  const copy = envelopeOf(anEnvelope({}));
  const covering = (...nodes: readonly (XmlElement | undefined)[]) =>
    ({ covered: new Set(nodes) }) as unknown as Proof;

  assert.equal(bodyUnderSignature(envelope, covering(envelope.body)).payload, envelope.payload);
  assert.equal(bodyUnderSignature(envelope, covering(envelope.payload)).payload, envelope.payload);
  assert.throws(
    () => bodyUnderSignature(envelope, covering(copy.body, copy.payload)),
    refusedWith('failed-check'),
  );
});
