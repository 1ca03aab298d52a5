// The attributes of a request and its parameters (WS-Trust 1.3 §3.1): each is read or refused. One that is passed over is a wish that is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anAppliesTo, anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

async function ask(children: string, attributes = '', trust = TRUST_13) {
  const setting = aWsTrustSetting();
  const body = anRst({ trust, attributes, children: anAppliesTo() + children });
  const answer = await setting.front.handle(anIssueRequest({ body }));
  return { answer, asked: setting.asked[0] };
}

const KEY_TYPE = `${TRUST_13}/SymmetricKey`;
const REFUSED: Readonly<Record<string, readonly [children: string, attributes: string]>> = {
  'of the request': ['', ' Priority="1"'],
  'of the request in the namespace of WS-Trust': ['', ' t:Priority="1"'],
  'of the request in another namespace': ['', ' x:Context="urn:x" xmlns:x="urn:x"'],
  'Renewing in lower case': ['<t:Renewing allow="false"/>', ''],
  'Renewing in another namespace': ['<t:Renewing x:Allow="false" xmlns:x="urn:x"/>', ''],
  'of a text': [`<t:KeyType Use="urn:x">${KEY_TYPE}</t:KeyType>`, ''],
  'of a parameter in SecondaryParameters': [
    `<t:SecondaryParameters><t:KeyType Use="urn:x">${KEY_TYPE}</t:KeyType></t:SecondaryParameters>`,
    '',
  ],
  'of SecondaryParameters': ['<t:SecondaryParameters Use="urn:x"/>', ''],
  // Without a type it would be the key itself, not what is mixed with ours.
  'Type of BinarySecret in lower case': [
    `<t:KeyType>${KEY_TYPE}</t:KeyType><t:Entropy><t:BinarySecret type="${TRUST_13}/Nonce">${Buffer.alloc(32, 7).toString('base64')}</t:BinarySecret></t:Entropy>`,
    '',
  ],
  'Sig of another parameter': ['<t:AllowPostdating Sig="#s"/>', ''],
  'nil of XML Schema': [
    '<t:Renewing xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>',
    '',
  ],
};
for (const [what, [children, attributes]] of Object.entries(REFUSED))
  test(`WS-Trust 1.3 §3.1: refuses an attribute that is not known: ${what}`, async () => {
    const { answer } = await ask(children, attributes);

    assert.equal(faultCodeOf(answer), 'trust:BadRequest');
  });

test('WS-Trust 1.3 §3.1: refuses an unknown attribute of February 2005 as well', async () => {
  const { answer } = await ask('<t:Renewing allow="false"/>', '', TRUST_2005);

  assert.equal(faultCodeOf(answer), 't:BadRequest');
});

test('WS-Trust 1.3 §3.1: refuses an attribute in both spellings: which one counts is open', async () => {
  const { answer } = await ask('<t:Renewing Allow="true" t:Allow="false"/>');

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
});

test('WS-Trust 1.3 §4: an attribute with the prefix of WS-Trust says the same as without', async () => {
  const { asked } = await ask('<t:Renewing t:Allow="false"/>');
  const { answer } = await ask('', ' t:Context="urn:x"');

  assert.ok(asked && asked.renewal === undefined);
  assert.match(answer.body, /RequestSecurityTokenResponse Context="urn:x"/);
});

const NEUTRAL: Readonly<Record<string, string>> = {
  Id: 'Id="RST0"',
  'wsu:Id': 'wsu:Id="RST0"',
  'xml:lang': 'xml:lang="en"',
  'xsi:type': 'xsi:type="t:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  encodingStyle:
    'e:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"',
};
for (const [name, attribute] of Object.entries(NEUTRAL))
  test(`ws-trust W11: takes ${name}, which says nothing of a token, as stacks write it`, async () => {
    const ofRequest = await ask('', ` ${attribute}`);
    const ofChild = await ask(`<t:AllowPostdating ${attribute}/>`);

    assert.equal(ofRequest.answer.status, 200, ofRequest.answer.body);
    assert.equal(ofChild.answer.status, 200, ofChild.answer.body);
  });
