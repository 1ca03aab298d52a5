// What a stranger learns of the credential of another who signs without its key (xml-security E9): nothing. Whether it is good here, was
// cancelled, or is nobody's, is told to whoever proves the key.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { THUMBPRINT_SHA1 } from '#bridge/xml/namespaces.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import { PASSWORD } from '#test/support/saml/saml-document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  aSignedMessage,
  ECDSA_SHA256,
  HMAC_SHA256,
} from '#test/support/soap/signed-message.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  aReferenceTo,
  ask,
  asTarget,
  GENERAL,
  issued,
  startOmitting,
} from '#test/support/ws-trust/omitted-audience.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aUserNameToken,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const nobody = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const thief = await aCertificate({ name: 'CN=thief', algorithm: 'RSA' });

describe('xml-security E9: who signs without its key learns not whether an assertion of ours lives:', () => {
  const ending = endingOfSuite();
  let server: TestServer;
  before(async () => {
    server = await startOmitting(ending);
  });

  const stranger = (credential: string, keyInfo: string) =>
    ask(server, { key: thief, credential, keyInfo, path: GENERAL });

  for (const [what, keyInfoOf] of [
    ['named', aReferenceTo],
    ['named by its key', () => aKeyValue(holder)],
  ] as const)
    test(what, async () => {
      const token = await issued(server, { key: holder, path: GENERAL });
      const alive = await stranger(token, keyInfoOf(token));

      const cancelled = await ask(server, {
        operation: 'Cancel',
        children: asTarget('Cancel', token),
      });
      const dead = await stranger(token, keyInfoOf(token));

      assert.equal(cancelled.status, 200, cancelled.text);
      assert.match(alive.text, /FailedAuthentication/);
      assert.equal(alive.text, dead.text);
    });
});

test('xml-security E9: nor does a user, who shows an assertion of another beside a key of their own', async (t) => {
  const server = await startOmitting(t);
  const token = await issued(server, { key: holder, path: GENERAL });
  const dave = aUserNameToken({ name: 'dave', password: PASSWORD });
  const show = (by: TestCertificate, keyInfo: string) =>
    ask(server, { key: by, credential: `${dave}${token}`, keyInfo, path: GENERAL });

  const alive = await show(thief, aKeyValue(thief));
  const cancelled = await ask(server, {
    operation: 'Cancel',
    children: asTarget('Cancel', token),
  });
  const dead = await show(thief, aKeyValue(thief));
  const deadToHolder = await show(holder, aReferenceTo(token));

  assert.equal(cancelled.status, 200, cancelled.text);
  assert.match(alive.text, /UnsupportedSecurityToken/);
  assert.equal(alive.text, dead.text);
  assert.match(deadToHolder.text, /FailedAuthentication/);
});

test('ws-trust §4: that an assertion is over is told to who signs with a certificate of theirs beside it', async () => {
  const over: TokenValidator = {
    canHandle: ({ type }) => type === 'saml2',
    validate: () => Promise.reject(new ExchangeFailure('token-expired', 'over')),
  };
  const setting = aWsTrustSetting({ validators: [over, knownCertificates([holder])] });
  const assertion = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"></saml:Assertion>`;
  const message = aSignedMessage(anRst(), {
    by: holder,
    tokens: `${assertion}${aBinaryToken(holder)}`,
  });

  const answer = await setting.front.handle(aPost(message));

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  assert.equal(setting.audit.records.at(-1)?.reason, 'token-expired');
});

const OTHER_WORDS = 'the same, under an algorithm of another kind of key';

const NAMED: Readonly<Record<string, (certificate: TestCertificate) => string>> = {
  thumbprint: ({ der }) =>
    `<wsse:KeyIdentifier ValueType="${THUMBPRINT_SHA1}">${hash('sha1', der, 'base64')}</wsse:KeyIdentifier>`,
  'issuer and number': ({ certificate: { issuer, serialNumber } }) =>
    `<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>${issuer}</ds:X509IssuerName><ds:X509SerialNumber>${BigInt(`0x${serialNumber}`)}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>`,
};

describe('xml-security E9: who signs without its key learns not whether a certificate is one of ours:', () => {
  for (const [what, wishes] of [
    ['by a token', {}],
    [OTHER_WORDS, { algorithm: HMAC_SHA256 }],
    [OTHER_WORDS, { algorithm: ECDSA_SHA256 }],
    ['by its key', { isBare: true }],
  ] as const)
    test(`${what} ${Object.values(wishes).join()}`, async () => {
      const setting = aWsTrustSetting({ validators: [knownCertificates([holder])] });
      const { isBare, ...signature } = { isBare: false, ...wishes };
      const answers = [];
      for (const certificate of [holder, nobody]) {
        const message = aSignedMessage(anRst(), {
          by: thief,
          tokens: isBare ? '' : aBinaryToken(certificate),
          keyInfo: isBare ? aKeyValue(certificate) : aDirectReference(),
          ...signature,
        });
        answers.push(await setting.front.handle(aPost(message)));
      }

      const [ours, others] = answers.map(({ body }) => body);
      assert.equal(ours, others);
      assert.deepEqual(answers.map(faultCodeOf), Array(2).fill('trust:FailedAuthentication'));
      assert.deepEqual(setting.errors, []);
    });

  for (const [form, keyInfoOf] of Object.entries(NAMED))
    test(`xml-security E9: nor whether it is among those that are known here, by its ${form}`, async () => {
      const findCertificate = createCertificateFinder([parseCertificate(holder.pem)]);
      const setting = aWsTrustSetting({
        validators: [knownCertificates([holder])],
        parts: { findCertificate },
      });
      const answers = [];
      for (const certificate of [holder, nobody]) {
        const keyInfo = `<wsse:SecurityTokenReference>${keyInfoOf(certificate)}</wsse:SecurityTokenReference>`;
        const message = aSignedMessage(anRst(), { by: thief, tokens: '', keyInfo });
        answers.push(await setting.front.handle(aPost(message)));
      }

      assert.equal(answers[0]?.body, answers[1]?.body);
      assert.deepEqual(answers.map(faultCodeOf), Array(2).fill('trust:FailedAuthentication'));
      assert.deepEqual(
        setting.audit.records.map(({ reason }) => reason),
        ['signature-invalid', 'token-malformed'],
      );
    });

  test('the record tells it', async () => {
    const setting = aWsTrustSetting({ validators: [knownCertificates([holder])] });
    const message = aSignedMessage(anRst(), { by: thief, tokens: aBinaryToken(holder) });

    await setting.front.handle(aPost(message));

    assert.equal(setting.audit.records.at(-1)?.reason, 'signature-invalid');
  });
});
