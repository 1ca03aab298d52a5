// What is in the elements of a request that hold nothing (WS-Trust 1.3 §4.1, WSS 1.1.1 §7.2): refused, as everything that nobody reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { child, IDENTITY } from './element-shape.ts';

const GOOD = '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';

async function outcomeOf(children: string): Promise<string> {
  const header = aSecurityHeader(children.includes('#_good') ? GOOD : '');
  const body = anRst({ children: anAppliesTo() + children });
  const answer = await aWsTrustSetting().front.handle(anIssueRequest({ header, body }));
  return answer.status === 200 ? 'issued' : faultCodeOf(answer);
}

/** Each element with a place for what it may not hold, `@`. */
const EMPTY: readonly (readonly [name: string, xml: string, code: string])[] = [
  ['AllowPostdating', '<t:AllowPostdating>@</t:AllowPostdating>', 'trust:InvalidRequest'],
  [
    'RequestDisplayToken',
    `<i:RequestDisplayToken xmlns:i="${IDENTITY}">@</i:RequestDisplayToken>`,
    'trust:InvalidRequest',
  ],
  [
    'Reference',
    child(
      'OnBehalfOf',
      '<wsse:SecurityTokenReference><wsse:Reference URI="#_good">@</wsse:Reference></wsse:SecurityTokenReference>',
    ),
    'wsse:InvalidSecurityToken',
  ],
];
for (const [name, xml, code] of EMPTY)
  test(`WS-Trust 1.3 §4.1: ${name} holds nothing`, async () => {
    assert.equal(await outcomeOf(xml.replace('@', ' ')), 'issued');
    for (const content of ['<x xmlns="urn:x"/>', '<t:Offset>1</t:Offset>', 'text'])
      assert.equal(await outcomeOf(xml.replace('@', content)), code);
  });
