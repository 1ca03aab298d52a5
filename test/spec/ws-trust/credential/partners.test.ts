// Partners whose assertions are evidence (ws-trust P21): known by the identity their issuer gave, or by one of their claims.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssertionChanges } from '#test/support/saml/saml.ts';
import { type SamlWorld, withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  faultOf,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const EMPLOYEE = 'urn:example:employee';
const attribute = (...values: readonly string[]): string =>
  `<saml2:Attribute Name="${EMPLOYEE}">${values.map((value) => `<saml2:AttributeValue>${value}</saml2:AttributeValue>`).join('')}</saml2:Attribute>`;

interface Setting {
  readonly server: TestServer;
  /** The answer to Issue on behalf of whom an assertion of the partner is about. */
  readonly ask: (changes: AssertionChanges) => ReturnType<typeof sendSoap>;
}

async function start(t: Ending, saml: object): Promise<Setting> {
  let world: SamlWorld | undefined;
  const server = await startServer(t, async (document, directory) => {
    world = await withSaml(document, directory);
    const partner = document.trustedIssuers.find(({ id }) => id === 'partner-saml');
    Object.assign(partner?.['saml'] as object, saml);
  });
  return {
    server,
    ask: async (changes) => {
      const onBehalfOf = world?.partner.assertion('saml2', changes);
      return sendSoap(
        server,
        anIssueMessage({ tokenType: SAML2, ...(onBehalfOf && { onBehalfOf }) }),
      );
    },
  };
}

const subjectIn = (token: string): string | undefined => />([^<]*)<\/saml:NameID>/.exec(token)?.[1];

test('P21: by identity: the name of the partner, under the prefix that makes it one of a kind', async (t) => {
  const usual = await start(t, {});
  const named = await start(t, { subjectPrefix: 'north/' });

  assert.equal(subjectIn(tokenOf(await usual.ask({}))), 'partner-saml:alice@partner.example');
  assert.equal(subjectIn(tokenOf(await named.ask({}))), 'north/alice@partner.example');
});

test('P21: by claims: an attribute is who it is about, whatever its name; without it, or with two, nobody', async (t) => {
  const { ask, server } = await start(t, { subjectAttribute: EMPLOYEE });

  const known = await ask({ attributes: attribute('4711') });
  const refused = [
    await ask({ id: '_a2' }),
    await ask({ id: '_a3', attributes: attribute('4711', '4712') }),
    await ask({ id: '_a4', attributes: attribute('') }),
  ];

  assert.equal(subjectIn(tokenOf(known)), 'partner-saml:4711');
  assert.doesNotMatch(tokenOf(known), /alice/);
  for (const answer of refused) assert.equal(faultOf(answer), 'InvalidSecurityToken');
  const records = await server.auditRecords();
  assert.equal(records.filter(({ outcome }) => outcome === 'minted').length, 1);
});
