// Algorithms and keys that a request names (WS-Trust 1.3 §9.2): honoured and reported, or refused; never another in their place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyUnwrapper, decryptKey } from '#bridge/xml/encryption/decrypt.ts';
import { XENC_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { childrenNamed } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Encryption } from '#core/token/token-spec.ts';
import { aKeyValue } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const party = await aCertificate({ name: 'CN=party', algorithm: 'RSA' });
const other = await aCertificate({ name: 'CN=other', algorithm: 'RSA' });
const ec = await aCertificate({ name: 'CN=ec' });
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

const child = (name: string, content = ''): string => `<t:${name}>${content}</t:${name}>`;
const key = (name: string): string => child('KeyType', `${TRUST_13}/${name}`);
const keyInfo = (content: string): string => `<ds:KeyInfo xmlns:ds="${DS}">${content}</ds:KeyInfo>`;
const x509Data = ({ der }: TestCertificate): string =>
  keyInfo(
    `<ds:X509Data><ds:X509Certificate>${der.toString('base64')}</ds:X509Certificate></ds:X509Data>`,
  );

interface Asked {
  readonly encryption?: Encryption;
  readonly keyEncryption?: Encryption;
}
const toParty: Encryption = {
  certificate: party.pem,
  content: 'aes128-gcm',
  keyTransport: 'rsa-oaep-mgf1p',
};

async function ask(
  children: string,
  encryptions: Asked = { keyEncryption: toParty },
  saml: RelyingParty['token']['algorithms']['saml'] = 'RS256',
) {
  const { relyingParties, ...rules } = billingRules();
  const parties = relyingParties.map(
    ({ token: { keyEncryption: _unset, ...token }, ...others }) => ({
      ...others,
      token: { ...token, ...encryptions, algorithms: { ...token.algorithms, saml } },
    }),
  );
  const setting = aWsTrustSetting({ rules: { ...rules, relyingParties: parties } });
  const body = anRst({ children: anAppliesTo() + children });
  return { answer: await setting.front.handle(anIssueRequest({ body })), setting };
}

async function issued(
  children: string,
  encryptions?: Asked,
  saml?: RelyingParty['token']['algorithms']['saml'],
): Promise<string> {
  const { answer, setting } = await ask(children, encryptions, saml);
  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  return answer.body;
}

test('WS-Trust 1.3 §9.2: of a JWT no canonical form is told: it has none', async () => {
  const jwt = child('TokenType', 'urn:ietf:params:oauth:token-type:jwt');

  const body = await issued(jwt + child('CanonicalizationAlgorithm', EXC_C14N));

  assert.doesNotMatch(body, /CanonicalizationAlgorithm/);
});

for (const [name, uri] of [
  ['SignWith', `${DS}hmac-sha1`],
  ['SignWith', `${MORE}hmac-sha256`],
  ['EncryptWith', `${XENC}aes256-cbc`],
  ['EncryptWith', `${XENC11}aes128-gcm`],
] as const)
  test(`WS-Trust §9.2: ${name} ${uri} fits a secret, and is told in the answer`, async () => {
    const body = await issued(key('SymmetricKey') + child(name, uri));

    assert.ok(body.includes(`<trust:${name}>${uri}</trust:${name}><trust:TokenType>`), body);
  });

for (const [name, uri] of [
  ['SignWith', `${MORE}rsa-sha256`],
  ['SignWith', `${DS}rsa-sha1`],
  ['SignWith', `${MORE}hmac-md5`],
  ['SignWith', 'urn:x'],
  ['EncryptWith', `${XENC}rsa-1_5`],
  ['EncryptWith', `${XENC}tripledes-cbc`],
  ['EncryptWith', `${XENC}rsa-oaep-mgf1p`],
] as const)
  test(`WS-Trust §9.2: ${name} ${uri} is nothing for a secret`, async () => {
    const { answer, setting } = await ask(key('SymmetricKey') + child(name, uri));

    assert.equal(faultCodeOf(answer), 'wsse:UnsupportedAlgorithm');
    assert.deepEqual(setting.asked, []);
  });

const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#';
for (const [algorithm, uri] of [
  ['RS256', `${MORE}rsa-sha256`],
  ['RS384', `${MORE}rsa-sha384`],
  ['RS512', `${MORE}rsa-sha512`],
  ['PS256', `${MORE_2007}sha256-rsa-MGF1`],
  ['PS384', `${MORE_2007}sha384-rsa-MGF1`],
  ['PS512', `${MORE_2007}sha512-rsa-MGF1`],
  ['ES256', `${MORE}ecdsa-sha256`],
  ['ES384', `${MORE}ecdsa-sha384`],
  ['ES512', `${MORE}ecdsa-sha512`],
] as const)
  test(`ws-trust §3.2: the SignatureAlgorithm of a target that gets ${algorithm} is honoured and told, another refused`, async () => {
    const another = algorithm === 'RS256' ? `${MORE}rsa-sha384` : `${MORE}rsa-sha256`;

    const body = await issued(child('SignatureAlgorithm', uri), {}, algorithm);
    const { answer } = await ask(child('SignatureAlgorithm', another), {}, algorithm);

    assert.ok(body.includes(`<trust:SignatureAlgorithm>${uri}<`), body);
    assert.equal(faultCodeOf(answer), 'wsse:UnsupportedAlgorithm');
  });

test('ws-trust §3.2: algorithms that were asked for are reported, others are not', async () => {
  const asked =
    child('SignatureAlgorithm', `${MORE}rsa-sha256`) +
    child('CanonicalizationAlgorithm', EXC_C14N) +
    child('EncryptionAlgorithm', `${XENC11}aes128-gcm`) +
    child('KeyWrapAlgorithm', `${XENC}rsa-oaep-mgf1p`);

  const encrypted = await issued(asked, { encryption: toParty });
  const plain = await issued(asked, {});
  const silent = await issued('', { encryption: toParty });

  assert.ok(
    encrypted.includes(
      `</trust:KeyType>${asked.replaceAll('t:', 'trust:').replace(/(<trust:Canon.*Canon\w+>)(<trust:EncryptionA.*EncryptionA\w+>)/, '$2$1')}`,
    ),
    encrypted,
  );
  assert.match(plain, /SignatureAlgorithm.*CanonicalizationAlgorithm/);
  assert.doesNotMatch(plain, /EncryptionAlgorithm|KeyWrapAlgorithm/);
  assert.doesNotMatch(silent, /Algorithm/);
});

for (const [what, children, encryptions] of [
  [
    'a cipher the target does not get',
    child('EncryptionAlgorithm', `${XENC}aes256-cbc`),
    { encryption: toParty },
  ],
  [
    'a transport the target does not get',
    child('KeyWrapAlgorithm', `${XENC}rsa-1_5`),
    { encryption: toParty },
  ],
  [
    'a transport the secret does not get',
    key('SymmetricKey') + child('KeyWrapAlgorithm', `${XENC11}rsa-oaep`),
    { keyEncryption: toParty },
  ],
] as const)
  test(`ws-trust §3.2: refuses ${what}`, async () => {
    assert.equal(
      faultCodeOf((await ask(children, encryptions)).answer),
      'wsse:UnsupportedAlgorithm',
    );
  });

test('WS-Trust §9.2: Encryption may name the key of the relying party, in any form', async () => {
  for (const named of [x509Data(party), keyInfo(aKeyValue(party))])
    assert.ok(await issued(child('Encryption', named), { encryption: toParty }));
});

for (const [what, named, encryptions] of [
  ['another certificate', x509Data(other), { encryption: toParty }],
  ['another key', keyInfo(aKeyValue(other)), { encryption: toParty }],
  ['a key where nothing is encrypted', x509Data(party), {}],
] as const)
  test(`WS-Trust §9.2: Encryption refuses ${what}: whom a token is for is not the requestor's to say`, async () => {
    assert.equal(
      faultCodeOf((await ask(child('Encryption', named), encryptions)).answer),
      'trust:BadRequest',
    );
  });

function encryptedKeyIn(element: XmlElement): XmlElement | undefined {
  const [own] = childrenNamed(element, XENC_NS, 'EncryptedKey');
  if (own) return own;
  for (const each of element.children) {
    const found = typeof each === 'string' ? undefined : encryptedKeyIn(each);
    if (found) return found;
  }
  return undefined;
}

test('WS-Trust §9.2: ProofEncryption: the secret comes encrypted to the key that was named, and not in the clear', async () => {
  for (const named of [x509Data(other), keyInfo(aKeyValue(other))]) {
    const { answer, setting } = await ask(key('SymmetricKey') + child('ProofEncryption', named));

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.match(answer.body, /<trust:RequestedProofToken><xenc:EncryptedKey /);
    assert.doesNotMatch(answer.body, /BinarySecret/);
    const found = encryptedKeyIn(parseXml(Buffer.from(answer.body)).root);
    assert.ok(found);
    const unwrapper = createKeyUnwrapper(other.privateKey);
    const secret = await decryptKey(found, [unwrapper], { minBytes: 32, maxBytes: 32 });
    const confirmation = setting.asked[0]?.confirmation;
    assert.ok(confirmation?.method === 'symmetric-key');
    assert.equal(Buffer.from(secret).toString('base64'), confirmation.secret?.base64);
  }
});

const NONCE = child(
  'Entropy',
  `<t:BinarySecret Type="${TRUST_13}/Nonce">${Buffer.alloc(32, 1).toString('base64')}</t:BinarySecret>`,
);
for (const [what, children, code] of [
  ['a key on a curve', child('ProofEncryption', x509Data(ec)), 'trust:BadRequest'],
  ['a Sig', '<t:ProofEncryption Sig="#s"/>', 'trust:BadRequest'],
  ['entropy beside it', NONCE + child('ProofEncryption', x509Data(other)), 'trust:BadRequest'],
  ['nothing in it', child('ProofEncryption'), 'trust:InvalidRequest'],
] as const)
  test(`WS-Trust §9.2: ProofEncryption refuses ${what}`, async () => {
    assert.equal(faultCodeOf((await ask(key('SymmetricKey') + children)).answer), code);
  });
