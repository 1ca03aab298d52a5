// The attacks on an assertion at every place where one enters a server (xml-security §9): as a grant, as subject and actor token, in
// the Security header, in OnBehalfOf and in ActAs, and as the target of Validate, Renew and Cancel. Over HTTP, each with the refusals
// of its place and no other, and on record for what the attack is about.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { FailureReason } from '#core/failure.ts';
import { testKeyOf, VERSIONS } from '#test/support/saml/saml.ts';
import { signatureAttacks } from '#test/support/saml/saml-attacks.ts';
import { SAML1_TYPE, SAML2_BEARER, SAML2_TYPE } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { termAttacks } from '#test/support/saml/saml-terms.ts';
import { piecesOf, wrappings } from '#test/support/saml/saml-wrappings.ts';
import { JWT_TYPE } from '#test/support/server/document.ts';
import type { FormValues } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  aTargetMessage,
  aTokenMessage,
  carolsToken,
  isValid,
  type SoapAnswer,
  sendSoap,
  type TargetOperation,
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
  readonly headers: Headers;
  readonly text: string;
}

const byForm = (form: FormValues): Promise<Answered> => server.exchange(form);
const bySoap = (message: string): Promise<SoapAnswer> => sendSoap(server, message);

interface Entrance {
  readonly present: (xml: string, version: Version) => Promise<Answered>;
  readonly versions: readonly Version[];
  readonly status: number;
  readonly refusal: RegExp;
  /** How an assertion of somebody else that is good is answered; absent: with a token. */
  readonly good?: RegExp;
  /** Whether what is not valid is an answer: no reason is on record then. */
  readonly isTold?: true;
}

const BAD_TOKEN = {
  versions: VERSIONS,
  status: 400,
  refusal:
    /^\{"error":"invalid_request","error_description":"a presented token is not acceptable"\}$/,
};
const FAULT = {
  versions: VERSIONS,
  status: 500,
  refusal: /:(?:InvalidSecurityToken|ExpiredData|InvalidTimeRange)</,
};
const asTarget = (operation: TargetOperation) => ({
  ...FAULT,
  present: (target: string) => bySoap(aTargetMessage(operation, { target })),
});

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
  ValidateTarget: {
    ...asTarget('Validate'),
    status: 200,
    refusal: /\/status\/invalid</,
    good: /\/status\/valid</,
    isTold: true,
  },
  // Only ours are renewed and cancelled, and of a good one of others it is said that it is none of ours.
  RenewTarget: { ...asTarget('Renew'), good: /:UnableToRenew</ },
  CancelTarget: { ...asTarget('Cancel'), good: /:InvalidSecurityToken</ },
};

const freshAssertion = (version: Version): string =>
  saml.partner.assertion(version, { id: `_e${String(serial++)}` });

interface Forgery {
  readonly name: string;
  readonly xml: string;
  readonly reasons: readonly FailureReason[];
}

const UNTRUE: readonly FailureReason[] = ['signature-invalid', 'token-malformed'];

/** Every attack on the signature, every place that a signed assertion can be moved to, and every term that is not met. */
async function forgeries(version: Version): Promise<readonly Forgery[]> {
  const original = saml.partner.assertion(version);
  const { bare } = piecesOf(original);
  const forty = cut(original, 'Reference').repeat(40);
  const all: readonly (readonly [string, string, (FailureReason | undefined)?])[] = [
    // Two hundred of them are more than a form may have.
    ...signatureAttacks(key)
      .filter(([name]) => !name.startsWith('B10'))
      .map(([name, attack, reason]) => [name, attack(original, version), reason] as const),
    ...wrappings(original).map(([place, xml]) => [`A1: position ${place}`, xml] as const),
    ['A9: the signature is stripped', bare, 'signature-invalid'],
    [
      'B10: forty references',
      edited(original, '</Reference>', `</Reference>${forty}`),
      'signature-invalid',
    ],
    ...(await termAttacks(saml.partner, version)),
  ];
  return all.map(([name, xml, reason]) => ({ name, xml, reasons: reason ? [reason] : UNTRUE }));
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
  'C3',
  'A1: position the same ID',
];
const isUnreadable = (name: string): boolean => UNREADABLE.some((rule) => name.startsWith(rule));
const OF_MESSAGE: readonly FailureReason[] = ['request-malformed', 'token-type-unsupported'];

async function recorded({ headers }: Answered): Promise<Readonly<Record<string, unknown>>> {
  const id = headers.get('x-correlation-id');
  const record = (await server.auditRecords()).findLast(
    ({ correlationId }) => correlationId === id,
  );
  assert.ok(record, 'nothing is on record');
  return record;
}

const forged = { saml1: await forgeries('saml1'), saml2: await forgeries('saml2') };

for (const [entrance, place] of Object.entries(ENTRANCES)) {
  const { good = /./, present, refusal, status, versions } = place;
  const isSoap = versions.length > 1 && status !== 400;
  for (const version of versions) {
    test(`SAML V11: a good ${version} assertion is taken as ${entrance}`, async () => {
      const answer = await present(freshAssertion(version), version);

      assert.equal(answer.status, good.source.includes(':') ? 500 : 200, answer.text);
      assert.match(answer.text, good);
    });

    for (const { name, reasons, xml } of forged[version])
      test(`SAML ${name}: ${version}, as ${entrance} over HTTP`, async () => {
        const answer = await present(xml, version);

        const isOfMessage = isSoap && isUnreadable(name);
        assert.equal(answer.status, isOfMessage ? 500 : status, answer.text);
        assert.match(
          answer.text,
          isOfMessage ? /:(?:InvalidRequest|UnsupportedSecurityToken)</ : refusal,
        );
        assert.doesNotMatch(answer.text, /admin|alice/);
        const { detail, reason } = await recorded(answer);
        if (place.isTold && !isOfMessage) assert.equal(detail, 'invalid');
        else
          assert.ok(
            (isOfMessage ? OF_MESSAGE : reasons).some((expected) => expected === reason),
            `${String(reason)}: ${String(detail)}`,
          );
      });
  }
}

// Of ours, so that nothing but the forgery can refuse it.
for (const tokenType of ['urn:oasis:names:tc:SAML:1.0:assertion', SAML2])
  for (const operation of ['Renew', 'Cancel', 'Validate'] as const)
    test(`SAML A1, A9: an assertion of ours, moved or stripped, as target of ${operation} (${tokenType})`, async () => {
      const original = await carolsToken(server, tokenType);
      const positions = wrappings(original);
      const moved = [...positions, ['the signature is stripped', piecesOf(original).bare]] as const;

      for (const [place, target] of moved) {
        const answer = await sendSoap(server, aTargetMessage(operation, { user: 'carol', target }));

        const isUnread = place.startsWith('the same ID');
        const refusal = operation === 'Validate' ? /\/status\/invalid</ : /:InvalidSecurityToken</;
        assert.match(answer.text, isUnread ? /:InvalidRequest</ : refusal, place);
        assert.equal(await isValid(server, original), true, place);
      }
    });
