// Messages signed with the key of a certificate (ws-trust §4): what must be signed, what a signature proves, what is refused.
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { NOW } from '#test/support/core.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  EXC_C14N,
  RSA_SHA1,
  RSA_SHA512,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aWsTrustSetting,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const rsa = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
const ec = await aCertificate({ name: 'CN=batch' });
const colleague = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
const stranger = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const weakValue = aKeyValue({
  certificate: { publicKey: String(weak.publicKey.export({ type: 'spki', format: 'pem' })) },
});

const known = knownCertificates([rsa, ec, colleague]);
const aSetting = () => aWsTrustSetting({ validators: [known] });

const ENVELOPED_PAIR = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="${EXC_C14N}"></ds:Transform>`;

interface Wishes extends Partial<SignatureWishes> {
  readonly certificate?: TestCertificate;
  /** The children of Security, in order; the token, the Timestamp and SIGNATURE. */
  readonly security?: string;
  readonly edit?: (message: string) => string;
  readonly body?: string;
}

function aSignedMessage({
  certificate = rsa,
  security,
  edit,
  body = anRst(),
  ...wishes
}: Wishes = {}) {
  const children = security ?? `${aBinaryToken(certificate)}${TIMESTAMP}${SIGNATURE}`;
  const message = anEnvelope({
    header: `<wsse:Security wsu:Id="security">${children}</wsse:Security>`,
    body,
    bodyId: 'body',
  });
  const signed = signMessage(message, {
    key: certificate.privateKey,
    keyInfo: aDirectReference(),
    ...wishes,
  });
  return edit ? edit(signed) : signed;
}

const send = (message: string, setting: WsTrustSetting = aSetting(), path = '/ws-trust') =>
  setting.front.handle(aPost(message, { path }));

async function refused(message: string, code: string, path?: string) {
  const setting = aSetting();
  const answer = await send(message, setting, path);

  assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
  assert.deepEqual(setting.asked, []);
  assert.deepEqual(setting.errors, []);
}

describe('ws-trust §4: a message signed with the key of a certificate', () => {
  for (const [name, wishes] of Object.entries({
    'RSA-SHA256': {},
    'RSA-SHA512': { algorithm: RSA_SHA512 },
    'ECDSA-SHA256': { certificate: ec },
    'the [enveloped, exclusive] pair of script signers': {
      transforms: ENVELOPED_PAIR,
    },
    'the child of the Body instead of the Body': {
      body: anRst({ attributes: ' wsu:Id="rst"' }),
      ids: ['ts', 'rst'],
    },
    'W13: the signature before its token, the Timestamp last': {
      security: `${SIGNATURE}${aBinaryToken(rsa)}${TIMESTAMP}`,
    },
    'W13: the Timestamp first': { security: `${TIMESTAMP}${aBinaryToken(rsa)}${SIGNATURE}` },
  } satisfies Record<string, Wishes>)) {
    test(`is accepted: ${name}`, async () => {
      const setting = aSetting();

      const answer = await send(aSignedMessage(wishes), setting);

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      const [request] = setting.asked;
      const { certificate = rsa } = wishes as Wishes;
      assert.equal(request?.requestor.method, 'x509');
      assert.deepEqual(
        request.requestor.confirmation.method === 'public-key' &&
          request.requestor.confirmation.certificateThumbprint,
        Buffer.from(
          new X509Certificate(certificate.der).fingerprint256.replaceAll(':', ''),
          'hex',
        ).toString('base64url'),
      );
    });
  }

  for (const [name, message, code] of [
    [
      'xml-security V10: the Timestamp is not signed',
      aSignedMessage({ ids: ['body'] }),
      'trust:AuthenticationBadElements',
    ],
    [
      'the Body is not signed where it must be',
      aSignedMessage({ ids: ['ts'] }),
      'trust:AuthenticationBadElements',
    ],
    [
      'there is no Timestamp',
      aSignedMessage({ security: `${aBinaryToken(rsa)}${SIGNATURE}`, ids: ['body'] }),
      'trust:AuthenticationBadElements',
    ],
    [
      'the Body was changed',
      aSignedMessage({ edit: (text) => text.replace('billing.example', 'orders.example') }),
      'wsse:FailedCheck',
    ],
    [
      'the Timestamp was changed',
      aSignedMessage({ edit: (text) => text.replace('08:05:00Z', '08:06:00Z') }),
      'wsse:FailedCheck',
    ],
    [
      'xml-security A1: the signed Body moved into a header, another one in its place',
      aSignedMessage({
        edit: (text) => {
          const body = /<s:Body.*<\/s:Body>/.exec(text)?.[0] ?? '';
          return text
            .replace('</s:Header>', `<w:x xmlns:w="urn:x">${body}</w:x></s:Header>`)
            .replace(
              /<s:Body wsu:Id="body">(?!.*<s:Body).*/,
              `<s:Body>${anRst()}</s:Body></s:Envelope>`,
            );
        },
      }),
      'trust:AuthenticationBadElements',
    ],
    [
      'xml-security B13: RSA-SHA1 without the dated exception',
      aSignedMessage({ algorithm: RSA_SHA1 }),
      'wsse:UnsupportedAlgorithm',
    ],
    [
      'xml-security B7: the certificate is of no authority of ours',
      aSignedMessage({ certificate: stranger }),
      'trust:FailedAuthentication',
    ],
    [
      'the key is not the one of the certificate',
      aSignedMessage({ key: stranger.privateKey }),
      'trust:FailedAuthentication',
    ],
    [
      'KeyInfo names a token that is not there',
      aSignedMessage({ keyInfo: aDirectReference('other') }),
      'wsse:SecurityTokenUnavailable',
    ],
    [
      'KeyInfo has two hints',
      aSignedMessage({ keyInfo: `${aDirectReference()}${aDirectReference()}` }),
      'wsse:InvalidSecurity',
    ],
    [
      'there is no KeyInfo',
      aSignedMessage({ edit: (text) => text.replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/, '') }),
      'wsse:InvalidSecurity',
    ],
    [
      'xml-security V7: a key value that is nobody’s',
      aSignedMessage({
        security: `${TIMESTAMP}${SIGNATURE}`,
        keyInfo: aKeyValue(stranger),
      }),
      'trust:FailedAuthentication',
    ],
    [
      'xml-security §5: a key that is too weak',
      aSignedMessage({
        security: `${TIMESTAMP}${SIGNATURE}`,
        key: weak.privateKey,
        keyInfo: weakValue,
      }),
      'trust:FailedAuthentication',
    ],
    [
      'xml-security V8: an enveloped-signature that would leave the signature out of the header it is in',
      aSignedMessage({ ids: ['body', 'security'], transforms: ENVELOPED_PAIR }),
      'wsse:FailedCheck',
    ],
    [
      'a second certificate that nothing refers to',
      aSignedMessage({
        security: `${aBinaryToken(rsa)}${aBinaryToken(stranger, 'other')}${TIMESTAMP}${SIGNATURE}`,
      }),
      'wsse:UnsupportedSecurityToken',
    ],
  ] as const) {
    test(`is refused: ${name}`, () => refused(message, code));
  }

  test('is refused: a third signature, for its number', async () => {
    const setting = aSetting();
    const message = aSignedMessage({
      edit: (text) =>
        text.replace(
          /<ds:Signature .*<\/ds:Signature>/,
          (one) => `${one}${one.replace('SIG-1', 'SIG-2')}${one.replace('SIG-1', 'SIG-3')}`,
        ),
    });

    const answer = await send(message, setting);

    assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
    assert.equal(setting.audit.records.at(-1)?.detail, 'more signatures than expected');
  });

  test('xml-security E1: is good once; the second send fails, and is told in the audit', async () => {
    const setting = aSetting();
    const message = aSignedMessage();

    const first = await send(message, setting);
    const second = await send(message, setting);

    assert.equal(first.status, 200, first.body);
    assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
    assert.equal(setting.audit.records.at(-1)?.event, 'replay.detected');
  });

  test('xml-security E1: the other value of an ECDSA signature does not make it another message', async () => {
    const setting = aSetting();
    const message = aSignedMessage({ certificate: ec });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const twin = message.replace(
      /<ds:SignatureValue>(.*)<\/ds:SignatureValue>/,
      (_, value: string) => {
        const hex = Buffer.from(value, 'base64').toString('hex');
        const s = (order - BigInt(`0x${hex.slice(64)}`)).toString(16).padStart(64, '0');
        const other = Buffer.from(hex.slice(0, 64) + s, 'hex').toString('base64');
        return `<ds:SignatureValue>${other}</ds:SignatureValue>`;
      },
    );

    assert.equal((await send(twin, aSetting())).status, 200);
    assert.equal((await send(message, setting)).status, 200);
    assert.equal(faultCodeOf(await send(twin, setting)), 'wsse:InvalidSecurity');
  });

  test('is refused where the endpoint does not take certificates', () =>
    refused(
      aSignedMessage({ body: anRst({ children: anAppliesTo() }) }),
      'trust:FailedAuthentication',
      '/adfs/services/trust/13/usernamemixed',
    ));
});

test('xml-security E1: two clients that sign the same Timestamp sign two messages', async () => {
  const setting = aSetting();
  const path = '/adfs/services/trust/13/certificatemixed';
  const messages = [rsa, colleague].map((certificate) =>
    aSignedMessage({ certificate, ids: ['ts'] }),
  );

  const first = await Promise.all(messages.map((message) => send(message, setting, path)));
  const again = await Promise.all(messages.map((message) => send(message, setting, path)));

  assert.deepEqual(
    first.map(({ status }) => status),
    [200, 200],
  );
  assert.deepEqual(again.map(faultCodeOf), ['wsse:InvalidSecurity', 'wsse:InvalidSecurity']);
});

test('Store: a signed message from before the store began to remember is closed, whoever sent it', async () => {
  let issuedBefore = NOW;
  const parts = { fence: () => ({ issuedBefore }) };
  const setting = aWsTrustSetting({ validators: [known], parts });
  const message = aSignedMessage();
  const first = await send(message, setting);
  // As another store would have it: nothing is remembered of the mark.
  const forgetful = aWsTrustSetting({ validators: [known], parts });
  issuedBefore = NOW + 1;

  const again = await send(message, forgetful);

  assert.equal(first.status, 200, first.body);
  assert.equal(again.reason, 'dependency-unavailable');
  assert.equal(again.headers['retry-after'], '1');
  assert.deepEqual(forgetful.asked, []);
});
