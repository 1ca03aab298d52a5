// Which assertions are good: version, issuer, window, audiences, conditions and statements, each rule for both versions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureReason } from '#core/failure.ts';
import {
  type AssertionChanges,
  aSamlIssuer,
  assertRefused,
  asText,
  aValidator,
  confirmation1,
  iso,
  NOW,
  PARTNER,
  STS,
  subject1,
  TOKEN_ENDPOINT,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();

const validate = (type: 'saml1' | 'saml2', changes: AssertionChanges = {}) =>
  aValidator([issuer.trust()]).validate(asText(type, issuer.assertion(type, changes)));

type Row = readonly [
  rule: string,
  changes: AssertionChanges | ((type: 'saml1' | 'saml2') => AssertionChanges),
  reason: FailureReason | 'good',
];

const window = (from: number, to: number): AssertionChanges => ({
  window: `NotBefore="${iso(NOW + from)}" NotOnOrAfter="${iso(NOW + to)}"`,
  confirmation: '',
});

// A bearer confirmation without a window of its own, so that the one of Conditions decides.
const bare = (type: 'saml1' | 'saml2'): string =>
  type === 'saml1'
    ? confirmation1('bearer')
    : '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>';
const at = (from: number, to: number) => (type: 'saml1' | 'saml2') => ({
  ...window(from, to),
  confirmation: bare(type),
});
const condition = (content: string) => (type: 'saml1' | 'saml2') => ({
  conditions: content.replaceAll('P:', `${type}:`),
});

/** A login so many seconds ahead of the clock. */
const login = (seconds: number) => (type: 'saml1' | 'saml2') => ({
  authentication:
    type === 'saml2'
      ? `<saml2:AuthnStatement AuthnInstant="${iso(NOW + seconds)}"><saml2:AuthnContext/></saml2:AuthnStatement>`
      : `<saml1:AuthenticationStatement AuthenticationInstant="${iso(NOW + seconds)}" AuthenticationMethod="urn:x">${subject1()}</saml1:AuthenticationStatement>`,
});

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
type Of = (type: 'saml1' | 'saml2') => AssertionChanges;

const RESTRICTIONS = { saml1: 'AudienceRestrictionCondition', saml2: 'AudienceRestriction' };
const ownType = (type: 'saml1' | 'saml2', prefix: string = type): string =>
  `xsi:type="${prefix}:${RESTRICTIONS[type]}Type"`;
const audiencesOf = (type: 'saml1' | 'saml2', attributes: string): string =>
  `<${type}:${RESTRICTIONS[type]} ${attributes}><${type}:Audience>${STS}</${type}:Audience></${type}:${RESTRICTIONS[type]}>`;
const once = (type: 'saml1' | 'saml2', attributes: string, content = ''): string => {
  const name = `${type}:${type === 'saml1' ? 'DoNotCacheCondition' : 'OneTimeUse'}`;
  return `<${name} ${attributes}>${content}</${name}>`;
};

/** Each condition that is known, with attributes: what they say would be passed over. */
const restricted = (attributes: string): readonly (readonly [what: string, changes: Of])[] => [
  ['an audience restriction', (type) => ({ conditions: audiencesOf(type, attributes) })],
  ['the condition of one use', (type) => ({ conditions: once(type, attributes) })],
];

// The skew is 60 seconds.
const ROWS: readonly Row[] = [
  ['§2.5.1.2: expired within the skew is good', at(-400, -59), 'good'],
  ['§2.5.1.2: expired beyond the skew', at(-400, -60), 'token-expired'],
  ['§2.5.1.2: not begun within the skew is good', at(60, 100), 'good'],
  ['§2.5.1.2: not begun beyond the skew', at(61, 100), 'token-not-yet-valid'],
  ['§2.5.1: it ends before it begins', at(10, 10), 'token-malformed'],
  [
    '§2.5.1: NotBefore may be absent',
    (type) => ({ window: `NotOnOrAfter="${iso(NOW + 9)}"`, confirmation: bare(type) }),
    'good',
  ],
  [
    '§2.5.1: no end at all',
    (type) => ({ window: '', confirmation: bare(type) }),
    'token-malformed',
  ],
  [
    '§1.3.3: a time in another zone',
    { window: 'NotOnOrAfter="2027-01-15T09:05:00+01:00"' },
    'token-malformed',
  ],
  [
    '§1.3.3: a time without zone',
    { window: 'NotOnOrAfter="2027-01-15T08:05:00"' },
    'token-malformed',
  ],
  [
    '§1.3.3: a time that does not exist',
    { issueInstant: '2026-02-30T08:05:00Z' },
    'token-malformed',
  ],
  [
    '§2.3.3: IssueInstant in the future, within the skew',
    { issueInstant: iso(NOW + 60), window: `NotOnOrAfter="${iso(NOW + 300)}"` },
    'good',
  ],
  [
    '§2.3.3: IssueInstant in the future',
    {
      issueInstant: iso(NOW + 61),
      window: `NotBefore="${iso(NOW)}" NotOnOrAfter="${iso(NOW + 300)}"`,
    },
    'token-not-yet-valid',
  ],
  ['§2.3.3: IssueInstant missing', { issueInstant: '' }, 'token-malformed'],
  ['§2.5.1.4: no audience', { audiences: [] }, 'token-audience-mismatch'],
  ['§2.5.1.4: an empty restriction', { audiences: [[]] }, 'token-audience-mismatch'],
  [
    '§2.5.1.4: another audience',
    { audiences: [['https://other.example']] },
    'token-audience-mismatch',
  ],
  [
    '§2.5.1.4: alternatives in one restriction',
    { audiences: [['https://other.example', STS]] },
    'good',
  ],
  [
    '§2.5.1.4: all restrictions are to be met',
    { audiences: [[STS], ['https://other.example']] },
    'token-audience-mismatch',
  ],
  [
    '§2.5.1.4: several restrictions with a name of ours in each',
    { audiences: [[STS], [TOKEN_ENDPOINT]] },
    'good',
  ],
  ['§2.5.1.4: several restrictions with us in each', { audiences: [[STS], ['x', STS]] }, 'good'],
  [
    '§2.5.1.4: an audience compares by character',
    { audiences: [[`${STS}/`]] },
    'token-audience-mismatch',
  ],
  ['§2.5.1.4: space around an audience is collapsed', { audiences: [[`\n ${STS} `]] }, 'good'],
  ['§2.5.1.4: an audience that is empty', { audiences: [['', STS]] }, 'token-malformed'],
  [
    '§2.5.1.3: an unknown condition',
    condition(
      '<P:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x" xsi:type="x:Y"/>',
    ),
    'token-type-unsupported',
  ],
  ['§2.5.1.3: a condition of an unknown name', condition('<P:Other/>'), 'token-type-unsupported'],
  [
    '§2.5.1.4: something beside the audiences of a restriction',
    (type) => ({
      conditions: `<${type}:AudienceRestriction${type === 'saml1' ? 'Condition' : ''}><${type}:Audience>${STS}</${type}:Audience><x:y xmlns:x="urn:x"/></${type}:AudienceRestriction${type === 'saml1' ? 'Condition' : ''}>`,
    }),
    'token-malformed',
  ],
  [
    '§2.5.1.3: a condition of another vocabulary',
    condition('<x:Condition xmlns:x="urn:x"/>'),
    'token-type-unsupported',
  ],
  ...restricted(`${XSI} xmlns:x="urn:x" xsi:type="x:OfSome"`).map(
    ([what, changes]): Row => [
      `§2.5.1.3: ${what} of a type that is not known`,
      changes,
      'token-type-unsupported',
    ],
  ),
  [
    '§2.5.1.3: a restriction of a type of others that has the name of its own',
    (type) => ({ conditions: audiencesOf(type, `${XSI} xmlns:x="urn:x" ${ownType(type, 'x')}`) }),
    'token-type-unsupported',
  ],
  ...restricted(`${XSI} xsi:nil="true"`).map(
    ([what, changes]): Row => [`§2.5.1.3: ${what} that is none`, changes, 'token-type-unsupported'],
  ),
  ...restricted('only="x"').map(
    ([what, changes]): Row => [
      `§2.5.1.3: ${what} with an attribute that is not known`,
      changes,
      'token-type-unsupported',
    ],
  ),
  [
    '§2.5.1.4: a restriction that says its own type',
    (type) => ({ audiences: [], conditions: audiencesOf(type, `${XSI} ${ownType(type)}`) }),
    'good',
  ],
  [
    '§2.5.1.4: an audience with an attribute that is not known',
    (type) => ({ conditions: audiencesOf(type, '').replace('Audience>', 'Audience only="x">') }),
    'token-type-unsupported',
  ],
  [
    '§2.5.1.5: something in the condition that the assertion is good once',
    (type) => ({ conditions: once(type, '', '<x:y xmlns:x="urn:x"/>') }),
    'token-type-unsupported',
  ],
  [
    '§2.5.1.5: text in the condition that the assertion is good once',
    (type) => ({ conditions: once(type, '', 'x') }),
    'token-malformed',
  ],
  [
    '§2.5.1: an attribute of Conditions that is not known',
    { window: `NotOnOrAfter="${iso(NOW + 300)}" Within="x"` },
    'token-type-unsupported',
  ],
  [
    '§2.5.1: an attribute of others at Conditions that has the name of one that is known',
    { window: `NotOnOrAfter="${iso(NOW + 300)}" xmlns:x="urn:x" x:NotBefore="never"` },
    'token-type-unsupported',
  ],
  ['§2.2.2: no name', { name: '' }, 'token-malformed'],
  [
    '§2.3.3: a version we do not know',
    (type) => ({
      version: type === 'saml1' ? 'MajorVersion="1" MinorVersion="0"' : 'Version="2.1"',
    }),
    'token-type-unsupported',
  ],
  [
    '§2.3.3: the version of the other in one half',
    (type) => ({
      version: type === 'saml1' ? 'MajorVersion="2" MinorVersion="1"' : 'Version="1.1"',
    }),
    'token-type-unsupported',
  ],
  ['§2.3.3: no version', { version: '' }, 'token-type-unsupported'],
  [
    '§2.3.3: an unknown statement',
    (type) => ({ advice: `<${type}:Statement/>` }),
    'token-malformed',
  ],
  [
    '§2.7.4: a decision statement',
    (type) => ({ advice: `<${type}:AuthzDecisionStatement/>` }),
    'token-malformed',
  ],
  [
    '§2.3.3: a child of another vocabulary',
    { advice: '<x:Issuer xmlns:x="urn:x">y</x:Issuer>' },
    'token-malformed',
  ],
  [
    '§2.6.1: Advice is ignored',
    (type) => ({
      advice: `<${type}:Advice><x:y xmlns:x="urn:x"/></${type}:Advice>`,
    }),
    'good',
  ],
  ['§2.7.2: a login of the future, within the skew', login(60), 'good'],
  ['§2.7.2: a login of the future', login(61), 'token-not-yet-valid'],
  ['§2.7.2: no authentication statement is needed', { authentication: '' }, 'good'],
  ['§2.7.3: no attributes are needed', { attributes: '' }, 'good'],
  ['§2.4: no confirmation', { confirmation: '' }, 'confirmation-missing'],
  ['§2.2.5: an issuer we do not know', { issuer: 'urn:unknown' }, 'issuer-untrusted'],
  ['§2.2.5: an issuer compares by character', { issuer: `${PARTNER}/` }, 'issuer-untrusted'],
  ['§2.2.5: our own name without our key', { issuer: STS }, 'signature-invalid'],
];

for (const [rule, changes, reason] of ROWS) {
  for (const type of VERSIONS) {
    test(`SAML ${type} ${rule}: ${reason}`, async () => {
      const of = typeof changes === 'function' ? changes(type) : changes;

      if (reason === 'good') assert.ok(await validate(type, of));
      else await assertRefused(() => validate(type, of), reason);
    });
  }
}

for (const type of VERSIONS)
  test(`SAML ${type} §2.5.1.2: a refusal tells how far the clocks are apart`, async () => {
    const refused = (from: number, to: number) => validate(type, at(from, to)(type));

    await assert.rejects(refused(-900, -300), /was 300 s ago, and the skew is 60 s/);
    await assert.rejects(refused(240, 300), /in 240 s, and the skew is 60 s/);
  });
