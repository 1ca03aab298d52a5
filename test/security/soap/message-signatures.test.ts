// Attacks on signed messages (xml-security A, B, E; ws-trust R5, R9, R12): each ends in a fault, none reaches core.
import assert from 'node:assert/strict';
import { createHmac, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const client = await aCertificate({ name: 'CN=alice', issuer: root, algorithm: 'RSA' });
const ecClient = await aCertificate({ name: 'CN=alice', issuer: root });
const attacker = await aCertificate({ name: 'CN=alice', algorithm: 'RSA' });
const expired = await aCertificate({ issuer: root, algorithm: 'RSA', notAfter: 1_799_999_999 });

const aTimestamp = (expires = '2027-01-15T08:05:00Z', id = 'ts') =>
  `<wsu:Timestamp wsu:Id="${id}"><wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`;
const TIMESTAMP = aTimestamp();

interface Wishes extends Partial<SignatureWishes> {
  readonly certificate?: TestCertificate;
  readonly security?: string;
  /** The start tag of Security, and what stands before it in the Header. */
  readonly start?: string;
  readonly edit?: (message: string) => string;
}

function aMessage({ certificate = client, security, start, edit, ...wishes }: Wishes = {}): string {
  const children = security ?? `${aBinaryToken(certificate)}${TIMESTAMP}${SIGNATURE}`;
  const message = anEnvelope({
    header: `${start ?? '<wsse:Security>'}${children}</wsse:Security>`,
    body: anRst(),
    bodyId: 'body',
  });
  const { privateKey: key } = certificate;
  const signed = signMessage(message, { key, keyInfo: aDirectReference(), ...wishes });
  return edit ? edit(signed) : signed;
}

function aSetting() {
  const clock = fakeClock();
  const findUser = (name: string) =>
    name === 'alice' || name === 'client' ? { id: name, claims: {} } : undefined;
  const trusted = [anX509Trust([root], { findUser })];
  return aWsTrustSetting({
    validators: [createX509Validator({ issuer: OWN_ISSUER, trusted, clock })],
  });
}

/** Replaces SignatureValue by another value over the same SignedInfo. */
function withValue(message: string, make: (signedInfo: string) => Buffer): string {
  const inner = /<ds:SignedInfo>.*<\/ds:SignedInfo>/.exec(message)?.[0] ?? '';
  const signedInfo = inner.replace(
    '<ds:SignedInfo>',
    '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
  );
  const value = make(signedInfo).toString('base64');
  return message.replace(/(<ds:SignatureValue>)[^<]*/, `$1${value}`);
}

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const move = (pattern: RegExp, replacement: string) => (text: string) => {
  const part = pattern.exec(text)?.[0] ?? assert.fail('nothing to move');
  return text
    .replace(part, replacement)
    .replace('<s:Header>', `<s:Header><w:x xmlns:w="urn:w">${part}</w:x>`);
};
const FORGED = anRst({ children: '' });

const ATTACKS: readonly (readonly [what: string, message: string, code: string])[] = [
  [
    'A1, R5: the signed Body in a header, a forged one in its place',
    aMessage({ edit: move(/<s:Body.*<\/s:Body>/, `<s:Body>${FORGED}</s:Body>`) }),
    'trust:AuthenticationBadElements',
  ],
  [
    'A1: the same, the forged one with the id of the signed one',
    aMessage({ edit: move(/<s:Body.*<\/s:Body>/, `<s:Body wsu:Id="body">${FORGED}</s:Body>`) }),
    'trust:InvalidRequest',
  ],
  [
    'A1, R9: the signed Timestamp in a header, a fresh one in its place',
    aMessage({ edit: move(/<wsu:Timestamp.*<\/wsu:Timestamp>/, aTimestamp(undefined, 'new')) }),
    'trust:AuthenticationBadElements',
  ],
  [
    'A9: the signature is taken away',
    aMessage({ edit: (text) => text.replace(/<ds:Signature .*<\/ds:Signature>/, '') }),
    'trust:FailedAuthentication',
  ],
  [
    'A9: a second Security header',
    aMessage({ start: '<wsse:Security></wsse:Security><wsse:Security>' }),
    'wsse:InvalidSecurity',
  ],
  [
    'A9: the Security header is for another actor',
    aMessage({ start: '<wsse:Security s:role="urn:another">' }),
    'trust:FailedAuthentication',
  ],
  [
    'E2: two Timestamps',
    aMessage({
      security: `${aBinaryToken(client)}${TIMESTAMP}${aTimestamp(undefined, 'b')}${SIGNATURE}`,
    }),
    'wsse:InvalidSecurity',
  ],
  [
    'E2: a Timestamp of ten years',
    aMessage({
      security: `${aBinaryToken(client)}${aTimestamp('2037-01-15T08:05:00Z')}${SIGNATURE}`,
    }),
    'wsse:InvalidSecurity',
  ],
  [
    'E2: a signed Timestamp that is over',
    aMessage({
      security: `${aBinaryToken(client)}${TIMESTAMP.replaceAll('2027-01-15T08', '2027-01-15T06')}${SIGNATURE}`,
    }),
    'wsse:MessageExpired',
  ],
  [
    'B5, R12: HMAC with the public key',
    aMessage({
      edit: (text) =>
        withValue(text.replace(`${MORE}rsa-sha256`, `${MORE}hmac-sha256`), (data) =>
          createHmac('sha256', client.certificate.publicKey.toString('pem')).update(data).digest(),
        ),
    }),
    'trust:FailedAuthentication',
  ],
  [
    'B15: an ECDSA signature in DER',
    aMessage({
      certificate: ecClient,
      edit: (text) =>
        withValue(text, (data) => sign('sha256', Buffer.from(data), ecClient.privateKey)),
    }),
    'trust:FailedAuthentication',
  ],
  [
    'B7: a certificate of the sender’s own making, in the header',
    aMessage({ certificate: attacker }),
    'trust:FailedAuthentication',
  ],
  [
    'B7: the same in KeyInfo',
    aMessage({
      certificate: attacker,
      security: `${TIMESTAMP}${SIGNATURE}`,
      keyInfo: `<ds:X509Data><ds:X509Certificate>${attacker.der.toString('base64')}</ds:X509Certificate></ds:X509Data>`,
    }),
    'trust:FailedAuthentication',
  ],
  [
    'B7: the certificate of another beside the key that signed',
    aMessage({
      certificate: attacker,
      security: `${aBinaryToken(client)}${TIMESTAMP}${SIGNATURE}`,
      keyInfo: aKeyValue(attacker),
    }),
    'trust:FailedAuthentication',
  ],
  [
    'B7: the certificate of another, signed with a key of the sender’s',
    aMessage({ key: attacker.privateKey }),
    'trust:FailedAuthentication',
  ],
  [
    'B8: KeyInfo that sends us elsewhere',
    aMessage({
      keyInfo: '<ds:RetrievalMethod URI="http://127.0.0.1:1/key"></ds:RetrievalMethod>',
    }),
    'wsse:InvalidSecurity',
  ],
  [
    'B8: a reference to another document',
    aMessage({ edit: (text) => text.replace('URI="#body"', 'URI="http://127.0.0.1:1/body"') }),
    'wsse:InvalidSecurity',
  ],
  [
    'B11: a reference to everything',
    aMessage({ edit: (text) => text.replace('URI="#body"', 'URI=""') }),
    'wsse:InvalidSecurity',
  ],
  [
    'B12: an id twice',
    aMessage({
      edit: (text) =>
        text.replace('<s:Header>', '<s:Header><w:x xmlns:w="urn:w" wsu:Id="body"></w:x>'),
    }),
    'trust:InvalidRequest',
  ],
  [
    'a reference that refers to a reference, and to itself',
    aMessage({
      keyInfo: `<wsse:SecurityTokenReference wsu:Id="loop"><wsse:Reference URI="#loop"></wsse:Reference></wsse:SecurityTokenReference>`,
    }),
    'wsse:SecurityTokenUnavailable',
  ],
  [
    'a token that stands outside the Security header',
    aMessage({ edit: move(/<wsse:BinarySecurityToken.*?<\/wsse:BinarySecurityToken>/, '') }),
    'wsse:SecurityTokenUnavailable',
  ],
  [
    'a token that is no certificate',
    aMessage({ edit: (text) => text.replace(client.der.toString('base64'), 'AAAA') }),
    'wsse:InvalidSecurityToken',
  ],
  [
    'a certificate with something behind it',
    aMessage({
      edit: (text) =>
        text.replace(
          client.der.toString('base64'),
          Buffer.concat([client.der, Buffer.from('x')]).toString('base64'),
        ),
    }),
    'wsse:InvalidSecurityToken',
  ],
  [
    'a certificate that has expired',
    aMessage({ certificate: expired }),
    'trust:FailedAuthentication',
  ],
];

/** What the audit tells of each fault; of an authentication that failed it tells more. */
const REASONS: Readonly<Record<string, string>> = {
  'wsse:InvalidSecurity': 'request-malformed',
  'wsse:InvalidSecurityToken': 'token-malformed',
  'wsse:SecurityTokenUnavailable': 'token-malformed',
  'wsse:UnsupportedSecurityToken': 'token-type-unsupported',
  'wsse:UnsupportedAlgorithm': 'signature-invalid',
  'wsse:FailedCheck': 'signature-invalid',
  'wsse:MessageExpired': 'token-expired',
  'trust:AuthenticationBadElements': 'requestor-unauthenticated',
};

describe('a signed message', () => {
  test('is good as it is, so that the attacks fail for their own reason', async () => {
    for (const certificate of [client, ecClient]) {
      const answer = await aSetting().front.handle(aPost(aMessage({ certificate })));
      assert.equal(answer.status, 200, answer.body);
    }
  });

  for (const [what, message, code] of ATTACKS) {
    test(`xml-security ${what}`, async () => {
      const setting = aSetting();

      const answer = await setting.front.handle(aPost(message));

      assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
      assert.deepEqual(setting.asked, []);
      assert.deepEqual(setting.errors, []);
      const { reason } = setting.audit.records.at(-1) ?? {};
      assert.equal(reason, REASONS[code] ?? reason);
      assert.ok(reason);
    });
  }
});
