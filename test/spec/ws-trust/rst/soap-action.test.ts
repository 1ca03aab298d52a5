// A SOAPAction that names no action (ws-trust W11): the address that is called, as some clients write it. Every other one must agree with
// the Body (§3.1).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOAP_SPELLING, type SoapVersion } from '#bridge/soap/soap-version.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  about,
  aSetting,
  issued,
  signed,
  USER,
  V13,
} from '#test/support/ws-trust/security-context.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

const ADDRESS = 'https://sts.example.org/ws-trust';

function ask(soap: SoapVersion, soapaction: string, parameter = '') {
  const contentType = `${SOAP_SPELLING[soap].mediaType}; charset=utf-8${parameter}`;
  const headers = { 'content-type': contentType, soapaction };
  return aWsTrustSetting().front.handle(anIssueRequest({ soap }, { headers }));
}

for (const [soap, soapAction] of [
  ['1.2', ADDRESS],
  ['1.1', `"${ADDRESS}"`],
  ['1.1', '"https://STS.example.org:443/ws-trust"'],
] as const)
  test(`ws-trust W11, SOAP ${soap}: takes the address that is called as SOAPAction: ${soapAction}`, async () => {
    const answer = await ask(soap, soapAction);

    assert.equal(answer.status, 200, answer.body);
  });

for (const soapAction of [
  'https://sts.example.org/other',
  'https://other.example/ws-trust',
  `${ADDRESS}?x`,
  '/ws-trust',
])
  test(`ws-trust §3.1: refuses another address as SOAPAction: ${soapAction}`, async () => {
    assert.equal(faultCodeOf(await ask('1.1', soapAction)), 'trust:InvalidRequest');
  });

test('ws-trust §3.1: refuses the address as the action of the media type', async () => {
  const answer = await ask('1.2', ADDRESS, `; action="${ADDRESS}"`);

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
});

const REQUEST = `<t:RequestSecurityToken><t:RequestType>${TRUST_13}/BatchIssue</t:RequestType>${anAppliesTo()}</t:RequestSecurityToken>`;
const COLLECTION = `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${REQUEST.repeat(2)}</t:RequestSecurityTokenCollection>`;

/** An action where a message of each version names it outside of the envelope. */
const NAMED_AS: Readonly<Record<SoapVersion, (action: string) => Record<string, string>>> = {
  1.1: (action) => ({ 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action}"` }),
  1.2: (action) => ({ 'content-type': `application/soap+xml; action="${action}"` }),
};

for (const soap of ['1.1', '1.2'] as const) {
  test(`ws-trust §3.1, SOAP ${soap}: the action of a collection must be one of a collection`, async () => {
    const message = anEnvelope({ version: soap, header: aSecurityHeader(), body: COLLECTION });
    const send = (action: string) =>
      aWsTrustSetting().front.handle(aPost(message, { headers: NAMED_AS[soap](action) }));

    assert.equal((await send(`${TRUST_13}/RST/BatchIssue`)).status, 200);
    assert.equal(faultCodeOf(await send(`${TRUST_13}/RST/Issue`)), 'trust:InvalidRequest');
  });

  test(`WS-SecureConversation 1.3 §4, §5, SOAP ${soap}: an action on a context is told by what HTTP has of it`, async () => {
    const setting = aSetting();
    const renew = async (action: string) => {
      const context = await issued(setting);
      const message = signed(context, about(context, 'Renew'), { header: USER, soap });
      return setting.front.handle(aPost(message, { headers: NAMED_AS[soap](action) }));
    };

    const ofContext = await renew(`${TRUST_13}/RST/SCT/Renew`);
    const ofToken = await renew(`${TRUST_13}/RST/Renew`);
    const amended = await renew(`${TRUST_13}/RST/SCT/Amend`);

    assert.match(ofContext.body, /RequestSecurityTokenResponseCollection/);
    assert.equal(ofToken.status, 200, ofToken.body);
    assert.doesNotMatch(ofToken.body, /Collection/);
    assert.equal(faultCodeOf(amended), 'trust:BadRequest');
  });
}

test('WS-SecureConversation 1.3 §5: what a renewal is about tells its action, and not the TokenType that it names', async () => {
  const setting = aSetting();
  const context = await issued(setting);
  const type = `<t:TokenType>${V13.wsc}/sct</t:TokenType>`;
  const renew = (body: string, action = 'RST/SCT/Renew') => {
    const message = signed(context, body, { header: USER });
    const headers = NAMED_AS['1.2'](`${TRUST_13}/${action}`);
    return setting.front.handle(aPost(message, { headers }));
  };
  const assertion = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"></saml:Assertion>`;

  const ofToken = await renew(about(context, 'Renew', assertion));
  const byItsOwn = await renew(about(context, 'Renew', assertion), 'RST/Renew');
  const unnamed = await renew(about(context, 'Renew').replace(type, ''));

  assert.equal(faultCodeOf(ofToken), 'trust:InvalidRequest');
  assert.notEqual(faultCodeOf(byItsOwn), 'trust:InvalidRequest');
  assert.equal(unnamed.status, 200, unnamed.body);
});
