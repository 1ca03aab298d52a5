// Which key is meant where no KeyType says so (WS-Trust 1.3 §9.2): by the text a symmetric one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRelyingParty } from '#test/support/core.ts';
import { jwtAsXml } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

const ARCHIVE = 'https://archive.example/soap';
const child = (name: string, content: string) => `<t:${name}>${content}</t:${name}>`;
const NONCE = child(
  'Entropy',
  `<t:BinarySecret Type="${TRUST_13}/Nonce">${Buffer.alloc(32, 7).toString('base64')}</t:BinarySecret>`,
);

interface Asked {
  readonly path?: string;
  readonly trust?: string;
  readonly children?: string;
  readonly operation?: 'Issue' | 'Validate';
  readonly rules?: ReturnType<typeof billingRules>;
}

/** Asks at an address of AD FS, unless the test is about another. */
async function ask({
  path,
  trust = TRUST_13,
  children = '',
  operation = 'Issue',
  rules,
}: Asked = {}) {
  const setting = aWsTrustSetting({ ...(rules && { rules }) });
  const at = path ?? `/adfs/services/trust/${trust === TRUST_13 ? '13' : '2005'}/usernamemixed`;
  const requestType = `${trust}/${operation}`;
  const body = anRst({ trust, requestType, children: anAppliesTo() + children });
  const answer = await setting.front.handle(anIssueRequest({ body }, { path: at }));
  return { answer, confirmation: setting.asked[0]?.confirmation, setting };
}

/** Billing, as a party that has no certificate. */
const withoutKeys = () => {
  const [billing] = billingRules().relyingParties;
  assert.ok(billing);
  const { algorithms, lifetimeSeconds, type } = billing.token;
  const token = { algorithms, lifetimeSeconds, type };
  return billingRules({ relyingParties: [{ ...billing, token }] });
};

for (const trust of [TRUST_13, TRUST_2005])
  test(`WS-Trust §9.2, AD FS: without KeyType a token is bound to a secret of ours, ${trust}`, async () => {
    const { answer, confirmation } = await ask({ trust });

    assert.equal(answer.status, 200, answer.body);
    assert.equal(confirmation?.method, 'symmetric-key');
    assert.match(answer.body, new RegExp(`:KeyType>${trust}/SymmetricKey<`));
    assert.match(answer.body, /:RequestedProofToken><\w+:BinarySecret /);
  });

test('WS-Trust §9.2, AD FS: of a relying party that can be given no secret it is a bearer token', async () => {
  const { answer, confirmation } = await ask({ rules: withoutKeys() });

  assert.equal(answer.status, 200, answer.body);
  assert.equal(confirmation?.method, 'bearer');
  assert.match(answer.body, new RegExp(`:KeyType>${TRUST_13}/Bearer<`));
  assert.doesNotMatch(answer.body, /RequestedProofToken/);
});

test('WS-Trust §9.2, AD FS: of two relying parties both must be able to take a secret', async () => {
  const rules = billingRules();
  const archive = aRelyingParty({
    id: 'archive',
    appliesTo: [ARCHIVE],
    token: { type: 'saml2', algorithms: { jwt: 'ES256', saml: 'RS256' }, lifetimeSeconds: 600 },
  });
  const [row] = rules.rows;
  assert.ok(row);
  const both = {
    relyingParties: [...rules.relyingParties, archive],
    rows: [{ ...row, targets: ['billing', 'archive'] }],
  };
  const participants = child(
    'Participants',
    child(
      'Participant',
      `<a:EndpointReference xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>${ARCHIVE}</a:Address></a:EndpointReference>`,
    ),
  );

  const { confirmation, setting } = await ask({
    children: participants,
    rules: billingRules(both),
  });

  assert.deepEqual(
    setting.asked[0]?.targets.map(({ value }) => value),
    [BILLING, ARCHIVE],
  );
  assert.equal(confirmation?.method, 'bearer');
});

test('WS-Trust §9.2, AD FS: a JWT is a bearer token, as long as nobody asks for a key', async () => {
  const children = child('TokenType', 'urn:ietf:params:oauth:token-type:jwt');

  const { answer, confirmation } = await ask({ children });

  assert.equal(answer.status, 200, answer.body);
  assert.equal(confirmation?.method, 'bearer');
});

test('WS-Trust §9.2, AD FS: a token that Validate makes is a bearer token, as long as nobody asks for a key', async () => {
  const type = child('TokenType', 'urn:oasis:names:tc:SAML:2.0:assertion');
  const children = type + child('ValidateTarget', jwtAsXml('good.dave.x'));

  const { answer, confirmation } = await ask({ operation: 'Validate', children });

  assert.equal(answer.status, 200, answer.body);
  assert.equal(confirmation?.method, 'bearer');
});

test('WS-Trust §9.2, AD FS: Bearer is what was asked for', async () => {
  const { confirmation } = await ask({ children: child('KeyType', `${TRUST_13}/Bearer`) });

  assert.equal(confirmation?.method, 'bearer');
});

for (const path of ['/ws-trust', '/sts/STSService', '/services/wso2carbon-sts'])
  test(`WS-Trust §9.2, deviation: without KeyType a bearer token at ${path}`, async () => {
    const { answer, confirmation } = await ask({ path });

    assert.equal(answer.status, 200, answer.body);
    assert.equal(confirmation?.method, 'bearer');
  });

for (const path of ['/ws-trust', '/adfs/services/trust/13/usernamemixed'])
  test(`WS-Trust §9.2: Entropy without KeyType asks for a symmetric key, at ${path}`, async () => {
    const { answer, confirmation } = await ask({ path, children: NONCE });

    assert.equal(answer.status, 200, answer.body);
    assert.equal(confirmation?.method, 'symmetric-key');
    assert.match(answer.body, new RegExp(`:ComputedKey>${TRUST_13}/CK/PSHA1<`));
  });

for (const [name, children, rules, code] of [
  ['Entropy for a relying party without a certificate', NONCE, withoutKeys(), 'trust:InvalidScope'],
  ['Entropy with UseKey', NONCE + child('UseKey', ''), undefined, 'trust:InvalidRequest'],
  ['UseKey without KeyType', child('UseKey', ''), undefined, 'trust:InvalidRequest'],
  ['KeySize without KeyType', child('KeySize', '256'), undefined, 'trust:InvalidRequest'],
] as const)
  test(`WS-Trust §9.2: refuses ${name}`, async () => {
    const { answer, setting } = await ask({ children, ...(rules && { rules }) });

    assert.equal(faultCodeOf(answer), code);
    assert.doesNotMatch(answer.body, /Assertion/);
    assert.equal(setting.errors.length, 0);
  });

const keyType = (name: string, trust = TRUST_13) => child('KeyType', `${trust}/${name}`);
const template = (children: string) => child('SecondaryParameters', children);

test('WS-Trust 1.3 §4.1: what a template says of a key counts where its KeyType does', async () => {
  const size = child('KeySize', '128');
  const ofSecret = template(keyType('SymmetricKey') + size);

  const bearer = await ask({ children: keyType('Bearer') + ofSecret });
  const secret = await ask({ children: ofSecret });
  const both = await ask({ children: keyType('SymmetricKey') + ofSecret });
  const otherSpelling = await ask({ children: keyType('SymmetricKey', TRUST_2005) + ofSecret });

  assert.equal(bearer.answer.status, 200, bearer.answer.body);
  assert.deepEqual(bearer.confirmation, { method: 'bearer' });
  for (const { answer } of [secret, both, otherSpelling])
    assert.ok(answer.body.includes('KeySize>128<'), answer.body);
});

for (const [name, value] of [
  ['KeySize', '128'],
  ['SignWith', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'],
  ['EncryptWith', 'http://www.w3.org/2009/xmlenc11#aes128-gcm'],
  ['ComputedKeyAlgorithm', 'urn:x'],
] as const)
  test(`WS-Trust 1.3 §4.1: ${name} of a template is of the key of that template, and of no other`, async () => {
    const said = child(name, value);

    const ofSecret = template(keyType('SymmetricKey') + said);
    const bearer = await ask({ children: keyType('Bearer') + ofSecret });
    const ofNothing = await ask({ children: keyType('Bearer') + template(said) });

    assert.equal(bearer.answer.status, 200, bearer.answer.body);
    const code = name === 'ComputedKeyAlgorithm' ? 'trust:BadRequest' : 'trust:InvalidRequest';
    assert.equal(faultCodeOf(ofNothing.answer), code);
  });
