// Claims (WS-Trust 1.3 §4.1) in every dialect: what is asked for reaches core, what cannot be honoured is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

const IDENTITY = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
const AUTHORIZATION = 'http://docs.oasis-open.org/wsfed/authorization/200706';
const AUTHORIZATION_2006 = 'http://schemas.xmlsoap.org/ws/2006/12/authorization';
const authclaims = (namespace: string) => `${namespace}/authclaims`;

const claims = (dialect: string | undefined, namespace: string, content: string): string => {
  const attribute = dialect === undefined ? '' : ` Dialect="${dialect}"`;
  return `<t:Claims${attribute} xmlns:c="${namespace}">${content}</t:Claims>`;
};
const claim = (uri: string, content = '', optional = ''): string =>
  `<c:ClaimType Uri="${uri}"${optional && ` Optional="${optional}"`}>${content}</c:ClaimType>`;
const value = (text: string): string => `<c:Value>${text}</c:Value>`;

async function ask(children: string, setting = aWsTrustSetting()) {
  const body = anRst({ children: anAppliesTo() + children });
  const answer = await setting.front.handle(anIssueRequest({ body }));
  return { answer, asked: setting.asked[0] };
}

const DIALECTS: readonly (readonly [
  name: string,
  dialect: string | undefined,
  namespace: string,
])[] = [
  ['2005/05 identity', IDENTITY, IDENTITY],
  ['2005/05 identity, not named', undefined, IDENTITY],
  ['200706 authorization', authclaims(AUTHORIZATION), AUTHORIZATION],
  ['200706 authorization, not named', undefined, AUTHORIZATION],
  ['2006/12 authorization', authclaims(AUTHORIZATION_2006), AUTHORIZATION_2006],
  // As Microsoft.IdentityModel.Protocols.WsTrust writes them.
  ['2005/05, with claims of 200706', IDENTITY, AUTHORIZATION],
  ['2006/12, with claims of 200706', authclaims(AUTHORIZATION_2006), AUTHORIZATION],
];
for (const [name, dialect, namespace] of DIALECTS)
  test(`WS-Trust 1.3 §4.1: mandatory and optional claims of dialect ${name}`, async () => {
    const content =
      claim('department') + claim('urn:missing', '', 'true') + claim('urn:too', '', '1');

    const { answer, asked } = await ask(claims(dialect, namespace, content));

    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(asked?.requiredClaims, ['department']);
    assert.equal(asked?.claimValues, undefined);
  });

for (const namespace of [AUTHORIZATION, AUTHORIZATION_2006])
  for (const [what, wish, values] of [
    ['Value', value('sales'), ['sales']],
    ['Value with spaces', value(' sales '), [' sales ']],
    [
      'ValueOneOf',
      `<c:ConstrainedValue><c:ValueOneOf>${value('sales')}${value('support')}</c:ValueOneOf></c:ConstrainedValue>`,
      ['sales', 'support'],
    ],
    [
      'ValueOneOf with an empty one',
      `<c:ConstrainedValue><c:ValueOneOf>${value('')}${value('sales')}</c:ValueOneOf></c:ConstrainedValue>`,
      ['', 'sales'],
    ],
    [
      'Value beside words for people',
      `<c:DisplayName>Department</c:DisplayName>${value('sales')}<c:Description/>`,
      ['sales'],
    ],
  ] as const)
    test(`WS-Federation 1.2 §9.3: ${what} in ${namespace} is the value that is wished for`, async () => {
      const content = claim('department', wish, 'true');

      const { answer, asked } = await ask(claims(authclaims(namespace), namespace, content));

      assert.equal(answer.status, 200, answer.body);
      assert.deepEqual([...(asked?.claimValues ?? [])], [['department', values]]);
    });

for (const [optional, requiredClaims] of [
  ['false', ['department']],
  ['true', undefined],
] as const)
  test(`WS-Federation 1.2 §9.3: an empty Value wishes for nothing (Optional ${optional})`, async () => {
    const content = claim('department', value(''), optional);

    const { answer, asked } = await ask(claims(authclaims(AUTHORIZATION), AUTHORIZATION, content));

    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(asked?.requiredClaims, requiredClaims);
    assert.equal(asked?.claimValues, undefined);
  });

test('WS-Trust 1.3 §4.1: the ClaimValue of the 2005/05 dialect wishes for values too', async () => {
  const content = `<c:ClaimValue Uri="department">${value('sales')}</c:ClaimValue>`;

  const { answer, asked } = await ask(claims(IDENTITY, IDENTITY, content));

  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual([...(asked?.claimValues ?? [])], [['department', ['sales']]]);
});

test('WS-Trust 1.3 §4.1: Claims without a claim ask for none', async () => {
  const { answer, asked } = await ask(claims(IDENTITY, IDENTITY, ''));

  assert.equal(answer.status, 200, answer.body);
  assert.equal(asked?.requiredClaims, undefined);
});

for (const [what, wish, optional, status] of [
  ['that it has', 'sales', 'false', 200],
  ['that it has not', 'support', 'false', 500],
  ['that it has not, optional', 'support', 'true', 200],
  ['of another case', 'Sales', 'false', 500],
] as const)
  test(`WS-Trust 1.3 §4.1: a claim with a wished value ${what}`, async () => {
    const content = claim('department', value(wish), optional);

    const { answer } = await ask(claims(authclaims(AUTHORIZATION), AUTHORIZATION, content));

    assert.equal(answer.status, status, answer.body);
    if (status === 500) assert.equal(faultCodeOf(answer), 'trust:RequestFailed');
  });

test('WS-Trust 1.3 §4.1: SecondaryParameters add claims; what the request itself says counts first', async () => {
  const own = claims(authclaims(AUTHORIZATION), AUTHORIZATION, claim('department', value('sales')));
  const template = claims(
    IDENTITY,
    IDENTITY,
    claim('department', '', 'true') + claim('urn:more', '', 'true'),
  );
  const secondary = `<t:SecondaryParameters>${template}</t:SecondaryParameters>`;

  const { answer, asked } = await ask(own + secondary);

  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(asked?.requiredClaims, ['department']);
  assert.deepEqual([...(asked?.claimValues ?? [])], [['department', ['sales']]]);
  const mandatory = `<t:SecondaryParameters>${claims(IDENTITY, IDENTITY, claim('urn:more'))}</t:SecondaryParameters>`;
  assert.equal(faultCodeOf((await ask(own + mandatory)).answer), 'trust:RequestFailed');
});

const constrained = (content: string, attribute = ''): string =>
  claim('department', `<c:ConstrainedValue${attribute}>${content}</c:ConstrainedValue>`);
const oneOf = `<c:ValueOneOf>${value('a')}</c:ValueOneOf>`;
const REFUSED: readonly (readonly [what: string, content: string, code?: string])[] = [
  ...['ValueLessThan', 'ValueLessThanOrEqual', 'ValueGreaterThan', 'ValueInRange'].map(
    (name): readonly [string, string] => [
      name,
      constrained(`<c:${name}>${value('1')}</c:${name}>`),
    ],
  ),
  ['a constraint to be asserted', constrained(oneOf, ' AssertConstraint="true"')],
  ['a ClaimValue, which is of 2005', `<c:ClaimValue Uri="department">${value('a')}</c:ClaimValue>`],
  ['a StructuredValue', claim('department', '<c:StructuredValue/>')],
  ['an EncryptedValue', claim('department', '<c:EncryptedValue/>')],
  [
    'a StructuredValue among values',
    constrained('<c:ValueOneOf><c:StructuredValue/></c:ValueOneOf>'),
  ],
  ['a value of another namespace', claim('department', '<x xmlns="urn:x"/>')],
  [
    'values of another namespace',
    claim('department', `<ConstrainedValue xmlns="urn:x">${oneOf}</ConstrainedValue>`),
  ],
  [
    'more claims than any token has',
    Array.from({ length: 65 }, (_, n) => claim(`urn:${n}`, '', 'true')).join(''),
  ],
  ['two constraints', constrained(oneOf + oneOf), 'trust:InvalidRequest'],
  ['no constraint', constrained(''), 'trust:InvalidRequest'],
  ['an empty list', constrained('<c:ValueOneOf/>'), 'trust:InvalidRequest'],
  ['two values', claim('department', value('a') + value('b')), 'trust:InvalidRequest'],
  [
    'markup in a value',
    claim('department', '<c:Value>a<x xmlns="urn:x"/></c:Value>'),
    'trust:InvalidRequest',
  ],
  [
    'AssertConstraint of another form',
    constrained(oneOf, ' AssertConstraint="maybe"'),
    'trust:InvalidRequest',
  ],
];
for (const [what, content, code = 'trust:BadRequest'] of REFUSED)
  test(`WS-Federation 1.2 §9.3: refuses ${what}`, async () => {
    const { answer, asked } = await ask(claims(authclaims(AUTHORIZATION), AUTHORIZATION, content));

    assert.equal(faultCodeOf(answer), code);
    assert.equal(asked, undefined);
  });

for (const [what, content, code] of [
  ['a ClaimValue without a value', '<c:ClaimValue Uri="urn:c"/>', 'trust:InvalidRequest'],
  ['a ClaimType with a value', claim('urn:c', value('v')), 'trust:BadRequest'],
  ['a ClaimType with values', constrained(oneOf), 'trust:BadRequest'],
] as const)
  test(`WS-Trust 1.3 §4.1: the 2005/05 dialect refuses ${what}`, async () => {
    assert.equal(faultCodeOf((await ask(claims(IDENTITY, IDENTITY, content))).answer), code);
  });

for (const [what, dialect, namespace, content] of [
  ['a dialect that we do not know', 'urn:dialect', AUTHORIZATION, claim('department')],
  ['one without claims', 'urn:dialect', AUTHORIZATION, ''],
  ['claims that we do not know', authclaims(AUTHORIZATION), 'urn:claims', claim('department')],
  ['them without a dialect', undefined, 'urn:claims', claim('department')],
  [
    'claims of two dialects',
    authclaims(AUTHORIZATION),
    AUTHORIZATION,
    claim('department') +
      claim('urn:a').replace('<c:ClaimType', `<c:ClaimType xmlns:c="${IDENTITY}"`),
  ],
] as const)
  test(`WS-Trust 1.3 §4.1: refuses ${what}`, async () => {
    const { answer, asked } = await ask(claims(dialect, namespace, content));

    assert.equal(faultCodeOf(answer), 'trust:BadRequest');
    assert.equal(asked, undefined);
  });

test('ws-trust: a front for a role refuses every request of others, on record', async () => {
  const admits = { source: 'none', evaluate: () => ({ value: false }) };
  const setting = aWsTrustSetting({ parts: { admits } });

  const { answer, asked } = await ask('', setting);

  assert.equal(faultCodeOf(answer), 'trust:RequestFailed');
  assert.equal(asked, undefined);
  assert.equal(setting.audit.records.at(-1)?.reason, 'requestor-not-allowed');
  assert.equal(setting.audit.records.at(-1)?.requestor?.id, 'alice');
});
