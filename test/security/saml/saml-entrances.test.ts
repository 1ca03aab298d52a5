// The attacks on an assertion at every place where one enters a server (xml-security §9): as a grant, as subject and actor token, in
// the Security header, in OnBehalfOf and in ActAs. Over HTTP, each with the refusals of its place and no other.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testKeyOf, VERSIONS } from '#test/support/saml/saml.ts';
import { signatureAttacks } from '#test/support/saml/saml-attacks.ts';
import { SAML1_TYPE, SAML2_BEARER, SAML2_TYPE } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { piecesOf, wrappings } from '#test/support/saml/saml-wrappings.ts';
import { JWT_TYPE } from '#test/support/server/document.ts';
import type { FormValues } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  aTokenMessage,
  type SoapAnswer,
  sendSoap,
} from '#test/support/ws-trust/messages.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';

type Version = (typeof VERSIONS)[number];

const { server, saml } = await startSamlServer({ after }, (document) => {
  document.policy.push({
    id: 'partners-by-soap',
    requestor: { principal: { issuer: 'partner-saml' } },
    subject: { issuer: 'partner-saml' },
    target: 'orders',
    allow: { types: ['saml2'], scopes: [], lifetimeSeconds: 300 },
  });
});
const key = testKeyOf(saml.partner);
let serial = 0;

const TYPES = { saml1: SAML1_TYPE, saml2: SAML2_TYPE } as const;
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const encoded = (xml: string): string => Buffer.from(xml).toString('base64url');

interface Answered {
  readonly status: number;
  readonly text: string;
}

const byForm = (form: FormValues): Promise<Answered> => server.exchange(form);
const bySoap = (message: string): Promise<SoapAnswer> => sendSoap(server, message);

interface Entrance {
  readonly present: (xml: string, version: Version) => Promise<Answered>;
  readonly versions: readonly Version[];
  readonly status: number;
  readonly refusal: RegExp;
}

const BAD_TOKEN = {
  versions: VERSIONS,
  status: 400,
  refusal:
    /^\{"error":"invalid_request","error_description":"a presented token is not acceptable"\}$/,
};
const FAULT = { versions: VERSIONS, status: 500, refusal: /:InvalidSecurityToken</ };

const ENTRANCES: Readonly<Record<string, Entrance>> = {
  assertion: {
    present: (xml) =>
      byForm({
        grant_type: SAML2_BEARER,
        assertion: encoded(xml),
        subject_token: undefined,
        subject_token_type: undefined,
      }),
    versions: ['saml2'],
    status: 400,
    refusal: /^\{"error":"invalid_grant","error_description":"the assertion is not acceptable"\}$/,
  },
  subject_token: {
    ...BAD_TOKEN,
    present: (xml, version) =>
      byForm({ subject_token: encoded(xml), subject_token_type: TYPES[version] }),
  },
  actor_token: {
    ...BAD_TOKEN,
    present: (xml, version) =>
      byForm({ actor_token: encoded(xml), actor_token_type: TYPES[version] }),
  },
  'the Security header': {
    ...FAULT,
    refusal: /:FailedAuthentication</,
    present: (xml) => bySoap(aTokenMessage(xml, { tokenType: SAML2 })),
  },
  OnBehalfOf: {
    ...FAULT,
    present: (xml) => bySoap(anIssueMessage({ onBehalfOf: xml, tokenType: SAML2 })),
  },
  ActAs: {
    ...FAULT,
    present: (xml) => bySoap(anIssueMessage({ actAs: xml, tokenType: JWT_TYPE })),
  },
};

const freshAssertion = (version: Version): string =>
  saml.partner.assertion(version, { id: `_e${String(serial++)}` });

/** Every attack on the signature, and every place that a signed assertion can be moved to. */
function forgeries(version: Version): readonly (readonly [name: string, xml: string])[] {
  const original = saml.partner.assertion(version);
  const { bare } = piecesOf(original);
  const forty = cut(original, 'Reference').repeat(40);
  return [
    // Two hundred of them are more than a form may have.
    ...signatureAttacks(key)
      .filter(([name]) => !name.startsWith('B10'))
      .map(([name, attack]) => [name, attack(original, version)] as const),
    ...wrappings(original).map(([place, xml]) => [`A1: position ${place}`, xml] as const),
    ['A9: the signature is stripped', bare],
    ['B10: forty references', edited(original, '</Reference>', `</Reference>${forty}`)],
  ];
}

// Over SOAP the message itself cannot be read, or holds something that is no token of any kind: that is told before anybody looks
// for a token, and it says nothing about one.
const UNREADABLE = [
  'A2: a comment in',
  'A3',
  'A4',
  'A5',
  'A7',
  'B2',
  'B12: the ID',
  'A1: position the same ID',
];
const isUnreadable = (name: string): boolean => UNREADABLE.some((rule) => name.startsWith(rule));

for (const [entrance, { present, versions, status, refusal }] of Object.entries(ENTRANCES))
  for (const version of versions) {
    test(`SAML V11: a good ${version} assertion is taken as ${entrance}`, async () => {
      const answer = await present(freshAssertion(version), version);

      assert.equal(answer.status, 200, answer.text);
    });

    for (const [name, xml] of forgeries(version))
      test(`SAML ${name}: ${version}, as ${entrance} over HTTP`, async () => {
        const answer = await present(xml, version);

        assert.equal(answer.status, status, answer.text);
        const isOfMessage = status === 500 && isUnreadable(name);
        assert.match(
          answer.text,
          isOfMessage ? /:(?:InvalidRequest|UnsupportedSecurityToken)</ : refusal,
        );
        assert.doesNotMatch(answer.text, /admin|alice/);
      });
  }
