// WS-Trust 1.4 §8.9, SAML Token Profile 1.1.1 §3.4: a token that is bound to a key is evidence after a challenge too: the answer is signed
// with the key, and names the token that the first message held.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { attributeOf, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aPolicyRow, aValidatedToken } from '#test/support/core.ts';
import { aSignedMessage, aTimestamp } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { OTP, STATE, secondFactor, TRUST_14 } from '#test/support/ws-trust/second-factor.ts';
import {
  aPost,
  aUserNameToken,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const [holder, other] = await Promise.all(
  ['CN=holder', 'CN=other'].map((name) => aCertificate({ name, algorithm: 'RSA' })),
);
assert.ok(holder && other);
const confirmation = nameCertificate(new X509Certificate(holder.der));

/** Bound to the key of the holder, and good where it stands in the document it is shown with. */
const assertions: TokenValidator = {
  canHandle: ({ type }) => type === 'saml2',
  async validate({ content, type, use }) {
    const { document, element } = content as { document: XmlDocument; element: XmlElement };
    const id = attributeOf(element, 'ID') ?? '';
    if (document.ids.get(id) !== element)
      throw new ExchangeFailure('signature-invalid', 'of another document');
    return aValidatedToken({ type, use, id, confirmation });
  },
};

const ASSERTION =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_hok"></saml:Assertion>';
const NAMED =
  '<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">_hok</wsse:KeyIdentifier></wsse:SecurityTokenReference>';

function aSetting(): WsTrustSetting {
  const row = aPolicyRow({
    requestors: [],
    principals: { issuers: ['self'] },
    subject: { issuers: ['self', 'partner'] },
    targets: ['billing'],
    grant: { types: ['saml2'], impersonation: true },
  });
  return aWsTrustSetting({
    rules: billingRules({ rows: [row] }),
    validators: [secondFactor, assertions],
  });
}

interface Leg {
  readonly body: string;
  readonly expires: string;
  readonly by?: TestCertificate | undefined;
  readonly tokens: string;
}

const send = ({ front }: WsTrustSetting, { body, by = holder, expires, tokens }: Leg) =>
  front.handle(
    aPost(
      aSignedMessage(body, {
        by,
        tokens: aUserNameToken() + tokens,
        keyInfo: NAMED,
        timestamp: aTimestamp(expires),
      }),
    ),
  );

/** What comes of both legs: the token stands in the Body, or in the header of each. */
async function exchange(setting: WsTrustSetting, place: 'Body' | 'header', by?: TestCertificate) {
  const [evidence, tokens] = place === 'Body' ? [ASSERTION, ''] : [NAMED, ASSERTION];
  const keys = `<t:KeyType>${TRUST_13}/PublicKey</t:KeyType><t:UseKey Sig="#SIG-1"></t:UseKey>`;
  const children = `${anAppliesTo()}${keys}<t:OnBehalfOf>${evidence}</t:OnBehalfOf>`;
  const first = await send(setting, {
    body: anRst({ children }),
    expires: '2027-01-15T08:04:00Z',
    tokens,
  });
  const [, context = ''] = /Context="([^"]+)"/.exec(first.body) ?? [];
  const [, state = ''] = /<wst14:ContextData [^>]*>([^<]+)</.exec(first.body) ?? [];
  assert.ok(context !== '' && state !== '', first.body);
  const answered = `<w:TextChallengeResponse RefID="${OTP}">123456</w:TextChallengeResponse><w:ContextData RefID="${STATE}">${state}</w:ContextData>`;
  const body = `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}" Context="${context}"><w:InteractiveChallengeResponse xmlns:w="${TRUST_14}">${answered}</w:InteractiveChallengeResponse></t:RequestSecurityTokenResponse>`;
  return send(setting, { body, by, expires: '2027-01-15T08:04:01Z', tokens });
}

for (const place of ['Body', 'header'] as const) {
  test(`WS-Trust 1.4 §8.9: the key of a token in the ${place} signs the answer to a challenge, and names the token`, async () => {
    const setting = aSetting();

    const answer = await exchange(setting, place);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    assert.deepEqual(setting.asked[0]?.confirmation, confirmation);
  });

  test(`xml-security E5: another key signs nothing in the name of a token in the ${place}`, async () => {
    const setting = aSetting();

    const answer = await exchange(setting, place, other);

    assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
    assert.deepEqual(setting.asked, []);
  });
}
