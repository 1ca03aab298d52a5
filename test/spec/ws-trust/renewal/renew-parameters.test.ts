// What may be asked for with a renewal (WS-Trust 1.3 §5), name by name, and what core is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import type { WsTrustFrontParts } from '#bridge/ws-trust/soap-front.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { ownAssertions, RENEWABLE } from '#test/support/ws-trust/renewable.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

const child = (name: string, content = '') => `<t:${name}>${content}</t:${name}>`;
const keyType = (name: string) => child('KeyType', `${TRUST_13}/${name}`);
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';

/** The answer to a renewal of a token that was issued before, and what core was asked for it. */
async function renew(
  children: string,
  over: Partial<WsTrustRequest> = {},
  parts: Partial<WsTrustFrontParts> = {},
) {
  const setting = aWsTrustSetting({
    rules: RENEWABLE,
    validators: [ownAssertions()],
    parts,
  });
  const first = await setting.front.handle(anIssueRequest());
  const token = /<saml:Assertion.*<\/saml:Assertion>/.exec(first.body)?.[0];
  assert.ok(token, first.body);
  const body = anRst({
    requestType: `${TRUST_13}/Renew`,
    children: child('RenewTarget', token) + children,
  });
  const answer = await setting.front.handle(anIssueRequest({ body }, over));
  return { answer, asked: setting.asked.slice(1), setting };
}

async function renewed(children: string, over: Partial<WsTrustRequest> = {}) {
  const { answer, asked, setting } = await renew(children, over);
  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  const [request, ...more] = asked;
  assert.ok(request && more.length === 0);
  return { answer, request };
}

const LIFETIME = child(
  'Lifetime',
  '<wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires>',
);

test('WS-Trust 1.3 §5: a bare renewal asks for the same again', async () => {
  const { answer, request } = await renewed('', { sourceAddress: '192.0.2.7' });

  const { correlationId, requestor, subject, ...rest } = request;
  assert.equal(correlationId, 'correlation-1');
  assert.equal(requestor.id, 'alice');
  assert.deepEqual(requestor.confirmation, { method: 'bearer' });
  assert.deepEqual([subject.type, subject.use], ['saml2', 'lifecycle']);
  assert.deepEqual(rest, {
    operation: 'renew',
    targets: [],
    sourceAddress: '192.0.2.7',
    tokenShape: 'soap',
  });
  assert.match(answer.body, /<trust:RequestedSecurityToken>.*<trust:RequestedAttachedReference>/);
});

const HEARD: Readonly<Record<string, readonly [string, Partial<ExchangeRequest>]>> = {
  TokenType: [child('TokenType', SAML2), { requestedType: 'saml2' }],
  // PicketLink of JBoss writes it, and reads a token in the answer.
  'the TokenType of a status, which no token has': [
    child('TokenType', `${TRUST_13}/RSTR/Status`),
    {},
  ],
  'AppliesTo of the audience': [
    anAppliesTo(),
    { targets: [{ kind: 'applies-to', value: BILLING }] },
  ],
  'AppliesTo of our own address': [
    anAppliesTo('https://sts.example.org/ws-trust'),
    { targets: [] },
  ],
  'AppliesTo of our own address in another spelling': [
    anAppliesTo('HTTPS://STS.example.org:443/ws-trust'),
    { targets: [] },
  ],
  Lifetime: [LIFETIME, { lifetimeSeconds: 300 }],
  AllowPostdating: ['<t:AllowPostdating/>', {}],
  'an empty Renewing': ['<t:Renewing/>', {}],
  KeyType: [keyType('Bearer'), { confirmation: { method: 'bearer' } }],
  'KeySize of no key': [
    keyType('Bearer') + child('KeySize', '0'),
    { confirmation: { method: 'bearer' } },
  ],
  SecondaryParameters: [
    child('SecondaryParameters', child('TokenType', SAML2)),
    { requestedType: 'saml2' },
  ],
};
for (const [what, [children, expected]] of Object.entries(HEARD))
  test(`WS-Trust 1.3 §5: a renewal hears ${what}`, async () => {
    const { request } = await renewed(children);

    const { correlationId: _, requestor, subject, ...rest } = request;
    assert.equal(requestor.id, 'alice');
    assert.equal(subject.type, 'saml2');
    assert.deepEqual(rest, { operation: 'renew', targets: [], tokenShape: 'soap', ...expected });
  });

test('WS-Trust 1.3 §5: what core is to hold against the key of the token goes there', async () => {
  for (const [children, confirmation, keySizeBits] of [
    [keyType('SymmetricKey') + child('KeySize', '128'), { method: 'symmetric-key' }, 128],
    [keyType('SymmetricKey'), { method: 'symmetric-key' }, undefined],
    [keyType('PublicKey') + child('KeySize', '2048'), { method: 'public-key' }, 2048],
    [child('KeySize', '256'), undefined, 256],
  ] as const) {
    const { answer, asked } = await renew(children);

    assert.equal(faultCodeOf(answer), 'trust:UnableToRenew');
    assert.deepEqual(asked[0]?.confirmation, confirmation);
    assert.equal(asked[0]?.keySizeBits, keySizeBits);
  }
});

test('ws-trust §6: the renewal of a profile has the shape that its clients know', async () => {
  const { request } = await renewed('', { path: '/sts/STSService/vsphere.local' });

  assert.equal(request.tokenShape, 'vcenter');
});

test('WS-Trust 1.3 §5: a renewal after the end is asked for as such: other terms than those of the token are refused', async () => {
  const { answer, asked } = await renew('<t:Renewing OK="true"/>');

  assert.equal(faultCodeOf(answer), 'trust:UnableToRenew');
  assert.deepEqual(asked[0]?.renewal, { afterExpiry: true });
});

test('WS-Trust 1.3 §4.1: Renewing OK is refused where no row lets a token be renewed after its end, not ignored', async () => {
  const issue = (renewing: string) =>
    aWsTrustSetting({ rules: RENEWABLE }).front.handle(
      anIssueRequest({ body: anRst({ children: anAppliesTo() + renewing }) }),
    );

  assert.equal(faultCodeOf(await issue('<t:Renewing OK="true"/>')), 'trust:UnableToRenew');
  assert.equal((await issue('<t:Renewing/>')).status, 200);
});

for (const trust of [TRUST_13, TRUST_2005])
  test(`WS-Trust 1.3 §4.1: who asks for a token that can be renewed and gets another is told, nobody else: ${trust}`, async () => {
    const issue = async (children: string, rules = billingRules()) => {
      const body = anRst({ trust, children: anAppliesTo() + children });
      const { body: answer } = await aWsTrustSetting({ rules }).front.handle(
        anIssueRequest({ body }),
      );
      return /<t(?:rust)?:Renewing[^>]*>/.exec(answer)?.[0].replace(/^<t(rust)?:/, '');
    };

    assert.equal(await issue('<t:Renewing/>'), 'Renewing Allow="false">');
    assert.equal(await issue('<t:Renewing Allow="true" OK="false"/>'), 'Renewing Allow="false">');
    assert.equal(await issue(''), undefined);
    assert.equal(await issue('<t:Renewing Allow="false"/>'), undefined);
    assert.equal(await issue('<t:Renewing/>', RENEWABLE), undefined);
    // As Windows Identity Foundation writes it.
    assert.equal(await issue('<t:Renewing Allow="true" OK="false"/>', RENEWABLE), undefined);
  });

for (const path of [
  '/adfs/services/trust/13/usernamemixed',
  '/adfs/services/trust/2005/usernamemixed',
])
  test(`ws-trust §6: at an address of AD FS the answer has no Renewing, over which its clients fail: ${path}`, async () => {
    const trust = path.includes('/13/') ? TRUST_13 : TRUST_2005;
    const body = anRst({ trust, children: `${anAppliesTo()}<t:Renewing Allow="true"/>` });
    const answer = await aWsTrustSetting().front.handle(anIssueRequest({ body }, { path }));

    assert.equal(answer.status, 200, answer.body);
    assert.doesNotMatch(answer.body, /Renewing/);
  });

const JWT = '<TokenWrapper>aa.good.cc</TokenWrapper>';
const EPR = `<a:EndpointReference><a:Address>${BILLING}</a:Address></a:EndpointReference>`;
const ENTROPY = `<t:BinarySecret Type="${TRUST_13}/Nonce">${Buffer.alloc(32, 7).toString('base64')}</t:BinarySecret>`;
for (const [what, children, code] of [
  ['AppliesTo of another', anAppliesTo('https://unknown.example/'), 'trust:InvalidScope'],
  [
    'AppliesTo of another path of ours',
    anAppliesTo('https://sts.example.org/other'),
    'trust:InvalidScope',
  ],
  ['an AppliesTo that is no address', anAppliesTo('nowhere'), 'trust:InvalidScope'],
  [
    'the TokenType of a status in another version',
    child('TokenType', `${TRUST_2005}/RSTR/Status`),
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'another TokenType',
    child('TokenType', 'urn:oasis:names:tc:SAML:1.0:assertion'),
    'wsse:UnsupportedSecurityToken',
  ],
  ['other terms for the next', '<t:Renewing Allow="false"/>', 'trust:BadRequest'],
  ['an unproved UseKey', '<t:UseKey Sig="#s"/>', 'trust:InvalidSecurityToken'],
  ['Participants', child('Participants', child('Primary', EPR)), 'trust:BadRequest'],
  ['Entropy', child('Entropy', ENTROPY), 'trust:BadRequest'],
  ['DelegateTo', '<t:DelegateTo Sig="#s"/>', 'trust:BadRequest'],
  ['SignWith', child('SignWith', 'urn:x'), 'trust:BadRequest'],
  ['Delegatable', child('Delegatable', 'true'), 'trust:BadRequest'],
  ['AuthenticationType', child('AuthenticationType'), 'trust:BadRequest'],
  ['OnBehalfOf', child('OnBehalfOf', JWT), 'trust:InvalidRequest'],
  ['ActAs', child('ActAs', JWT), 'trust:InvalidRequest'],
  ['another target', child('CancelTarget', JWT), 'trust:InvalidRequest'],
] as const)
  test(`WS-Trust 1.3 §5: a renewal refuses ${what}`, async () => {
    const { answer, setting } = await renew(children);

    assert.equal(faultCodeOf(answer), code);
    const outcomes = setting.audit.records.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['allowed', 'minted', 'refused']);
  });

test('Audit: a mistake of ours after a renewal is on record, beside the renewal', async () => {
  let answers = 0;
  const assertionIdOf: WsTrustFrontParts['assertionIdOf'] = () => {
    if ((answers += 1) > 1) throw new Error('a bug');
    return '_id';
  };

  const { answer, setting } = await renew('', {}, { assertionIdOf });

  assert.equal(answer.reason, 'server-error');
  assert.deepEqual(
    setting.audit.records.map(({ operation, outcome }) => [operation, outcome]),
    [
      ['issue', 'allowed'],
      ['issue', 'minted'],
      ['renew', 'allowed'],
      ['renew', 'minted'],
      ['renew', 'refused'],
    ],
  );
});
