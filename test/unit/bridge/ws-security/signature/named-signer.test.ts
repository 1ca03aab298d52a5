// Whom a KeyInfo names, form by form; a form that is almost one of them names nobody.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  JWT_VALUE_TYPE,
  WSC_13_NS,
  WSC_2005_NS,
  X509_SUBJECT_KEY_IDENTIFIER,
  X509_V3,
} from '#bridge/ws-security/names.ts';
import type { SecurityFaultCode } from '#bridge/ws-security/security-failure.ts';
import {
  createSignerScope,
  readSigner,
  type SignerScope,
} from '#bridge/ws-security/signature/named-signer.ts';
import { kindOfToken } from '#bridge/ws-security/tokens/presented-token.ts';
import { nameKey } from '#bridge/xml/keys/public-key.ts';
import {
  DS_NS,
  SAML2_NS,
  SAML11_NS,
  THUMBPRINT_SHA1,
  WSSE_NS,
  WSU_NS,
  XENC_NS,
} from '#bridge/xml/namespaces.ts';
import { elementsOf } from '#bridge/xml/tree.ts';
import { aDerivedKeyToken, aReferenceTo } from '#test/support/soap/derived-key.ts';
import { aBinaryToken, aDirectReference, aKeyValue } from '#test/support/soap/signed-message.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';
import { refusedWith } from '../refused-with.ts';

const certificate = await aCertificate({ algorithm: 'RSA' });
const another = await aCertificate({ algorithm: 'RSA' });
const CONTEXT = (instance = '') =>
  `<c:SecurityContextToken xmlns:c="${WSC_13_NS}"><c:Identifier>urn:uuid:1</c:Identifier>${instance}</c:SecurityContextToken>`;

/** The signer that a KeyInfo names in a header of these tokens; `outside` stands elsewhere in the message. */
function name(keyInfo: string, tokens = '', { outside = '', ...finders }: Finders = {}) {
  const text = `<r xmlns:ds="${DS_NS}" xmlns:wsse="${WSSE_NS}" xmlns:wsu="${WSU_NS}"><ds:KeyInfo>${keyInfo}</ds:KeyInfo><h>${tokens}</h>${outside}</r>`;
  const document = parse(text);
  const [info, header] = elementsOf(document.root);
  assert.ok(header);
  const scope = createSignerScope({ document, tokens: elementsOf(header), ...finders });
  return readSigner(info, scope);
}
type Finders = { readonly outside?: string } & Pick<SignerScope, 'findCertificate'>;

const reference = (...forms: readonly string[]) =>
  `<wsse:SecurityTokenReference>${forms.join('')}</wsse:SecurityTokenReference>`;
const x509Data = (...forms: readonly string[]) => `<ds:X509Data>${forms.join('')}</ds:X509Data>`;
const DER = `<ds:X509Certificate>${certificate.der.toString('base64')}</ds:X509Certificate>`;
const identifier = (valueType: string, bytes: Buffer) =>
  `<wsse:KeyIdentifier ValueType="${valueType}">${bytes.toString('base64')}</wsse:KeyIdentifier>`;
const toContext = (uri: string, attributes = `ValueType="${WSC_13_NS}/sct"`) =>
  `<wsse:Reference URI="${uri}" ${attributes}/>`;
const issuerSerial = (serial: string, local = 'X509IssuerSerial') =>
  x509Data(
    `<ds:${local}><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>${serial}</ds:X509SerialNumber></ds:${local}>`,
  );

test('X.509 Token Profile 1.1.1 §3.2: a certificate in the message, as a token, an identifier and data', () => {
  for (const signer of [
    name(aDirectReference(), aBinaryToken(certificate)),
    name(reference(identifier(X509_V3, certificate.der))),
    name(reference(x509Data(DER))),
    name(x509Data(DER)),
  ]) {
    assert.ok(signer.kind === 'certificate');
    assert.deepEqual(signer.chain[0].raw, certificate.der);
  }
});

test('WS-SecureConversation 1.3 §8: a context by its name, with the instance that the reference tells', () => {
  const attributes = `ValueType="${WSC_13_NS}/sct" xmlns:c="${WSC_13_NS}" c:Instance="urn:2"`;

  assert.deepEqual(name(reference(toContext('urn:uuid:1'))), {
    kind: 'context',
    name: { identifier: 'urn:uuid:1' },
  });
  assert.deepEqual(name(reference(toContext('urn:uuid:1', attributes))), {
    kind: 'context',
    name: { identifier: 'urn:uuid:1', instance: 'urn:2' },
  });
  const named = name(reference(toContext('urn:uuid:1')), CONTEXT() + CONTEXT());
  assert.ok(named.kind === 'context' && named.token);
  assert.equal(kindOfToken(named.token), 'context');
});

test('WS-SecureConversation 1.3 §8, February 2005 §8: the instance of a reference is read in the namespace of its version', () => {
  for (const uri of [WSC_13_NS, WSC_2005_NS]) {
    const attributes = `ValueType="${uri}/sct" xmlns:c="${uri}" c:Instance="urn:2"`;

    assert.deepEqual(name(reference(toContext('urn:uuid:1', attributes))), {
      kind: 'context',
      name: { identifier: 'urn:uuid:1', instance: 'urn:2' },
    });
  }
});

test('WS-SecureConversation 1.3 §8: of the contexts in the header the reference means the instance that it tells', () => {
  const attributes = `ValueType="${WSC_13_NS}/sct" xmlns:c="${WSC_13_NS}" c:Instance="urn:2"`;
  const second = CONTEXT('<c:Instance>urn:2</c:Instance>');

  const named = name(reference(toContext('urn:uuid:1', attributes)), CONTEXT() + second);
  assert.ok(named.kind === 'context' && named.token);
  assert.equal(named.name.instance, 'urn:2');
  const other = name(reference(toContext('urn:uuid:1', attributes)), CONTEXT());
  assert.ok(other.kind === 'context' && other.token === undefined);
  assert.equal(other.name.instance, 'urn:2');
});

test('XML Signature §4.5.2: a key by its value is that key, and nobody’s', () => {
  const { publicKey } = new X509Certificate(certificate.der);

  assert.deepEqual(name(aKeyValue(certificate)), { kind: 'key', key: nameKey(publicKey) });
});

test('xml-security V7: refuses a KeyInfo that is not there, is empty, or gives two hints', () => {
  for (const keyInfo of ['', aDirectReference() + aDirectReference()])
    assert.throws(() => name(keyInfo, aBinaryToken(certificate)), refusedWith('invalid-security'));
  const { root, ...document } = parse('<r xmlns="urn:r"/>');
  assert.throws(
    () => readSigner(undefined, createSignerScope({ document: { root, ...document }, tokens: [] })),
    refusedWith('invalid-security'),
  );
});

test('SAML Token Profile 1.1.1 §3.4, ws-trust §1: each kind of token that has a key is told by its kind, as the element of the header', () => {
  const jwt = Buffer.from('aa.bb.cc').toString('base64');
  for (const [token, kind] of [
    [`<a:Assertion xmlns:a="${SAML2_NS}" ID="t"/>`, 'assertion'],
    [`<a:Assertion xmlns:a="${SAML11_NS}" AssertionID="t"/>`, 'assertion'],
    [
      `<wsse:BinarySecurityToken wsu:Id="t" ValueType="${JWT_VALUE_TYPE}">${jwt}</wsse:BinarySecurityToken>`,
      'jwt',
    ],
    [`<x:EncryptedKey xmlns:x="${XENC_NS}" Id="t"/>`, 'encrypted-key'],
  ] as const) {
    const named = name(reference('<wsse:Reference URI="#t"/>'), token);

    assert.equal(named.kind, kind);
    assert.equal('token' in named && named.token?.parent?.local, 'h');
  }
});

test('X.509 Token Profile 1.1.1 §3.2: each name of a certificate is asked for as what it is', () => {
  const asked: object[] = [];
  const findCertificate: SignerScope['findCertificate'] = (wanted) => {
    asked.push(wanted);
    return new X509Certificate(certificate.der);
  };
  const bytes = Buffer.alloc(20, 3);
  const ski = `<ds:X509SKI>${bytes.toString('base64')}</ds:X509SKI>`;

  for (const keyInfo of [
    reference(identifier(THUMBPRINT_SHA1, bytes)),
    reference(identifier(X509_SUBJECT_KEY_IDENTIFIER, bytes)),
    x509Data(ski),
    reference(x509Data(ski)),
  ])
    assert.equal(name(keyInfo, '', { findCertificate }).kind, 'certificate');

  const byIdentifier = { by: 'subject-key-identifier', identifier: bytes };
  assert.deepEqual(asked, [
    { by: 'thumbprint', sha1: bytes },
    byIdentifier,
    byIdentifier,
    byIdentifier,
  ]);
});

test('X.509 Token Profile 1.1.1 §3.2.2: a thumbprint names the certificate of the header that has it, and is asked of nobody', () => {
  const findCertificate = () => assert.fail('asked');
  const thumbprint = createHash('sha1').update(certificate.der).digest();

  const signer = name(
    reference(identifier(THUMBPRINT_SHA1, thumbprint)),
    aBinaryToken(another, 'other') + aBinaryToken(certificate),
    { findCertificate },
  );

  assert.ok(signer.kind === 'certificate');
  assert.deepEqual(signer.chain[0].raw, certificate.der);
});

test('RFC 5280 §4.1.2.2: a serial number of 49 digits is asked for, one that is none is not', () => {
  const asked: object[] = [];
  const findCertificate: SignerScope['findCertificate'] = (wanted) => {
    asked.push(wanted);
    return undefined;
  };
  const refusal = (serial: string, code: SecurityFaultCode) =>
    assert.throws(() => name(issuerSerial(serial), '', { findCertificate }), refusedWith(code));

  refusal('9'.repeat(49), 'failed-authentication');
  for (const serial of ['9'.repeat(50), '-1', '0x10', '1 0', ''])
    refusal(serial, 'security-token-unavailable');

  assert.deepEqual(asked, [{ by: 'issuer-serial', issuer: 'CN=x', serialNumber: 10n ** 49n - 1n }]);
});

const dkt = aDerivedKeyToken(aReferenceTo('x'));
for (const [what, keyInfo, tokens, finders] of [
  ['a hint of another vocabulary', aKeyValue(certificate).replaceAll('ds:KeyValue', 'KeyValue')],
  ['two forms of X509Data', x509Data(DER, DER)],
  ['no form of X509Data', x509Data()],
  ['the same words in another form of X509Data', issuerSerial('1', 'X509CRL')],
  [
    'data and a token',
    reference(x509Data(DER), '<wsse:Reference URI="#bst"/>'),
    aBinaryToken(certificate),
  ],
  [
    'an identifier and a token',
    reference(identifier(X509_V3, certificate.der), '<wsse:Reference URI="#bst"/>'),
    aBinaryToken(certificate),
  ],
  [
    'the address of a context and an embedded one',
    reference(toContext('urn:uuid:1'), `<wsse:Embedded>${CONTEXT()}</wsse:Embedded>`),
  ],
  ['an address that no type says is a context', reference(toContext('urn:uuid:1', ''))],
  [
    'two instances of a context',
    reference(toContext('urn:uuid:1')),
    CONTEXT() + CONTEXT('<c:Instance>urn:2</c:Instance>'),
  ],
  [
    'an instance in the namespace of the other version',
    reference(
      toContext(
        'urn:uuid:1',
        `ValueType="${WSC_13_NS}/sct" xmlns:c="${WSC_2005_NS}" c:Instance="2"`,
      ),
    ),
  ],
  [
    'an instance of both versions',
    reference(
      toContext(
        'urn:uuid:1',
        `ValueType="${WSC_13_NS}/sct" xmlns:c="${WSC_13_NS}" xmlns:d="${WSC_2005_NS}" c:Instance="2" d:Instance="2"`,
      ),
    ),
  ],
  ['a derived key outside of the header', aReferenceTo('dkt'), CONTEXT(), { outside: dkt }],
  ['a derived key behind something else than a hash', aReferenceTo('dkt').replace('#', '?'), dkt],
] as const)
  test(`WSS 1.1.1 §7: ${what} is no signer`, () => {
    assert.throws(() => name(keyInfo, tokens, finders), refusedWith('security-token-unavailable'));
  });

test('xml-security E9: a thumbprint that is nobody’s is refused as that of somebody who did not sign', () => {
  const nobodys = reference(identifier(THUMBPRINT_SHA1, Buffer.alloc(20)));

  assert.throws(
    () => name(nobodys, aBinaryToken(certificate)),
    refusedWith('failed-authentication'),
  );
});

test('WSS 1.1.1 §7: a token of no kind that we know is no signer, nor is a derived key that is embedded', () => {
  // Kerberos, say: what it holds is no certificate, even where it could be read as one.
  const untyped = aBinaryToken(certificate).replace(X509_V3, 'urn:x');
  for (const token of ['<x xmlns="urn:x"/>', dkt, untyped])
    assert.throws(
      () => name(reference(`<wsse:Embedded>${token}</wsse:Embedded>`)),
      refusedWith('unsupported-security-token'),
    );
});

test('X.509 Token Profile 1.1.1 §3.2: a certificate by name is looked for among those of the header too', () => {
  const findCertificate: SignerScope['findCertificate'] = (_, [presented]) => presented;

  const signer = name(issuerSerial('1'), CONTEXT() + aBinaryToken(certificate), {
    findCertificate,
  });

  assert.ok(signer.kind === 'certificate');
  assert.deepEqual(signer.chain[0].raw, certificate.der);
  assert.throws(
    () => name(issuerSerial('1', 'X509CRL'), aBinaryToken(certificate), { findCertificate }),
    refusedWith('security-token-unavailable'),
  );
});

test('WS-SecureConversation 1.3 §8: refuses the name of a context that is no absolute address', () => {
  for (const uri of ['uuid-1', `urn:${'x'.repeat(253)}`, ''])
    assert.throws(() => name(reference(toContext(uri))), refusedWith('bad-context-token'));
});

test('WS-SecureConversation 1.3 §8: a reference to a context holds nothing', () => {
  const held = toContext('urn:uuid:1').replace('/>', '><x xmlns="urn:x"/></wsse:Reference>');

  assertRefused(() => name(reference(held)), 'element-unexpected');
});

test('xml-security B14: an identifier in loose base64 is no certificate, nor is one in data', () => {
  const loose = identifier(THUMBPRINT_SHA1, Buffer.alloc(20)).replace('AAA=', 'AAB=');

  for (const keyInfo of [
    reference(loose),
    x509Data('<ds:X509SKI>AAB=</ds:X509SKI>'),
    x509Data('<ds:X509Certificate>AAAA</ds:X509Certificate>'),
    x509Data('<ds:X509IssuerSerial/>'),
  ])
    assert.throws(() => name(keyInfo), refusedWith('invalid-security-token'));
});
