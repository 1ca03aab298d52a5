// February 2005 has no element for the token to validate: the schema of 1.3 was the first with a ValidateTarget. Eclipse Metro writes the
// assertion itself into the request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

const SAML1 =
  '<s1:Assertion xmlns:s1="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_good"/>';
const SAML2 = '<s2:Assertion xmlns:s2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good2"/>';

function ask(children: string, trust = TRUST_2005, operation = 'Validate') {
  const body = anRst({ trust, requestType: `${trust}/${operation}`, children });
  return aWsTrustSetting().front.handle(anIssueRequest({ body }));
}

for (const [what, token] of Object.entries({ 'SAML 1.1': SAML1, 'SAML 2.0': SAML2 }))
  test(`WS-Trust February 2005 §8: an assertion of ${what} in the request itself is what is validated`, async () => {
    const good = await ask(token);
    const bad = await ask(token.replace('_good', '_bad'));

    assert.match(good.body, /<t:Status><t:Code>[^<]*\/status\/valid</, good.body);
    assert.match(bad.body, /<t:Status><t:Code>[^<]*\/status\/invalid</, bad.body);
  });

const REFUSED: Readonly<Record<string, readonly [string, string, string, string]>> = {
  'a second one': [SAML1 + SAML2, TRUST_2005, 'Validate', 't:InvalidRequest'],
  'one beside ValidateTarget': [
    `<t:ValidateTarget>${SAML1}</t:ValidateTarget>${SAML2}`,
    TRUST_2005,
    'Validate',
    't:InvalidRequest',
  ],
  'one in Issue': [SAML1, TRUST_2005, 'Issue', 't:InvalidRequest'],
  'one in Renew': [
    `<t:RenewTarget>${SAML1}</t:RenewTarget>${SAML2}`,
    TRUST_2005,
    'Renew',
    't:InvalidRequest',
  ],
  'one in 1.3, which has a ValidateTarget': [SAML1, TRUST_13, 'Validate', 'trust:BadRequest'],
  'another token': [
    '<TokenWrapper>aa.good.cc</TokenWrapper>',
    TRUST_2005,
    'Validate',
    't:BadRequest',
  ],
};
for (const [what, [children, trust, operation, code]] of Object.entries(REFUSED))
  test(`WS-Trust February 2005 §8: refuses ${what}`, async () => {
    assert.equal(faultCodeOf(await ask(children, trust, operation)), code);
  });
