// What must be signed as a whole where the Timestamp alone would do (ws-trust §4, §8): else whoever was sent a message could send its
// header on with a Body of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEARER } from '#core/token/confirmation.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aClaim, aValidatedToken } from '#test/support/core.ts';
import { aSignedMessage } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { certificate } from '../rst/element-shape.ts';

const SAML = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';
const ASSERTION = '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';
const NAME = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML}#SAMLID">_gone</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

const requestor = await aCertificate({ name: 'CN=requestor', algorithm: 'RSA' });
const another = await aCertificate({ name: 'CN=another', algorithm: 'RSA' });
/** Knows every certificate. */
const validator: TokenValidator = {
  canHandle: ({ type }) => type === 'x509',
  validate: async ({ type, use }) =>
    aValidatedToken({ type, use, trustedIssuer: 'self', confirmation: BEARER, claims: [aClaim()] }),
};

/** Sends a Body over these parts of which the requestor signed. */
async function send(body: string, ids: readonly string[]) {
  const setting = aWsTrustSetting({ validators: [validator] });
  const path = '/adfs/services/trust/13/certificatemixed';
  const answer = await setting.front.handle(
    aPost(aSignedMessage(body, { by: requestor, ids }), { path }),
  );
  return { answer, asked: setting.asked };
}

async function refused(body: string): Promise<void> {
  const { answer, asked } = await send(body, ['ts']);

  assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  assert.deepEqual(asked, []);
}

test('ws-trust §4: a request of the requestor for themselves needs no more than a signed Timestamp', async () => {
  const { answer } = await send(anRst(), ['ts']);

  assert.equal(answer.status, 200, answer.body);
});

for (const [what, operation, children] of [
  [
    'acts as another',
    'Issue',
    `<w:ActAs xmlns:w="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${ASSERTION}</w:ActAs>`,
  ],
  ['asks for another', 'Issue', `<t:OnBehalfOf>${ASSERTION}</t:OnBehalfOf>`],
  [
    'lets another act',
    'Issue',
    `<t:KeyType>${TRUST_13}/PublicKey</t:KeyType><t:DelegateTo>${certificate(another)}</t:DelegateTo>`,
  ],
  ['renews', 'Renew', `<t:RenewTarget>${ASSERTION}</t:RenewTarget>`],
  [
    'has a token exchanged',
    'Validate',
    `<t:TokenType>${SAML}#SAMLV2.0</t:TokenType><t:ValidateTarget>${ASSERTION}</t:ValidateTarget>`,
  ],
  ['ends what it only names', 'Cancel', `<t:CancelTarget>${NAME}</t:CancelTarget>`],
] as const)
  test(`ws-trust §4, §8: who ${what} signs the Body`, async () => {
    const body = anRst({ requestType: `${TRUST_13}/${operation}`, children });

    await refused(body);
    // Past authentication: what policy says of it is another matter.
    assert.doesNotMatch((await send(body, ['ts', 'body'])).answer.body, /BadElements/);
  });

test('ws-trust §4: of several requests one that is for another is enough', async () => {
  const batch = (...children: readonly string[]) => {
    const requestType = `${TRUST_13}/BatchIssue`;
    const requests = children.map((each) => anRst({ requestType, children: each })).join('');
    return `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${requests}</t:RequestSecurityTokenCollection>`;
  };
  const own = anAppliesTo();

  assert.equal((await send(batch(own, own), ['ts'])).answer.status, 200);
  await refused(batch(own, `${own}<t:OnBehalfOf>${ASSERTION}</t:OnBehalfOf>`));
});
