// A SOAPAction that names no action (ws-trust W11): the address that is called, as some clients write it. Every other one must agree with
// the Body (§3.1).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOAP_SPELLING, type SoapVersion } from '#bridge/soap/soap-version.ts';
import { anIssueRequest, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

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
