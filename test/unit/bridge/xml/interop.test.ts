// Other implementations verify what we sign and we verify what they sign (xml-security §11).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignedXml } from 'xml-crypto';
import { element } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes, writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper, decryptXml } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import { SAML2_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { requiredChild, textOf } from '#bridge/xml/reader.ts';
import { RSA_SHA256 } from '#bridge/xml/signature/algorithms.ts';
import { signDetached, signEnveloped } from '#bridge/xml/signature/sign.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { anEcKey, anRsaKey } from '#test/support/xml/keys.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { parse } from '#test/support/xml/refusal.ts';
import {
  anAssertionMarkup,
  anEnvelope,
  aRequest,
  aSignedAssertion,
  aSignedRequest,
  openRequest,
  saml,
  threeParts,
} from '#test/support/xml/signed.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';
import { hasXmlsec1, runXmlsec1 } from '#test/support/xml/xmlsec1.ts';

const key = anRsaKey();
const publicPem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const privatePem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const options = { selectKey: () => key.trusted };
const bare = writeCanonical(anAssertionMarkup()).text;

function xmlCryptoVerifies(text: string, idMode?: 'wssecurity'): boolean {
  const verifier = new SignedXml({
    publicCert: publicPem,
    ...(idMode === undefined ? {} : { idMode }),
  });
  verifier.loadSignature(cut(text, 'ds:Signature'));
  return verifier.checkSignature(text);
}

test('XML S6: xml-crypto verifies an assertion we sign', async () => {
  const text = await aSignedAssertion(key);

  assert.equal(xmlCryptoVerifies(text), true);
  assert.equal(xmlCryptoVerifies(edited(text, 'alice', 'admin')), false);
});

test('XML S6: xml-crypto verifies the ASCII wire form', async () => {
  const final = await signEnveloped(anAssertionMarkup(), { ...key, id: '_a1' });

  assert.equal(xmlCryptoVerifies(toWireBytes(final).toString('latin1')), true);
});

test('XML S6: xml-crypto verifies a message we sign', async () => {
  assert.equal(xmlCryptoVerifies(await aSignedRequest(key), 'wssecurity'), true);
});

test('XML §11: we verify an assertion xml-crypto signs', async () => {
  const signer = new SignedXml({
    privateKey: privatePem,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXC,
    idAttribute: 'ID',
  });
  signer.addReference({ xpath: '/*', digestAlgorithm: SHA256, transforms: [ENVELOPED, EXC] });
  signer.computeSignature(bare, {
    location: { reference: "//*[local-name()='Issuer']", action: 'after' },
  });
  const document = parse(signer.getSignedXml());

  const { element: verified } = await verifyAssertion(document, document.root, options);

  assert.equal(verified, document.root);
});

test('XML §11: libxml2 gives the canonical form of what we sign', async () => {
  const final = await signEnveloped(anAssertionMarkup(), { ...key, id: '_a1' });

  assert.equal(libxml2Canonical(Buffer.from(final.canonical)), final.canonical);
  assert.equal(libxml2Canonical(toWireBytes(final)), final.canonical);
});

test('XML §11: the wire form of a doubly signed message is canonical for libxml2', async () => {
  const assertion = await signEnveloped(anAssertionMarkup('_in'), { ...key, id: '_in' });
  const parts = aRequest([assertion]);
  const signature = await signDetached(threeParts(parts), key);
  const envelope = anEnvelope(parts, [signature]);

  assert.equal(libxml2Canonical(toWireBytes(envelope)), writeCanonical(envelope).text);
});

const ASSERTION_ID = ['--id-attr:ID', `${SAML2_NS}:Assertion`];

const rsaAlgorithms = ['rsa-sha256', 'rsa-sha384', 'rsa-sha512'].map(
  (name) => `http://www.w3.org/2001/04/xmldsig-more#${name}`,
);
for (const algorithm of rsaAlgorithms) {
  test(`XML S6: xmlsec1 verifies an assertion we sign with ${algorithm}`, async (t) => {
    if (!hasXmlsec1(t)) return;
    const signer = createKeySigner({ algorithm, key: key.privateKey });
    const text = await aSignedAssertion({ signer });
    const args = ['--verify', ...ASSERTION_ID, '--pubkey-pem', 'key.pem', 'a.xml'];

    assert.ok(runXmlsec1(args, { 'key.pem': publicPem, 'a.xml': text }).isOk);
    const forged = edited(text, 'alice', 'admin');
    assert.ok(!runXmlsec1(args, { 'key.pem': publicPem, 'a.xml': forged }).isOk);
  });
}

test('XML S6: xmlsec1 verifies ECDSA and a PrefixList', async (t) => {
  if (!hasXmlsec1(t)) return;
  const ec = anEcKey();
  const xs = { prefix: 'xs', uri: 'http://www.w3.org/2001/XMLSchema' };
  const final = await signEnveloped(anAssertionMarkup(), { ...ec, id: '_a1', declare: [xs] });
  const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  const result = runXmlsec1(['--verify', ...ASSERTION_ID, '--pubkey-pem', 'key.pem', 'a.xml'], {
    'key.pem': pem,
    'a.xml': toWireBytes(final).toString('latin1'),
  });

  assert.ok(result.isOk, result.stderr);
});

test('XML S6: xmlsec1 verifies a message we sign over three parts', async (t) => {
  if (!hasXmlsec1(t)) return;
  const ids = [
    'http://www.w3.org/2005/08/addressing:To',
    'http://www.w3.org/2003/05/soap-envelope:Body',
    `${WSU_NS}:Timestamp`,
  ];
  const args = ids.flatMap((name) => ['--id-attr:Id', name]);

  const result = runXmlsec1(['--verify', ...args, '--pubkey-pem', 'key.pem', 'm.xml'], {
    'key.pem': publicPem,
    'm.xml': await aSignedRequest(key),
  });

  assert.ok(result.isOk, result.stderr);
});

function template(id: string, prefixList: string): string {
  const list =
    prefixList === ''
      ? ''
      : `<ec:InclusiveNamespaces xmlns:ec="${EXC}" PrefixList="${prefixList}"/>`;
  return (
    `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>\n<CanonicalizationMethod Algorithm="${EXC}"/><SignatureMethod Algorithm="${RSA_SHA256}"/>\n` +
    `<Reference URI="#${id}"><Transforms><Transform Algorithm="${ENVELOPED}"/><Transform Algorithm="${EXC}">${list}</Transform></Transforms>` +
    `<DigestMethod Algorithm="${SHA256}"/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><KeyName>k</KeyName></KeyInfo></Signature>`
  );
}

for (const prefixList of ['', 'xs', 'xs #default saml']) {
  test(`XML §11: we verify an assertion xmlsec1 signs with the PrefixList "${prefixList}"`, async (t) => {
    if (!hasXmlsec1(t)) return;
    const outer =
      '<r xmlns="urn:d" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:unused="urn:u">';
    const signable = `${outer}\n${edited(bare, '</saml:Issuer>', `</saml:Issuer>${template('_a1', prefixList)}`)}\n</r>`;
    const signed = runXmlsec1(['--sign', ...ASSERTION_ID, '--privkey-pem', 'key.pem', 'a.xml'], {
      'key.pem': privatePem,
      'a.xml': signable,
    });
    assert.ok(signed.isOk, signed.stderr);
    const document = parse(signed.stdout);

    const { element: verified } = await verifyAssertion(
      document,
      requiredChild(document.root, SAML2_NS, 'Assertion'),
      options,
    );

    assert.equal(verified.local, 'Assertion');
  });
}

test('XML §11: we verify a detached signature xmlsec1 makes', async (t) => {
  if (!hasXmlsec1(t)) return;
  const request = await aSignedRequest(key);
  const emptied = request.replaceAll(/(<ds:(DigestValue|SignatureValue)>)[^<]*/g, '$1');
  const ids = [
    'http://www.w3.org/2005/08/addressing:To',
    'http://www.w3.org/2003/05/soap-envelope:Body',
    `${WSU_NS}:Timestamp`,
  ];
  const args = ids.flatMap((name) => ['--id-attr:Id', name]);
  const signed = runXmlsec1(['--sign', ...args, '--privkey-pem', 'key.pem', 'm.xml'], {
    'key.pem': privatePem,
    'm.xml': emptied,
  });
  assert.ok(signed.isOk, signed.stderr);
  const { document, signature, body } = openRequest(signed.stdout);

  const { covered } = await verifyMessageSignature(document, signature, options);

  assert.ok(covered.has(body));
});

test('XML §7: xmlsec1 decrypts what we encrypt', async (t) => {
  if (!hasXmlsec1(t)) return;
  const final = await signEnveloped(anAssertionMarkup(), { ...key, id: '_a1' });
  const recipient = createRecipient({
    publicKey: key.publicKey,
    transport: 'rsa-oaep-mgf1p',
    content: 'aes128-gcm',
  });
  const encrypted = element(saml('EncryptedAssertion'), [], [encryptXml(final, recipient)]);

  const result = runXmlsec1(['--decrypt', '--privkey-pem', 'key.pem', 'e.xml'], {
    'key.pem': privatePem,
    'e.xml': toWireBytes(encrypted).toString('latin1'),
  });

  assert.ok(result.isOk, result.stderr);
  assert.equal(
    libxml2Canonical(Buffer.from(result.stdout), { apex: '//*[local-name()="Assertion"]' }),
    final.canonical,
  );
});

test('XML §7: we decrypt what xmlsec1 encrypts', async (t) => {
  if (!hasXmlsec1(t)) return;
  const shape =
    '<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">' +
    '<EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">' +
    '<EncryptedKey xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">' +
    '<DigestMethod xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/></EncryptionMethod>' +
    '<CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>';
  const result = runXmlsec1(
    [
      '--encrypt',
      '--pubkey-pem',
      'key.pem',
      '--session-key',
      'aes-256',
      '--xml-data',
      'a.xml',
      't.xml',
    ],
    { 'key.pem': publicPem, 'a.xml': bare, 't.xml': shape },
  );
  assert.ok(result.isOk, result.stderr);
  const unwrapper = createKeyUnwrapper(key.privateKey);

  const { root } = await decryptXml(parse(result.stdout).root, [unwrapper]);

  assert.equal(textOf(requiredChild(root, SAML2_NS, 'Issuer')), 'urn:issuer');
});
