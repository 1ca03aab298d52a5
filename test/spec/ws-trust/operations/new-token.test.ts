// Validate to a new token (WS-Trust 1.3 §7): what may be asked for with it, name by name, is what Issue hears; what it does not hear is
// refused as what is not done, what contradicts itself as Issue refuses it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

const child = (name: string, content = '') => `<t:${name}>${content}</t:${name}>`;
const keyType = (name: string) => child('KeyType', `${TRUST_13}/${name}`);
const TARGET = child('ValidateTarget', '<TokenWrapper>aa.good.cc</TokenWrapper>');
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const STATUS = `${TRUST_13}/RSTR/Status`;

async function validate(children: string, tokenType = SAML2) {
  const setting = aWsTrustSetting();
  const body = anRst({
    requestType: `${TRUST_13}/Validate`,
    children: child('TokenType', tokenType) + anAppliesTo() + TARGET + children,
  });
  const answer = await setting.front.handle(anIssueRequest({ header: aSecurityHeader(), body }));
  return { answer, setting };
}

/** What core is asked for the new token, and the answer. */
async function issued(children: string) {
  const { answer, setting } = await validate(children);
  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  return { answer, asked: setting.asked.at(-1) ?? assert.fail() };
}

const CLAIMS =
  '<t:Claims><i:ClaimType xmlns:i="http://schemas.xmlsoap.org/ws/2005/05/identity" Uri="department"/></t:Claims>';
const LIFETIME = child(
  'Lifetime',
  '<wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires>',
);
const ENTROPY = child(
  'Entropy',
  `<t:BinarySecret Type="${TRUST_13}/Nonce">${Buffer.alloc(32, 7).toString('base64')}</t:BinarySecret>`,
);
const SYMMETRIC = keyType('SymmetricKey');

const HEARD: Readonly<Record<string, readonly [string, (asked: ExchangeRequest) => void]>> = {
  Claims: [CLAIMS, ({ requiredClaims }) => assert.deepEqual(requiredClaims, ['department'])],
  Lifetime: [LIFETIME, ({ lifetimeSeconds }) => assert.equal(lifetimeSeconds, 300)],
  AllowPostdating: ['<t:AllowPostdating/>', () => undefined],
  KeyType: [keyType('Bearer'), ({ confirmation }) => assert.equal(confirmation?.method, 'bearer')],
  KeySize: [
    SYMMETRIC + child('KeySize', '128'),
    ({ confirmation }) =>
      assert.ok(confirmation?.method === 'symmetric-key' && confirmation.secret?.sizeBits === 128),
  ],
  Entropy: [
    SYMMETRIC + ENTROPY,
    ({ confirmation }) => assert.equal(confirmation?.method, 'symmetric-key'),
  ],
  SignWith: [
    SYMMETRIC + child('SignWith', 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256'),
    () => undefined,
  ],
  EncryptWith: [
    SYMMETRIC + child('EncryptWith', 'http://www.w3.org/2009/xmlenc11#aes256-gcm'),
    () => undefined,
  ],
  SignatureAlgorithm: [
    child('SignatureAlgorithm', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'),
    () => undefined,
  ],
  CanonicalizationAlgorithm: [
    child('CanonicalizationAlgorithm', 'http://www.w3.org/2001/10/xml-exc-c14n#'),
    () => undefined,
  ],
  EncryptionAlgorithm: [
    child('EncryptionAlgorithm', 'http://www.w3.org/2009/xmlenc11#aes256-gcm'),
    () => undefined,
  ],
  KeyWrapAlgorithm: [
    child('KeyWrapAlgorithm', 'http://www.w3.org/2009/xmlenc11#rsa-oaep'),
    () => undefined,
  ],
  ComputedKeyAlgorithm: [child('ComputedKeyAlgorithm', `${TRUST_13}/CK/PSHA1`), () => undefined],
  SecondaryParameters: [
    child('SecondaryParameters', CLAIMS),
    ({ requiredClaims }) => assert.deepEqual(requiredClaims, ['department']),
  ],
  Issuer: [
    child('Issuer', '<a:Address>https://sts.example.org/ws-trust</a:Address>'),
    () => undefined,
  ],
};
for (const [name, [children, check]] of Object.entries(HEARD)) {
  test(`WS-Trust 1.3 §7: with a new token ${name} is heard as in Issue`, async () => {
    const { answer, asked } = await issued(children);

    assert.match(answer.body, /<trust:RequestedSecurityToken>/);
    assert.deepEqual(asked.targets, [{ kind: 'applies-to', value: BILLING }]);
    check(asked);
  });

  test(`WS-Trust 1.3 §7: with a status ${name} says nothing that could be done, so it is refused`, async () => {
    const { answer } = await validate(children, STATUS);

    assert.equal(faultCodeOf(answer), 'trust:BadRequest');
  });
}

test('Audit: a validation is on record under its message, with who asked and where from', async () => {
  const setting = aWsTrustSetting();
  const body = anRst({ requestType: `${TRUST_13}/Validate`, children: TARGET });

  const answer = await setting.front.handle(
    anIssueRequest({ body }, { correlationId: 'c-7', sourceAddress: '192.0.2.7' }),
  );

  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(
    setting.audit.records.map(({ correlationId, detail, operation, requestor, sourceAddress }) => [
      operation,
      detail,
      correlationId,
      sourceAddress,
      requestor?.id,
    ]),
    [['validate', 'valid', 'c-7', '192.0.2.7', 'alice']],
  );
});

test('WS-Trust 1.3 §7: with a new token Participants are further targets', async () => {
  const epr = '<a:EndpointReference><a:Address>urn:b</a:Address></a:EndpointReference>';

  const { setting } = await validate(child('Participants', child('Participant', epr)));

  assert.deepEqual(
    setting.asked.at(-1)?.targets.map(({ value }) => value),
    [BILLING, 'urn:b'],
  );
});

for (const [what, children, code] of [
  ['a UseKey with bearer', keyType('Bearer') + '<t:UseKey Sig="#s"/>', 'trust:InvalidRequest'],
  ['an Entropy with bearer', keyType('Bearer') + ENTROPY, 'trust:InvalidRequest'],
  ['a KeySize with bearer', keyType('Bearer') + child('KeySize', '256'), 'trust:InvalidRequest'],
  [
    'the Issuer that another is',
    child('Issuer', '<a:Address>urn:x</a:Address>'),
    'trust:BadRequest',
  ],
  [
    'inclusive canonical form',
    child('CanonicalizationAlgorithm', 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'),
    'trust:BadRequest',
  ],
  ...[
    '<t:Renewing/>',
    child('Forwardable', 'true'),
    child('Delegatable', 'true'),
    ...['DelegateTo', 'Encryption', 'ProofEncryption'].map((name) => `<t:${name} Sig="#s"/>`),
    ...['AuthenticationType', 'SignChallenge', 'BinaryExchange'].map((name) => child(name)),
  ].map((unheard) => [unheard, unheard, 'trust:BadRequest'] as const),
  [
    'OnBehalfOf',
    child('OnBehalfOf', '<TokenWrapper>aa.good.cc</TokenWrapper>'),
    'trust:InvalidRequest',
  ],
  ['ActAs', child('ActAs', '<TokenWrapper>aa.good.cc</TokenWrapper>'), 'trust:InvalidRequest'],
  [
    'CancelTarget',
    child('CancelTarget', '<TokenWrapper>aa.good.cc</TokenWrapper>'),
    'trust:InvalidRequest',
  ],
] as const)
  test(`WS-Trust 1.3 §7: with a new token refuses ${what}`, async () => {
    const { answer, setting } = await validate(children);

    assert.equal(faultCodeOf(answer), code);
    assert.deepEqual(setting.asked, []);
  });
