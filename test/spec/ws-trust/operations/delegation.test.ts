// Delegation over real HTTP (WS-Trust 1.3 §9, ws-trust §8): permissions apart, chains that end, Delegatable kept on both fronts.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { JWT_TYPE } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  anIssueMessage,
  faultOf,
  type IssueWishes,
  JWT,
  jwtAsXml,
  SAML1,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const delegatable = (value: string): string => `<trust:Delegatable>${value}</trust:Delegatable>`;
const jwtIn = (xml: string): string =>
  Buffer.from(/>([^<]+)<\/wsse:BinarySecurityToken>/.exec(xml)?.[1] ?? '', 'base64').toString();

async function serverWith(
  ending: Ending,
  allow: Readonly<Record<string, unknown>>,
): Promise<TestServer> {
  return startServer(ending, async (document, directory) => {
    await withSaml(document, directory);
    const row = document.policy.find(({ id }) => id === 'users-to-orders');
    Object.assign(row?.['allow'] as object, allow);
    Object.assign(document.relyingParties[0] ?? {}, {
      servers: ['principal:self:bob', 'principal:self:dave', 'gateway'],
    });
  });
}

const issue = (server: TestServer, wishes: IssueWishes) => sendSoap(server, anIssueMessage(wishes));
const carols = async (server: TestServer, tokenType: string, children = ''): Promise<string> =>
  tokenOf(await issue(server, { user: 'carol', tokenType, children }));

describe('ws-trust §8: what a row allows', () => {
  const ending = endingOfSuite();

  for (const [allow, onBehalfOf, actAs] of [
    [{ impersonation: true, delegation: false }, 200, 500],
    [{ impersonation: false, delegation: true }, 500, 200],
    [{ impersonation: false, delegation: false }, 500, 500],
  ] as const)
    test(`${JSON.stringify(allow)}: OnBehalfOf ${onBehalfOf}, ActAs ${actAs}`, async () => {
      const server = await serverWith(ending, allow);
      for (const tokenType of [SAML1, SAML2, JWT]) {
        const token = await carols(server, tokenType);

        const behalf = await issue(server, { tokenType: SAML2, onBehalfOf: token });
        const acting = await issue(server, { tokenType: SAML2, actAs: token });

        assert.equal(behalf.status, onBehalfOf, behalf.text);
        assert.equal(acting.status, actAs, acting.text);
        for (const refused of [behalf, acting].filter(({ status }) => status === 500))
          assert.equal(faultOf(refused), 'RequestFailed');
      }
    });

  test('maxActors 1: a delegate cannot delegate again by ActAs', async () => {
    const server = await serverWith(ending, { maxActors: 1 });
    const first = await issue(server, { tokenType: SAML2, actAs: await carols(server, SAML2) });

    const again = await issue(server, { user: 'dave', tokenType: SAML2, actAs: tokenOf(first) });

    assert.equal(faultOf(again), 'RequestFailed');
  });
});

describe('ws-trust §8: chains and their end', () => {
  let server: TestServer;
  const ending = endingOfSuite();
  before(async () => {
    server = await serverWith(ending, {});
  });

  test('ActAs of a token that was made by ActAs: the newest actor outermost, in JWT and SAML 2.0 alike', async () => {
    const first = tokenOf(
      await issue(server, { tokenType: SAML2, actAs: await carols(server, SAML2) }),
    );

    const second = await issue(server, { user: 'dave', tokenType: JWT, actAs: first });

    const { act, sub } = decodeJwt<{ act: object }>(jwtIn(tokenOf(second)));
    assert.equal(sub, 'carol');
    const iss = 'https://sts.example.org';
    assert.deepEqual(act, { iss, sub: 'dave', act: { iss, sub: 'bob' } });
  });

  test('an actor cannot come twice, and the subject cannot act for itself', async () => {
    const first = tokenOf(
      await issue(server, { tokenType: SAML2, actAs: await carols(server, SAML2) }),
    );
    const bobs = tokenOf(await issue(server, { tokenType: SAML2 }));

    assert.equal(faultOf(await issue(server, { tokenType: SAML2, actAs: first })), 'RequestFailed');
    assert.equal(faultOf(await issue(server, { tokenType: SAML2, actAs: bobs })), 'RequestFailed');
  });

  for (const tokenType of [SAML1, SAML2, JWT]) {
    test(`Delegatable false in ${tokenType}: nobody has a token made of it, on neither front`, async () => {
      const token = await carols(server, tokenType, delegatable('false'));
      const subject = tokenType === JWT ? jwtIn(token) : Buffer.from(token).toString('base64url');
      const type = { [JWT]: JWT_TYPE, [SAML2]: SAML2_TYPE }[tokenType];

      assert.equal(faultOf(await issue(server, { onBehalfOf: token })), 'RequestFailed');
      assert.equal(faultOf(await issue(server, { actAs: token })), 'RequestFailed');
      const exchanged = await server.exchange({
        subject_token: subject,
        subject_token_type: type ?? 'urn:ietf:params:oauth:token-type:saml1',
      });
      assert.equal(exchanged.status, 400, exchanged.text);
      const refusal = (await server.auditRecords()).at(-1);
      assert.equal(refusal?.['reason'], 'delegation-not-allowed');
    });

    test(`Delegatable unsaid in ${tokenType}: policy alone decides`, async () => {
      const token = await carols(server, tokenType);

      assert.equal((await issue(server, { onBehalfOf: token })).status, 200);
    });
  }

  test('Delegatable true: each step takes one, and the token says how many are left', async () => {
    const count = (xml: string): string | undefined =>
      /<saml:ProxyRestriction Count="(\d)"/.exec(xml)?.[1];
    const first = await carols(server, SAML2, delegatable('true'));

    const second = tokenOf(await issue(server, { tokenType: SAML2, onBehalfOf: first }));
    const third = tokenOf(await issue(server, { tokenType: SAML2, actAs: second }));

    assert.deepEqual([first, second, third].map(count), ['5', '4', '3']);
    const last = tokenOf(
      await issue(server, {
        user: 'dave',
        tokenType: SAML2,
        actAs: third,
        children: delegatable('false'),
      }),
    );
    assert.equal(count(last), '0');
    assert.equal(faultOf(await issue(server, { onBehalfOf: last })), 'RequestFailed');
  });

  test('a token of another, and a forged or unsigned one, are refused in OnBehalfOf and ActAs', async () => {
    const daves = tokenOf(await issue(server, { user: 'dave', tokenType: SAML2 }));
    const carol = await carols(server, SAML2);
    const unsigned = carol.replace(/<ds:Signature .*<\/ds:Signature>/s, '');
    const jwt = jwtIn(await carols(server, JWT));
    const [head = '', body = '', signature = ''] = jwt.split('.');
    const other = body.startsWith('e') ? `${body.slice(0, -2)}AA` : body;
    for (const token of [
      carol.replace('>carol<', '>dave<'),
      unsigned,
      `${carol}`.replace('ID="_', 'ID="_x'),
      jwtAsXml(`${head}.${other}.${signature}`),
      jwtAsXml(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`),
    ])
      for (const refused of [
        await issue(server, { onBehalfOf: token }),
        await issue(server, { actAs: token }),
      ])
        assert.equal(faultOf(refused), 'InvalidSecurityToken');
    // Carol is no server of the party: the token was not given to her.
    for (const wishes of [{ onBehalfOf: daves }, { actAs: daves }])
      assert.equal(
        faultOf(await issue(server, { user: 'carol', ...wishes })),
        'InvalidSecurityToken',
      );
  });
});
