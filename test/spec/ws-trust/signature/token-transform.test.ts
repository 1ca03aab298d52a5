// STR-Transform (WSS 1.1.1 §8.3) over the reference in a KeyInfo: the octets are written out here, as the specification and WSS4J have
// them, so that they are no work of what is under test.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameKey } from '#bridge/xml/keys/public-key.ts';
import { WSU_NS } from '#bridge/xml/namespaces.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aValidatedToken } from '#test/support/core.ts';
import {
  aBinaryToken,
  aSignedMessage,
  BASE64_BINARY,
  type SignatureWishes,
  TIMESTAMP,
  X509_PROFILE,
} from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { firstCertificateOf } from '#test/support/x509/x509-trust.ts';

const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const WSSE = `${WSS}-wssecurity-secext-1.0.xsd`;
const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1';
const client = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
const base64 = client.der.toString('base64');

/** Takes the certificate, and any assertion as one that is bound to its key. */
const known: TokenValidator = {
  canHandle: ({ type }) => type === 'x509' || type === 'saml1' || type === 'saml2',
  async validate({ content, type, use }) {
    if (type === 'x509' && !client.der.equals(firstCertificateOf(content)))
      throw new ExchangeFailure('issuer-untrusted', 'no path');
    const { publicKey } = new X509Certificate(client.der);
    return aValidatedToken({
      type,
      use,
      trustedIssuer: 'self',
      originClient: 'principal:self:alice',
      claims: [],
      ...(type !== 'x509' && { confirmation: nameKey(publicKey) }),
    });
  },
};

interface Case {
  /** The one form in the SecurityTokenReference. */
  readonly form: string;
  readonly octets: string;
  /** A token in the header. */
  readonly token?: string;
}

const identifier = (valueType: string, text: string): string =>
  `<wsse:KeyIdentifier ValueType="${valueType}">${text}</wsse:KeyIdentifier>`;
/** The token that a certificate would be, were it in the message. */
const ABSENT = `<wsse:BinarySecurityToken xmlns="" xmlns:wsse="${WSSE}" ValueType="${X509_PROFILE}#X509v3">${base64}</wsse:BinarySecurityToken>`;
const SAML2 =
  '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_hok"></saml2:Assertion>';
const SAML1 =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_hok"></saml:Assertion>';
const withEmptyDefault = (token: string): string => token.replace(' xmlns', ' xmlns="" xmlns');

const thumbprint = Buffer.from(
  new X509Certificate(client.der).fingerprint.replaceAll(':', ''),
  'hex',
).toString('base64');
const CASES: Readonly<Record<string, Case>> = {
  'a certificate by its bytes': {
    form: identifier(`${X509_PROFILE}#X509v3`, base64),
    octets: ABSENT,
  },
  'a certificate that is known by its thumbprint': {
    form: identifier(
      'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1',
      thumbprint,
    ),
    octets: ABSENT,
  },
  'a SAML 2.0 assertion of the header': {
    form: identifier(`${SAML_PROFILE}.1#SAMLID`, '_hok'),
    octets: withEmptyDefault(SAML2),
    token: SAML2,
  },
  'a SAML 1.1 assertion of the header': {
    form: identifier(`${SAML_PROFILE}.0#SAMLAssertionID`, '_hok'),
    octets: withEmptyDefault(SAML1),
    token: SAML1,
  },
};

function aMessage(
  { form, octets, token = '' }: Case,
  wishes: Partial<SignatureWishes> = {},
): string {
  return aSignedMessage(anRst(), {
    by: client,
    tokens: token,
    keyInfo: `<wsse:SecurityTokenReference wsu:Id="str">${form}</wsse:SecurityTokenReference>`,
    transformed: { str: octets },
    ...wishes,
  });
}

async function send(message: string) {
  const findCertificate = () => new X509Certificate(client.der);
  const setting = aWsTrustSetting({ validators: [known], parts: { findCertificate } });
  return { answer: await setting.front.handle(aPost(message)), setting };
}

for (const [what, each] of Object.entries(CASES)) {
  test(`WSS 1.1.1 §8.3: the token that a reference stands for is what is digested: ${what}`, async () => {
    const { answer, setting } = await send(aMessage(each));

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(setting.asked.length, 1);
  });

  test(`WSS 1.1.1 §8.3: refuses other octets than those of the token: ${what}`, async () => {
    for (const octets of [
      each.octets.replace(' xmlns=""', ''),
      each.octets.replace(/ ValueType="[^"]*"/, '').replace('_hok', '_other'),
      each.form,
      '',
    ]) {
      const { answer, setting } = await send(aMessage({ ...each, octets }));

      assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
      assert.deepEqual(setting.asked, []);
    }
  });
}

/** A certificate as a token, in canonical form. */
const BINARY = `<wsse:BinarySecurityToken xmlns="" xmlns:wsse="${WSSE}" xmlns:wsu="${WSU_NS}" EncodingType="${BASE64_BINARY}" ValueType="${X509_PROFILE}#X509v3" wsu:Id="bst">${base64}</wsse:BinarySecurityToken>`;
const DIRECT = '<wsse:Reference URI="#bst"></wsse:Reference>';
const TOKEN = aBinaryToken(client);

for (const [what, each] of Object.entries<Case>({
  'that it names by its id': { form: DIRECT, octets: BINARY, token: TOKEN },
  'that it holds': { form: `<wsse:Embedded>${TOKEN}</wsse:Embedded>`, octets: BINARY },
}))
  test(`WSS 1.1.1 §8.3: the token of a reference is the one ${what}`, async () => {
    const { answer, setting } = await send(aMessage(each));
    const other = await send(aMessage({ ...each, octets: BINARY.replace(' xmlns=""', '') }));

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(faultCodeOf(other.answer), 'wsse:FailedCheck');
  });

/** References beside the one in KeyInfo, each with what another reader could take for its token. */
const TO_NO_TOKEN: Readonly<Record<string, Case>> = {
  'the Timestamp': {
    form: DIRECT.replace('bst', 'ts'),
    octets: TIMESTAMP.replace('<wsu:Timestamp', `$& xmlns="" xmlns:wsu="${WSU_NS}"`),
  },
  itself: {
    form: DIRECT.replace('bst', 'str'),
    octets: `<wsse:SecurityTokenReference xmlns="" xmlns:wsse="${WSSE}" xmlns:wsu="${WSU_NS}" wsu:Id="str">${DIRECT.replace('bst', 'str')}</wsse:SecurityTokenReference>`,
  },
  'what is not there': { form: DIRECT.replace('bst', 'nowhere'), octets: BINARY },
  'an address': { form: DIRECT.replace('#', 'https://sts.example.org/#'), octets: BINARY },
  'a name without a number sign': { form: DIRECT.replace('#', ''), octets: BINARY },
  'a pointer': { form: DIRECT.replace('#bst', '#xpointer(/)'), octets: BINARY },
  'a token in two ways': {
    form: DIRECT + identifier(`${X509_PROFILE}#X509v3`, base64),
    octets: BINARY,
  },
  'a token that is held beside it': {
    form: `${DIRECT}<wsse:Embedded>${TOKEN.replace('bst', 'b2')}</wsse:Embedded>`,
    octets: BINARY,
  },
  'a reference that is held': {
    form: `<wsse:Embedded><wsse:SecurityTokenReference>${DIRECT}</wsse:SecurityTokenReference></wsse:Embedded>`,
    octets: BINARY,
  },
  'two that are held': {
    form: `<wsse:Embedded>${SAML1}${SAML2.replace('_hok', '_other')}</wsse:Embedded>`,
    octets: withEmptyDefault(SAML1),
  },
  nothing: { form: '', octets: BINARY },
};

for (const [what, { form, octets }] of Object.entries(TO_NO_TOKEN))
  test(`WSS 1.1.1 §8.3: a reference of the header is read as one in KeyInfo: refuses one to ${what}`, async () => {
    const reference = `<wsse:SecurityTokenReference wsu:Id="str">${form}</wsse:SecurityTokenReference>`;
    const message = aSignedMessage(anRst(), {
      by: client,
      tokens: `${TOKEN}${reference}`,
      transformed: { str: octets },
    });

    const { answer, setting } = await send(message);

    assert.equal(faultCodeOf(answer), 'wsse:SecurityTokenUnavailable');
    assert.deepEqual(setting.asked, []);
  });

test('WSS 1.1.1 §8.3: refuses an assertion that is not the one that was signed', async () => {
  const form = identifier(`${SAML_PROFILE}.1#SAMLID`, '_hok');
  const message = aMessage({ form, octets: withEmptyDefault(SAML2), token: SAML2 });

  const { answer } = await send(message.replace('ID="_hok"', 'ID="_hok" Version="2.0"'));

  assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
});

test('WSS 1.1.1 §8.3: a certificate that nobody knows stands for nothing', async () => {
  const { form, octets } = CASES['a certificate that is known by its thumbprint'] ?? assert.fail();
  const setting = aWsTrustSetting({ validators: [known] });

  const answer = await setting.front.handle(aPost(aMessage({ form, octets })));

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
});

test('SAML Token Profile 1.1.1 §3.5.2: a reference of the header may be signed for the assertion that the request is about', async () => {
  const form = identifier(`${SAML_PROFILE}.1#SAMLID`, '_hok');
  const reference = `<wsse:SecurityTokenReference wsu:Id="str">${form}</wsse:SecurityTokenReference>`;
  const onBehalfOf = `<t:OnBehalfOf>${reference.replace(' wsu:Id="str"', '')}</t:OnBehalfOf>`;
  const sign = (octets: string): string =>
    aSignedMessage(anRst({ children: anAppliesTo() + onBehalfOf }), {
      by: client,
      tokens: `${aBinaryToken(client)}${SAML2}${reference}`,
      transformed: { str: octets },
    });

  const { answer, setting } = await send(sign(withEmptyDefault(SAML2)));
  const other = await send(sign(withEmptyDefault(SAML2).replace('_hok', '_other')));

  // The signature held, so core was asked: of an assertion that is bound to a key it makes no bearer token.
  assert.equal(setting.asked[0]?.subject.type, 'saml2');
  assert.equal(answer.reason, 'confirmation-missing');
  assert.equal(faultCodeOf(other.answer), 'wsse:FailedCheck');
});

test('SAML Token Profile 1.1.1 §3.5.2: the assertion that a reference in KeyInfo stands for may be the one in the Body', async () => {
  const form = identifier(`${SAML_PROFILE}.1#SAMLID`, '_hok');
  const target = `<t:ValidateTarget>${SAML2}</t:ValidateTarget>`;
  const body = anRst({ requestType: `${TRUST_13}/Validate`, children: target });
  const sign = (octets: string): string =>
    aSignedMessage(body, {
      by: client,
      tokens: '',
      keyInfo: `<wsse:SecurityTokenReference wsu:Id="str">${form}</wsse:SecurityTokenReference>`,
      transformed: { str: octets },
    });

  const { answer, setting } = await send(sign(withEmptyDefault(SAML2)));
  const other = await send(sign(withEmptyDefault(SAML2).replace('_hok', '_other')));

  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  assert.equal(faultCodeOf(other.answer), 'wsse:FailedCheck');
});

test('WSS 1.1.1 §7: a reference of the header that no signature covers is refused: nobody reads it', async () => {
  const reference = `<wsse:SecurityTokenReference wsu:Id="str">${DIRECT}</wsse:SecurityTokenReference>`;
  const sign = (wishes: Partial<SignatureWishes>) =>
    aSignedMessage(anRst(), { by: client, tokens: `${TOKEN}${reference}`, ...wishes });

  const stray = await send(sign({}));
  const signed = await send(sign({ ids: ['ts', 'body', 'str'] }));
  const transformed = await send(sign({ transformed: { str: BINARY } }));

  assert.equal(faultCodeOf(stray.answer), 'wsse:UnsupportedSecurityToken');
  assert.deepEqual(stray.setting.asked, []);
  assert.equal(signed.answer.status, 200, JSON.stringify(signed.setting.audit.records));
  assert.equal(transformed.answer.status, 200, JSON.stringify(transformed.setting.audit.records));
});
