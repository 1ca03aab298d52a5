// Claims that a request asks for (WS-Trust 1.3 §4.1), seen in the token of a whole server, in both dialects.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  faultOf,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const IDENTITY = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
const AUTHORIZATION = 'http://docs.oasis-open.org/wsfed/authorization/200706';
const DIALECTS = [
  ['2005/05 identity', IDENTITY, IDENTITY],
  ['200706 authorization', AUTHORIZATION, `${AUTHORIZATION}/authclaims`],
] as const;
const STEPS: (() => Promise<unknown>)[] = [];

describe('P20: claims', () => {
  let server: TestServer;
  before(async () => {
    const ending = { after: (step: () => Promise<unknown>) => void STEPS.unshift(step) };
    server = await startServer(ending, async (document, directory) => {
      await withSaml(document, directory);
      const [orders] = document.relyingParties;
      Object.assign(orders ?? {}, {
        claims: [
          { claim: 'email', from: 'email' },
          { claim: 'roles', from: 'groups', multiple: true },
          { claim: 'tenant', constant: 'acme', required: true },
        ],
      });
    });
  });
  after(async () => {
    for (const step of STEPS) await step();
  });

  for (const [name, namespace, dialect] of DIALECTS) {
    const ask = (...claims: readonly (readonly [uri: string, isOptional: boolean])[]) => {
      const types = claims.map(
        ([uri, isOptional]) => `<c:ClaimType Uri="${uri}" Optional="${isOptional}"/>`,
      );
      const children = `<trust:Claims Dialect="${dialect}" xmlns:c="${namespace}">${types.join('')}</trust:Claims>`;
      return sendSoap(server, anIssueMessage({ tokenType: SAML2, children }));
    };

    test(`WS-Trust 1.3 §4.1: ${name}: a claim that is asked for is in the token, an optional one that there is not is left out`, async () => {
      const token = tokenOf(await ask(['email', false], ['roles', true]));

      assert.match(token, /Name="email"[^>]*><saml:AttributeValue[^>]*>bob@example\.org</);
      assert.doesNotMatch(token, /Name="roles"/);
    });

    test(`WS-Trust 1.3 §4.1: ${name}: a mandatory claim that there is not refuses the request, beside one that there is`, async () => {
      const answers = [await ask(['roles', false]), await ask(['email', false], ['none', false])];

      for (const answer of answers) assert.equal(faultOf(answer), 'RequestFailed');
      const records = await server.auditRecords();
      assert.equal(records.at(-1)?.['reason'], 'claim-missing');
    });
  }

  test('WS-Federation 1.2 §9.3: by a wish nobody gets a token without a claim that its target requires', async () => {
    const wish = (value: string) => {
      const type = `<c:ClaimType Uri="tenant" Optional="true"><c:Value>${value}</c:Value></c:ClaimType>`;
      const children = `<trust:Claims Dialect="${AUTHORIZATION}/authclaims" xmlns:c="${AUTHORIZATION}">${type}</trust:Claims>`;
      return sendSoap(server, anIssueMessage({ tokenType: SAML2, children }));
    };

    const [same, other] = [await wish('acme'), await wish('none')];

    assert.match(tokenOf(same), /Name="tenant"[^>]*><saml:AttributeValue[^>]*>acme</);
    assert.equal(faultOf(other), 'RequestFailed');
  });
});
