// KeyType PublicKey (WS-Trust 1.3 §4.2, ws-trust §3.2): which key is named, and what must have proved it.
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { bodyOverTls } from '#bridge/ws-security/encryption/protected-body.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { decideProofKey, type Proved } from '#bridge/ws-trust/keys/proof-key.ts';
import { readRst } from '#bridge/ws-trust/rst/read-rst.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { writeKeyInfo } from '#bridge/xml/keys/key-info.ts';
import { nameCertificate, nameKey } from '#bridge/xml/keys/public-key.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import { aRequestor, aValidatedToken, refusedAs } from '#test/support/core.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { assertRefused } from '#test/support/xml/refusal.ts';

const holder = await aCertifiedKey();
const other = nameCertificate(new X509Certificate((await aCertifiedKey()).certificatePem));
const certified = nameCertificate(new X509Certificate(holder.certificatePem));
const bare = nameKey(holder.publicKey);
const ec = nameKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const X509_V3 =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3';
const SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="sig"/>';
const keyInfo = (key: typeof bare | typeof certified): string =>
  writeCanonical(writeKeyInfo(key)).text;
const inner = (key: typeof bare): string =>
  keyInfo(key).replace(/^<ds:KeyInfo[^>]*>|<\/ds:KeyInfo>$/g, '');
const declared = (xml: string): string =>
  xml.replace(
    /^<[^ >]+/,
    '$& xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:dsig11="http://www.w3.org/2009/xmldsig11#"',
  );
const bst = (certificate: string): string =>
  `<wsse:BinarySecurityToken wsu:Id="bst" ValueType="${X509_V3}">${certificate}</wsse:BinarySecurityToken>`;
const toBst =
  '<wsse:SecurityTokenReference><wsse:Reference URI="#bst"/></wsse:SecurityTokenReference>';
const inKeyInfo = (content: string): string =>
  `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${content}</ds:KeyInfo>`;
const ASSERTION =
  '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_hok"/>';
const toAssertion =
  '<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">_hok</wsse:KeyIdentifier></wsse:SecurityTokenReference>';

const child = (name: string, content: string | number) => `<t:${name}>${content}</t:${name}>`;
const useKey = (content: string, sig?: string): string =>
  `<t:UseKey${sig === undefined ? '' : ` Sig="${sig}"`}>${content}</t:UseKey>`;

function rstWith(children: string, headerTokens = '') {
  const security = `<wsse:Security>${headerTokens}${SIGNATURE}</wsse:Security>`;
  const body = anRst({ children: child('KeyType', `${TRUST_13}/PublicKey`) + children });
  const envelope = envelopeOf(anEnvelope({ header: security, body }));
  const { tokens = [] } = readSecurityHeader(envelope) ?? {};
  return readRst(bodyOverTls(envelope, true), tokens);
}

const signed = (confirmation: Confirmation, over: Partial<Proved['signatures'][number]> = {}) => ({
  id: 'sig',
  confirmation,
  tokens: [],
  coversBody: true,
  coversTimestamp: true,
  ...over,
});
const proving = (
  signatures: Proved['signatures'],
  confirmation: Confirmation = BEARER,
): Proved => ({ requestor: aRequestor({ kind: 'principal', confirmation }), signatures });

const decide = (children: string, proved: Proved, headerTokens?: string): Confirmation =>
  decideProofKey({ ...rstWith(children, headerTokens).rst, entropy: undefined }, proved)
    .confirmation;

const NAMED: readonly (readonly [
  what: string,
  content: string,
  expected: Confirmation,
  header?: string,
])[] = [
  ['X509Data', keyInfo(certified), certified],
  ['KeyValue of RSA', keyInfo(bare), bare],
  ['KeyValue of EC', keyInfo(ec), ec],
  ['a bare KeyValue', declared(inner(bare)), bare],
  [
    'a bare RSAKeyValue',
    declared(inner(bare).replace(/^<ds:KeyValue>|<\/ds:KeyValue>$/g, '')),
    bare,
  ],
  ['a certificate', bst(certified.certificate).replace('bst', 'inner'), certified],
  ['a reference to a certificate of the header', toBst, certified, bst(certified.certificate)],
  ['the same in a KeyInfo', inKeyInfo(toBst), certified, bst(certified.certificate)],
];
for (const [what, content, expected, header] of NAMED) {
  test(`WS-Trust §4.2: UseKey with ${what} is the key of a signature over the message`, () => {
    const signature = expected === ec ? signed(ec) : signed(certified);

    for (const sig of [undefined, '#sig', 'sig'])
      assert.deepEqual(decide(useKey(content, sig), proving([signature]), header), expected);
  });

  test(`ws-trust §3.2: UseKey with ${what} is refused where nothing proves it`, () => {
    for (const proved of [
      proving([]),
      proving([signed(other)]),
      proving([], other),
      proving([signed(other)], other),
    ])
      assert.throws(
        () => decide(useKey(content), proved, header),
        refusedAs('confirmation-missing'),
      );
  });
}

test('ws-trust §3.2: a signature over the Timestamp alone, or over the Body alone, proves no UseKey', () => {
  for (const over of [{ coversBody: false }, { coversTimestamp: false }]) {
    const proved = proving([signed(certified, over)], certified);

    assert.throws(
      () => decide(useKey(keyInfo(certified)), proved),
      refusedAs('confirmation-missing'),
    );
  }
});

test('ws-trust §3.2: Sig names the very signature: another, or one elsewhere, is none', () => {
  const two = [signed(other, { id: 'a' }), signed(certified, { id: 'b' })];

  assert.deepEqual(decide(useKey('', '#b'), proving(two)), certified);
  for (const [content, sig] of [
    [keyInfo(certified), '#a'],
    [keyInfo(certified), '#nowhere'],
    ['', '#nowhere'],
  ] as const)
    assert.throws(
      () => decide(useKey(content, sig), proving(two)),
      refusedAs('confirmation-missing'),
    );
});

test('ws-trust §3.2: what TLS proved is proved, unless a signature of the message is named', () => {
  const overTls = proving([], certified);

  assert.deepEqual(decide(useKey(keyInfo(certified)), overTls), certified);
  assert.throws(
    () => decide(useKey(keyInfo(certified), '#sig'), overTls),
    refusedAs('confirmation-missing'),
  );
});

test("WS-Trust §4.2: without UseKey the key is that of the requestor's certificate or assertion", () => {
  assert.deepEqual(decide('', proving([], certified)), certified);
  assert.deepEqual(decide('', proving([signed(certified)], certified)), certified);
});

test('ws-trust §3.2: a holder-of-key token from a bearer login is refused as contradictory', () => {
  const onlyThumbprint = { method: 'public-key', jwkThumbprint: 'x' } as const;
  for (const proved of [
    proving([]),
    proving([signed(certified)]),
    proving([], { method: 'symmetric-key' }),
    proving([], onlyThumbprint),
  ])
    assert.throws(() => decide('', proved), refusedAs('request-malformed'));
});

test('WS-Trust §4.2: a reference to an assertion of the header is the key that its holder signed with', () => {
  const { rst, usedTokens } = rstWith(useKey(toAssertion), ASSERTION);
  const identity = aValidatedToken({ type: 'saml2', confirmation: certified });
  const requestor = aRequestor({ kind: 'principal', confirmation: certified, identity });
  const decideWith = (signature: Proved['signatures'][number]) =>
    decideProofKey({ ...rst, entropy: undefined }, { requestor, signatures: [signature] });
  const tokens = [...usedTokens];

  assert.equal(tokens.length, 1);
  assert.deepEqual(decideWith(signed(certified, { tokens })).confirmation, certified);
  // The requestor's own key is not the one that another token names.
  for (const signature of [
    signed(certified),
    signed({ method: 'symmetric-key', thumbprint: 'x' }, { tokens }),
    signed(certified, { tokens, coversBody: false }),
  ])
    assert.throws(() => decideWith(signature), refusedAs('confirmation-missing'));
});

test('xml-security E5: without KeyType an assertion that is bound to a key yields no bearer, a certificate does', () => {
  const { keyType: _none, ...asked } = rstWith('').rst;
  const rst = { ...asked, entropy: undefined };
  const withIdentity = (type: 'saml2' | 'x509') => ({
    requestor: aRequestor({
      kind: 'principal',
      confirmation: certified,
      identity: aValidatedToken({ type, confirmation: certified }),
    }),
    signatures: [signed(certified)],
  });

  assert.deepEqual(decideProofKey(rst, withIdentity('saml2')).confirmation, certified);
  assert.deepEqual(decideProofKey(rst, withIdentity('x509')).confirmation, BEARER);
  assert.deepEqual(decideProofKey(rst, proving([])).confirmation, BEARER);
});

test('ws-trust §3.2: KeySize of a public key is its size, or is refused', () => {
  const proved = proving([], certified);

  assert.ok(decide(child('KeySize', 2048), proved));
  assert.ok(decide(child('KeySize', 256), proving([], ec)));
  for (const size of [0, 7, 256, 1024, 4096])
    assert.throws(() => decide(child('KeySize', size), proved), refusedAs('request-malformed'));
});

const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  format: 'jwk',
});
const number = (text = ''): string => Buffer.from(text, 'base64url').toString('base64');
const HOSTILE: readonly (readonly [what: string, content: string, reason: XmlFailureReason])[] = [
  ['nothing', '', 'element-missing'],
  ['two keys', keyInfo(bare) + keyInfo(certified), 'element-repeated'],
  ['an empty KeyInfo', inKeyInfo(''), 'key-refused'],
  ['a KeyName', inKeyInfo('<ds:KeyName>x</ds:KeyName>'), 'key-refused'],
  [
    'a RetrievalMethod',
    inKeyInfo('<ds:RetrievalMethod URI="https://attacker.example/"/>'),
    'key-refused',
  ],
  [
    'a reference beside a key',
    inKeyInfo(`${toBst}<ds:KeyName>x</ds:KeyName>`),
    'element-unexpected',
  ],
  ['a certificate that is none', bst('AAAA').replace('bst', 'inner'), 'key-refused'],
  ['a certificate that is no base64', bst('*').replace('bst', 'inner'), 'text-malformed'],
  [
    'a weak key',
    inKeyInfo(
      `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${number(weak.n)}</ds:Modulus><ds:Exponent>${number(weak.e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`,
    ),
    'key-refused',
  ],
  ['text', 'key', 'element-unexpected'],
];
for (const [what, content, reason] of HOSTILE)
  test(`ws-trust §3.2: UseKey refuses ${what}`, () => {
    assertRefused(
      () => decide(useKey(content), proving([signed(certified)]), bst(certified.certificate)),
      reason,
    );
  });

test('ws-trust §3.2: UseKey refuses a token that is none for it, and references that lead nowhere', () => {
  const proved = proving([signed(certified)]);

  assert.throws(
    () => decide(useKey('<x xmlns="urn:x"/>'), proved),
    refusedAs('operation-unsupported'),
  );
  assert.throws(
    () => decide(useKey(bst(certified.certificate).replace('#X509v3', '#X509PKIPathv1')), proved),
    refusedAs('operation-unsupported'),
  );
  // A certificate in the Body is none of the header, whatever its id.
  const inBody = child('Claims', bst(certified.certificate));
  for (const children of [useKey(toBst), useKey(toBst) + inBody])
    assert.throws(() => decide(children, proved), {
      name: 'SecurityFailure',
      code: 'security-token-unavailable',
    });
  assertRefused(() => decide(useKey(keyInfo(certified), ''), proved), 'text-malformed');
});

test('an element without a key is told by its own name', () => {
  for (const name of ['UseKey', 'DelegateTo'])
    assert.throws(() => rstWith(child(name, '')), new RegExp(`${name} is empty`));
});

test('WSS 1.1.1 §7.3: a certificate that is named by its thumbprint alone is refused for that, and not for an assertion that is not there', () => {
  const thumbprint =
    'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1';
  const named = toAssertion.replace(/ValueType="[^"]*">_hok/, `ValueType="${thumbprint}">AAAA`);

  assert.throws(() => rstWith(useKey(inKeyInfo(named))), {
    code: 'security-token-unavailable',
    message: 'a KeyIdentifier that names no assertion',
  });
});
