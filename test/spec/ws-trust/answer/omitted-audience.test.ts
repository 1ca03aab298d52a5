// Assertions without an AudienceRestriction (docs/decisions/0029): who gets them, and that ours are good for whom ours with one are good
// for, and for nobody else. Over a whole server.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { SAML2_BEARER, SAML2_TYPE } from '#test/support/saml/saml-document.ts';
import { ORDERS_SECRET } from '#test/support/server/document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { faultOf, SAML1, type SoapAnswer } from '#test/support/ws-trust/messages.ts';
import {
  ARCHIVE,
  aReferenceTo,
  ask,
  asTarget,
  audiencesIn,
  GENERAL,
  inElement,
  issued,
  startOmitting,
  VCENTER,
} from '#test/support/ws-trust/omitted-audience.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const key = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });

const outcomeOf = (answer: SoapAnswer): string => {
  if (answer.status !== 200) return faultOf(answer);
  return /\/status\/(\w+)</.exec(answer.text)?.[1] ?? 'ok';
};

describe('an assertion without AudienceRestriction', () => {
  const ending = endingOfSuite();
  let server: TestServer;
  before(async () => {
    server = await startOmitting(ending);
  });

  test('vCenter: with a public key, at its address, for a party that wants it', async () => {
    const { text } = await ask(server, { key });

    assert.match(text, /cm:holder-of-key"/);
    assert.match(text, /<saml2:Conditions [^>]*><\/saml2:Conditions>/);
    assert.match(text, /<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">/);
  });

  for (const [what, wishes] of [
    ['a bearer', {}],
    ['another address', { key, path: GENERAL }],
    ['another party', { key, appliesTo: ARCHIVE }],
    ['SAML 1.1', { key, tokenType: SAML1 }],
  ] as const)
    test(`SAML Core 2.0 §2.5.1.4: ${what} has its AudienceRestriction all the same`, async () => {
      const token = await issued(server, wishes);

      const audience = 'appliesTo' in wishes ? wishes.appliesTo : BILLING;
      assert.deepEqual(audiencesIn(token), [audience]);
    });

  test('without the setting there is always one', async (t) => {
    const usual = await startOmitting(t, ({ relyingParties: [orders] }) =>
      Object.assign(orders ?? {}, { token: { type: 'saml2' } }),
    );

    assert.deepEqual(audiencesIn(await issued(usual, { key })), [BILLING]);
  });
});

/** Who comes with a token of Carol's, bound to the key. */
const REQUESTORS = {
  'whom it was issued to': { user: 'carol', key },
  'a server of its party': { user: 'bob', key },
  'a stranger who has the key': { user: 'dave', key },
  'whom it was issued to, without the key': { user: 'carol' },
  'a server, without the key': { user: 'bob' },
} as const;

/** What comes of it, for a token that names its audience as for one that does not. */
const EXPECTED: Readonly<Record<string, Readonly<Record<keyof typeof REQUESTORS, string>>>> = {
  OnBehalfOf: {
    'whom it was issued to': 'ok',
    'a server of its party': 'ok',
    'a stranger who has the key': 'InvalidSecurityToken',
    'whom it was issued to, without the key': 'InvalidSecurityToken',
    'a server, without the key': 'InvalidSecurityToken',
  },
  // Nobody acts for themselves.
  ActAs: {
    'whom it was issued to': 'RequestFailed',
    'a server of its party': 'ok',
    'a stranger who has the key': 'InvalidSecurityToken',
    'whom it was issued to, without the key': 'InvalidSecurityToken',
    'a server, without the key': 'InvalidSecurityToken',
  },
  Validate: {
    'whom it was issued to': 'valid',
    'a server of its party': 'valid',
    'a stranger who has the key': 'invalid',
    'whom it was issued to, without the key': 'valid',
    'a server, without the key': 'valid',
  },
  Renew: {
    'whom it was issued to': 'ok',
    'a server of its party': 'RequestFailed',
    'a stranger who has the key': 'RequestFailed',
    'whom it was issued to, without the key': 'InvalidSecurityToken',
    'a server, without the key': 'RequestFailed',
  },
};

describe('the audience that is on record takes the place of the one that is not said:', () => {
  const ending = endingOfSuite();
  let server: TestServer;
  let silent: string;
  let plain: string;
  before(async () => {
    server = await startOmitting(ending);
    silent = await issued(server, { key });
    plain = await issued(server, { key, path: GENERAL });
    assert.deepEqual([audiencesIn(silent), audiencesIn(plain)], [[], [BILLING]]);
  });

  for (const [entrance, outcomes] of Object.entries(EXPECTED))
    for (const [who, wishes] of Object.entries(REQUESTORS))
      test(`${entrance} by ${who}`, async () => {
        const present = async (token: string): Promise<string> => {
          const isElement = entrance === 'ActAs' || entrance === 'OnBehalfOf';
          const operation = entrance as 'Renew' | 'Validate';
          const children = isElement ? inElement(entrance, token) : asTarget(operation, token);
          const more = isElement ? {} : { operation };
          return outcomeOf(await ask(server, { ...wishes, ...more, children }));
        };

        const expected = outcomes[who as keyof typeof REQUESTORS];
        assert.deepEqual([await present(plain), await present(silent)], [expected, expected]);
      });

  test('as the credential, it is good with its key and for its own subject alone', async () => {
    const by = async (token: string, wishes = {}) =>
      outcomeOf(
        await ask(server, { key, credential: token, keyInfo: aReferenceTo(token), ...wishes }),
      );
    const other = await aCertificate({ name: 'CN=other', algorithm: 'RSA' });

    for (const token of [plain, silent]) {
      assert.equal(await by(token), 'ok');
      assert.equal(await by(token, { key: other }), 'FailedAuthentication');
    }
  });

  test('what is renewed of it says no more, and is renewed again', async () => {
    const renew = (token: string) =>
      issued(server, { operation: 'Renew', key, children: asTarget('Renew', token) });

    const once = await renew(silent);
    const twice = await renew(once);

    assert.deepEqual([audiencesIn(once), audiencesIn(twice)], [[], []]);
    const children = inElement('ActAs', twice);
    assert.equal(outcomeOf(await ask(server, { user: 'bob', key, children })), 'ok');
    assert.equal(
      outcomeOf(await ask(server, { user: 'dave', key, children })),
      'InvalidSecurityToken',
    );
  });

  test('what is made of it where audiences are said is for whom it was asked for', async () => {
    const children = inElement('ActAs', silent);
    const wishes = { user: 'bob', key, children, path: GENERAL, appliesTo: ARCHIVE };

    assert.deepEqual(audiencesIn(await issued(server, wishes)), [ARCHIVE]);
  });

  test('RFC 8693 §2.1: over OAuth there is no proof of its key, so it is refused, whatever it is', async () => {
    const encoded = (token: string): string => Buffer.from(token).toString('base64url');
    const as = ['orders-api', ORDERS_SECRET] as const;
    for (const name of ['subject_token', 'actor_token'])
      for (const token of [plain, silent]) {
        const form = { [name]: encoded(token), [`${name}_type`]: SAML2_TYPE };
        const { body, status } = await server.exchange(form);
        assert.deepEqual([status, body['error']], [400, 'invalid_request'], name);
      }
    const grant = { grant_type: SAML2_BEARER, assertion: encoded(silent) };
    const { body, status } = await server.post('/token', grant, { as });
    assert.deepEqual([status, body['error']], [400, 'invalid_grant']);
  });

  test('Cancel is for whom it was issued to, and who has its key', async () => {
    const cancel = async (token: string, wishes: object) =>
      outcomeOf(
        await ask(server, { operation: 'Cancel', children: asTarget('Cancel', token), ...wishes }),
      );
    const valid = async (token: string) => {
      const children = asTarget('Validate', token);
      return outcomeOf(await ask(server, { operation: 'Validate', children }));
    };
    for (const path of [GENERAL, VCENTER]) {
      const token = await issued(server, { key, path });

      assert.equal(await cancel(token, { user: 'dave' }), 'RequestFailed');
      assert.equal(await valid(token), 'valid');
      assert.equal(await cancel(token, { user: 'carol' }), 'ok');
      assert.equal(await valid(token), 'invalid');
    }
  });
});
