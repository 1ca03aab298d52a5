// What a message may have us compute before anybody has shown who it is from (xml-security B10, C3): whoever likes signs with a key that
// was made for the message, so what such a signature refers to is work of a stranger.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { CertificateFinder } from '#bridge/ws-security/signature/certificate-name.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import {
  aMessage,
  aSetting as aSignedSetting,
  PATH,
  SIGNED,
  send,
} from '#test/support/soap/message-security.ts';
import {
  aSecretMessage,
  aSecretSetting,
  SECRET_SIGNED,
  type SecretWishes,
  sendSecretly,
} from '#test/support/soap/secret-message.ts';
import {
  aBinaryToken,
  aKeyValue,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
  X509_PROFILE,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const STRANGER = { name: 'nobody', password: 'guess' };
const NESTED = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10'];
const DETAIL = /a target within another/;

/** Elements within each other around what is long to digest. */
const nested = (content: string): string =>
  NESTED.reduceRight((inner, id) => `<y xmlns="urn:y" wsu:Id="${id}">${inner}</y>`, content);
const LONG = nested('<z b="" a=""></z>'.repeat(950));

const withKey = (more = ''): string =>
  anRst({
    children: `${anAppliesTo()}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType><t:UseKey Sig="#SIG-1"/>${more}`,
  });

test('xml-security B10: a secret that anybody can make has no part digested again and again', async () => {
  const setting = aSecretSetting();
  const message = (wishes: SecretWishes) =>
    aSecretMessage({ body: anRst({ children: LONG }), ...wishes });

  const once = await sendSecretly(message({}), setting);
  const often = await sendSecretly(message({ signed: [...SECRET_SIGNED, ...NESTED] }), setting);

  // Its signature verified: what is refused is the element that nobody knows.
  assert.equal(faultCodeOf(once), 'trust:BadRequest');
  assert.equal(faultCodeOf(often), 'wsse:FailedCheck');
  assert.match(JSON.stringify(setting.audit.records.at(-1)), DETAIL);
});

test('xml-security B10: no certificate has a part digested again and again', async () => {
  const setting = aSignedSetting();
  const body = anRst({ children: LONG });

  const once = await send(aMessage({ body }), setting, PATH);
  const often = await send(aMessage({ body, signed: [...SIGNED, ...NESTED] }), setting, PATH);

  assert.equal(faultCodeOf(once), 'trust:BadRequest');
  assert.equal(faultCodeOf(often), 'wsse:FailedCheck');
  assert.match(JSON.stringify(setting.audit.records.at(-1)), DETAIL);
});

test('xml-security B10: a key of one’s own has no part digested again and again, whatever the password', async () => {
  const setting = aWsTrustSetting();
  const own = await aCertificate({ name: 'CN=anybody', algorithm: 'RSA' });
  const signed = (ids: readonly string[]): string =>
    signMessage(
      anEnvelope({
        header: aSecurityHeader(`${TIMESTAMP}${SIGNATURE}`, STRANGER) + LONG,
        body: withKey(),
        bodyId: 'body',
      }),
      { key: own.privateKey, keyInfo: aKeyValue(own), ids },
    );

  const once = await setting.front.handle(aPost(signed(['ts', 'body'])));
  const often = await setting.front.handle(aPost(signed(['ts', 'body', ...NESTED])));

  assert.equal(faultCodeOf(once), 'trust:FailedAuthentication');
  assert.equal(faultCodeOf(often), 'wsse:InvalidSecurity');
  assert.match(JSON.stringify(setting.audit.records.at(-1)), DETAIL);
});

/** Each element is written with the declaration that its prefix needs. */
const longNames = (count: number): string =>
  `<y xmlns="urn:y" xmlns:p="urn:${'p'.repeat(200)}" wsu:Id="long">${'<p:z/>'.repeat(count)}</y>`;
const TOO_LARGE = /canonical form too large/;

test('xml-security B10: no short prefix of a long name makes us digest more than a message has', async () => {
  const setting = aSecretSetting();
  const body = anRst({ children: longNames(1000) });

  const answer = await sendSecretly(aSecretMessage({ body }), setting);

  assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
  assert.match(JSON.stringify(setting.audit.records.at(-1)), TOO_LARGE);
});

test('xml-security B10: two keys that are nobody’s do not have a message digested twice', async () => {
  const setting = aWsTrustSetting();
  const own = await aCertificate({ name: 'CN=anybody', algorithm: 'RSA' });
  const wishes = { key: own.privateKey, keyInfo: aKeyValue(own) };
  const header = aSecurityHeader(`${TIMESTAMP}${SIGNATURE}@SIGNATURE2@`, STRANGER);
  const text = anEnvelope({ header, body: withKey(), bodyId: 'body' });
  const one = signMessage(text, wishes);
  const two = signMessage(one.replace('@SIGNATURE2@', SIGNATURE), { ...wishes, id: 'SIG-2' });

  const once = await setting.front.handle(aPost(one.replace('@SIGNATURE2@', '')));
  const twice = await setting.front.handle(aPost(two));

  assert.equal(faultCodeOf(once), 'trust:FailedAuthentication');
  assert.equal(faultCodeOf(twice), 'trust:FailedAuthentication');
  assert.match(JSON.stringify(setting.audit.records.at(-1)), /two keys that are nobody’s/);
});

test('xml-security B10: what fills a message is digested where each part is named once', async () => {
  const setting = aSecretSetting();
  const long = `<y xmlns="urn:y">${'text '.repeat(8000)}</y>`;

  const answer = await sendSecretly(aSecretMessage({ body: anRst({ children: long }) }), setting);

  assert.equal(faultCodeOf(answer), 'trust:BadRequest');
});

/** A reference to a certificate by the identifier of its key. */
const byIdentifier = (identifier: string, id: string): string =>
  `<wsse:SecurityTokenReference wsu:Id="${id}"><wsse:KeyIdentifier ValueType="${X509_PROFILE}#X509SubjectKeyIdentifier">${identifier}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

test('xml-security B10: the certificates of a header are read once, however many references name one of them', async () => {
  const own = await aCertificate({ name: 'CN=anybody', algorithm: 'P-256' });
  const { publicKey } = new X509Certificate(own.der);
  // RFC 5280 §4.2.1.2: of the point, which is the end of the key.
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-65);
  const identifier = createHash('sha1').update(point).digest('base64');
  const names = ['s1', 's2', 's3', 's4'];
  const digested = `<wsse:BinarySecurityToken xmlns="" xmlns:wsse="${WSSE_NS}" ValueType="${X509_PROFILE}#X509v3">${own.der.toString('base64')}</wsse:BinarySecurityToken>`;
  const read: X509Certificate[] = [];
  const find = createCertificateFinder([]);
  const findCertificate: CertificateFinder = (name, presented) => {
    read.push(...presented);
    return find(name, presented);
  };
  const { front } = aWsTrustSetting({ parts: { findCertificate } });
  const tokens = aBinaryToken(own) + aBinaryToken(own, 'bst2');
  const references = names.map((name) => byIdentifier(identifier, name)).join('');
  const header = aSecurityHeader(`${tokens}${references}${TIMESTAMP}${SIGNATURE}`, STRANGER);
  const message = signMessage(anEnvelope({ header, body: withKey(), bodyId: 'body' }), {
    key: own.privateKey,
    keyInfo: byIdentifier(identifier, 'signer'),
    transformed: Object.fromEntries(names.map((name) => [name, digested])),
  });

  const answer = await front.handle(aPost(message));

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  assert.equal(read.length, 2 * (names.length + 1));
  assert.equal(new Set(read).size, 2);
});
