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

test('SAML Core 2.0 §2.2.2, §8.3: a name of another format is another name, and where the operator says which there are it is refused', async (t) => {
  const [email, unspecified] = ['emailAddress', 'unspecified'].map(
    (format) => `urn:oasis:names:tc:SAML:1.1:nameid-format:${format}`,
  );
  const named = (format: string | undefined, id: string): AssertionChanges => {
    const written = format === undefined ? '' : ` Format="${format}"`;
    return { id, name: `<saml2:NameID${written}>alice@partner.example</saml2:NameID>` };
  };
  const any = await start(t, {});
  const one = await start(t, { nameFormats: [email] });
  const usual = await start(t, { nameFormats: [unspecified] });

  // Two people of the partner, perhaps: here they are one.
  for (const [at, format] of [email, unspecified, undefined].entries())
    assert.equal(
      subjectIn(tokenOf(await any.ask(named(format, `_n${at}`)))),
      'partner-saml:alice@partner.example',
    );
  assert.match(tokenOf(await one.ask(named(email, '_n1'))), /alice@partner/);
  assert.equal(faultOf(await one.ask(named(unspecified, '_n2'))), 'InvalidSecurityToken');
  assert.equal(faultOf(await one.ask(named(undefined, '_n3'))), 'InvalidSecurityToken');
  // Without a format it is that one (§8.3.1).
  assert.match(tokenOf(await usual.ask(named(undefined, '_n4'))), /alice@partner/);
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
