// Whatever a trusted issuer puts into an assertion: of it no token is made that we ourselves would not read. Revoking that one would
// do nothing, and be answered like a success (RFC 7009 §2.2).
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type AssertionChanges, iso, NOW, subject1 } from '#test/support/saml/saml.ts';
import { SAML1_TYPE, SAML2_TYPE, type SamlWorld } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import type { Answer, TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';

let server: TestServer;
let saml: SamlWorld;
let serial = 0;
const ending = endingOfSuite();

before(async () => {
  ({ server, saml } = await startSamlServer(ending, (document) => {
    const [orders] = document.relyingParties;
    Object.assign(orders ?? {}, { claims: [{ claim: 'role', from: 'role', multiple: true }] });
    // The clocks of partners may differ by more than ours do among each other.
    for (const { jwt, saml: terms } of document.trustedIssuers)
      Object.assign(jwt ?? terms ?? {}, { skewSeconds: 300 });
  }));
});

const delegate = (qualifier: string): string =>
  `<saml2:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:del="urn:oasis:names:tc:SAML:2.0:conditions:delegation" xsi:type="del:DelegationRestrictionType"><del:Delegate><saml2:NameID NameQualifier="${qualifier}">broker</saml2:NameID></del:Delegate></saml2:Condition>`;
const login = (instant: string, contextClass: string): string =>
  `<saml2:AuthnStatement AuthnInstant="${instant}"><saml2:AuthnContext><saml2:AuthnContextClassRef>${contextClass}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>`;
const login1 = (instant: string, method: string): string =>
  `<saml1:AuthenticationStatement AuthenticationInstant="${instant}" AuthenticationMethod="${method}">${subject1()}</saml1:AuthenticationStatement>`;
const role = (text: string): string =>
  `<saml2:Attribute Name="role"><saml2:AttributeValue>${text}</saml2:AttributeValue></saml2:Attribute>`;

type Case = readonly [what: string, type: 'saml1' | 'saml2', changes: AssertionChanges];

const TAKEN: readonly Case[] = [
  ['what others write', 'saml2', {}],
  ['a delegate of an issuer without a name', 'saml2', { conditions: delegate('') }],
  ['a login of the year 1', 'saml2', { authentication: login('0001-01-01T00:00:00Z', 'urn:x') }],
  ['a login of a clock ahead', 'saml2', { authentication: login(iso(NOW + 290), 'urn:x') }],
  ['a blank class of a login', 'saml2', { authentication: login(iso(NOW), '&#xA0;') }],
  ['a blank method of a login', 'saml1', { authentication: login1(iso(NOW), ' ') }],
  ['a login of the year 1', 'saml1', { authentication: login1('0001-01-01T00:00:00Z', 'urn:x') }],
];

const REFUSED: readonly Case[] = [
  ['a delegate of a blank issuer', 'saml2', { conditions: delegate('&#xA0;') }],
  ['more text than a JWT has room for', 'saml2', { attributes: role('x'.repeat(12_000)) }],
  ['a long name', 'saml2', { name: `<saml2:NameID>${'x'.repeat(12_000)}</saml2:NameID>` }],
  ['a long issuer of a delegate', 'saml2', { conditions: delegate('x'.repeat(12_000)) }],
];

const TYPES = { saml1: SAML1_TYPE, saml2: SAML2_TYPE };

function exchange(type: Case[1], changes: AssertionChanges): Promise<Answer> {
  serial += 1;
  const xml = saml.partner.assertion(type, { ...changes, id: `_${serial}` });
  return server.exchange({
    subject_token: Buffer.from(xml).toString('base64url'),
    subject_token_type: TYPES[type],
  });
}

for (const [what, type, changes] of TAKEN)
  test(`Crossing: what is made of an assertion of ${type} with ${what} can be revoked`, async () => {
    const { body, status, text } = await exchange(type, changes);
    assert.equal(status, 200, text);
    const token = String(body['access_token']);
    const inspect = async () => (await server.post('/introspect', { token })).body['active'];

    assert.equal(await inspect(), true);
    assert.equal((await server.post('/revoke', { token })).status, 200);
    assert.equal(await inspect(), false);
  });

for (const [what, type, changes] of REFUSED)
  test(`Crossing: of an assertion of ${type} with ${what} nothing is made, for it could not be revoked`, async () => {
    const { body, status } = await exchange(type, changes);

    assert.equal(status, 400);
    assert.equal(body['error'], 'invalid_request');
  });
