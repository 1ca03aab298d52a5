// RequestSecurityTokenCollection over real HTTP (WS-Trust 1.3 §3.4): an outcome for each, in order, nothing for a refused one.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { grantBesides } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  aBatchMessage,
  anIssueMessage,
  faultOf,
  isValid,
  JWT,
  SAML1,
  SAML2,
  type SoapAnswer,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';

const OF_KEYS = ['UseKey', 'DelegateTo', 'Encryption', 'ProofEncryption'];

const issueOf = (tokenType: string, address?: string) =>
  `<t:TokenType>${tokenType}</t:TokenType>${anAppliesTo(address)}`;
const responsesOf = ({ status, text }: SoapAnswer): readonly string[] => {
  assert.equal(status, 200, text);
  const [, collection = ''] =
    /<s:Body><trust:RequestSecurityTokenResponseCollection [^>]*>(.*)<\/trust:RequestSecurityTokenResponseCollection><\/s:Body>/s.exec(
      text,
    ) ?? [];
  return (
    collection.match(
      /<trust:RequestSecurityTokenResponse .*?<\/trust:RequestSecurityTokenResponse>/gs,
    ) ?? []
  );
};
const contextOf = (response: string) => /Context="([^"]*)"/.exec(response)?.[1];

describe('Batch', () => {
  let server: TestServer;
  const ending = endingOfSuite();
  before(async () => {
    server = await startServer(ending, async (document, directory) => {
      await withSaml(document, directory);
      grantBesides(document, { renewal: { lifetimeSeconds: 3600, maxCount: 3 } });
    });
  });
  const minted = async () =>
    (await server.auditRecords()).filter(({ outcome }) => outcome === 'minted').length;

  test('WS-Trust 1.3 §3.4: tokens of every type in the order of their requests', async () => {
    const types = [SAML1, JWT, SAML2, JWT];

    const answer = await sendSoap(
      server,
      aBatchMessage(
        'Issue',
        types.map((type) => issueOf(type)),
      ),
    );

    const responses = responsesOf(answer);
    assert.match(answer.text, new RegExp(`Action[^>]*>${TRUST_13}/RSTRC/IssueFinal<`));
    assert.deepEqual(responses.map(contextOf), ['urn:1', 'urn:2', 'urn:3', 'urn:4']);
    assert.deepEqual(
      responses.map((response) => /<trust:TokenType>([^<]*)</.exec(response)?.[1]),
      types,
    );
    const ids = [...answer.text.matchAll(/wsu:Id="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, 2);
  });

  test('WS-Trust 1.3 §3.4: one bad item has its own outcome, nothing is made for it, and it is on record', async () => {
    const before = await minted();

    const answer = await sendSoap(
      server,
      aBatchMessage('Issue', [
        issueOf(SAML2),
        issueOf(SAML2, 'https://unknown.example/'),
        `${issueOf(SAML2)}<t:Forwardable>false</t:Forwardable>`,
        issueOf(JWT),
      ]),
    );

    const responses = responsesOf(answer);
    assert.deepEqual(responses.map(contextOf), ['urn:1', 'urn:2', 'urn:3', 'urn:4']);
    assert.deepEqual(
      responses.map((response) => response.includes('RequestedSecurityToken')),
      [true, false, false, true],
    );
    const refused = (reason: string) =>
      `<trust:Status><trust:Code>${TRUST_13}/status/invalid</trust:Code><trust:Reason>${reason}</trust:Reason></trust:Status>`;
    assert.ok(responses[1]?.includes(refused('The request scope is invalid or unsupported')));
    assert.ok(
      responses[2]?.includes(refused('The specified RequestSecurityToken is not understood')),
    );
    assert.equal(await minted(), before + 2);
    const reasons = (await server.auditRecords()).map(({ reason }) => reason);
    assert.ok(reasons.includes('target-unknown') && reasons.includes('operation-unsupported'));
  });

  for (const [what, content, reason] of [
    [
      'a child we do not know',
      '<x:y xmlns:x="urn:x"/>',
      'The specified RequestSecurityToken is not understood',
    ],
    [
      'a KeySize that is no number',
      '<t:KeySize>x</t:KeySize>',
      'The request was invalid or malformed',
    ],
    ['a token without content', '<t:OnBehalfOf/>', 'The request was invalid or malformed'],
    [
      'a token of nobody',
      '<t:OnBehalfOf><x:y xmlns:x="urn:x"/></t:OnBehalfOf>',
      'An unsupported token was provided',
    ],
  ] as const)
    test(`ws-trust §3.1: one item that cannot be read has its own outcome: ${what}`, async () => {
      const before = await minted();

      const answer = await sendSoap(
        server,
        aBatchMessage('Issue', [issueOf(SAML2), issueOf(SAML2) + content, issueOf(JWT)]),
      );

      const responses = responsesOf(answer);
      assert.deepEqual(responses.map(contextOf), ['urn:1', 'urn:2', 'urn:3']);
      assert.deepEqual(
        responses.map((response) => response.includes('RequestedSecurityToken')),
        [true, false, true],
      );
      assert.ok(responses[1]?.includes(`<trust:Reason>${reason}</trust:Reason>`), responses[1]);
      assert.equal(await minted(), before + 2);
    });

  for (const at of [0, 1, 2])
    for (const [what, bad] of [
      ['that policy refuses', issueOf(SAML2, 'https://unknown.example/')],
      ['that asks for what is not done', `${issueOf(SAML2)}<t:Forwardable>false</t:Forwardable>`],
      ['that cannot be read', `${issueOf(SAML2)}<t:OnBehalfOf/>`],
    ] as const)
      test(`ws-trust §3.1: an item ${what} takes nothing from the others, in place ${at + 1} of 3`, async () => {
        const before = await minted();
        const items = [issueOf(SAML1), issueOf(SAML2), issueOf(JWT)].with(at, bad);

        const responses = responsesOf(await sendSoap(server, aBatchMessage('Issue', items)));

        assert.deepEqual(responses.map(contextOf), ['urn:1', 'urn:2', 'urn:3']);
        assert.deepEqual(
          responses.map((response) => response.includes('RequestedSecurityToken')),
          [true, true, true].with(at, false),
        );
        assert.equal(await minted(), before + 2);
      });

  test('WS-Trust 1.3 §3.4: Validate and Cancel of several tokens, valid or not', async () => {
    const tokens = await Promise.all(
      [SAML1, SAML2, JWT].map(async (tokenType) =>
        tokenOf(await sendSoap(server, anIssueMessage({ tokenType }))),
      ),
    );
    const [first = '', second = '', third = ''] = tokens;
    // Not in the certificate beside it, where the letters can stand as well and nobody asks.
    const forged = second.replace('>bob<', '>eve<');
    const target = (operation: string) => (token: string) =>
      `<t:${operation}Target>${token}</t:${operation}Target>`;

    const validated = await sendSoap(
      server,
      aBatchMessage('Validate', [first, forged, third].map(target('Validate'))),
    );
    const cancelled = await sendSoap(
      server,
      aBatchMessage('Cancel', [first, forged, third].map(target('Cancel'))),
    );

    assert.deepEqual(
      responsesOf(validated).map((response) => /status\/(\w+)</.exec(response)?.[1]),
      ['valid', 'invalid', 'valid'],
    );
    assert.deepEqual(
      responsesOf(cancelled).map((response) => response.includes('RequestedTokenCancelled')),
      [true, false, true],
    );
    assert.deepEqual(await Promise.all(tokens.map((token) => isValid(server, token, 'bob'))), [
      false,
      true,
      false,
    ]);
  });

  test('WS-Trust 1.3 §3.4: Renew of several tokens of every type, but of none that is forged', async () => {
    const tokens = await Promise.all(
      [SAML1, SAML2, JWT, SAML2].map(async (tokenType) =>
        tokenOf(await sendSoap(server, anIssueMessage({ tokenType }))),
      ),
    );
    const [first = '', second = '', third = '', fourth = ''] = tokens;
    const before = await minted();
    const items = [first, second.replace('>bob<', '>eve<'), third, fourth];

    const answer = await sendSoap(
      server,
      aBatchMessage(
        'Renew',
        items.map((token) => `<t:RenewTarget>${token}</t:RenewTarget>`),
      ),
    );

    const responses = responsesOf(answer);
    assert.match(answer.text, new RegExp(`Action[^>]*>${TRUST_13}/RSTRC/RenewFinal<`));
    assert.deepEqual(
      responses.map((response) => /<trust:TokenType>([^<]*)</.exec(response)?.[1]),
      [SAML1, undefined, JWT, SAML2],
    );
    assert.ok(responses[1]?.includes('<trust:Reason>Security token has been revoked<'));
    assert.equal(await minted(), before + 3);
    for (const text of responses.toSpliced(1, 1)) {
      const renewed = tokenOf({ status: 200, text });
      assert.ok(!items.includes(renewed));
      assert.equal(await isValid(server, renewed, 'bob'), true);
    }
  });

  // Four keys to a request, none of which can be told.
  const withKeys = (keys: number): readonly string[] => [
    issueOf(JWT),
    ...Array.from({ length: Math.ceil(keys / 4) }, (_, at) =>
      OF_KEYS.slice(0, keys - 4 * at)
        .map((name) => `<t:${name}/>`)
        .join(''),
    ),
  ];
  test('xml-security §3: a collection of 32 keys is read: each has the outcome of its request', async () => {
    const responses = responsesOf(await sendSoap(server, aBatchMessage('Issue', withKeys(32))));

    assert.deepEqual(
      responses.map((response) => response.includes('RequestedSecurityToken')),
      [true, ...Array.from({ length: 8 }, () => false)],
    );
  });

  const two = [issueOf(SAML2), issueOf(SAML2)];
  for (const [what, message, code] of [
    ['one request alone', aBatchMessage('Issue', two.slice(1)), 'InvalidRequest'],
    ['no request', aBatchMessage('Issue', []), 'InvalidRequest'],
    [
      'an attribute of the collection',
      aBatchMessage('Issue', two).replace('Collection xmlns:t', 'Collection Order="any" xmlns:t'),
      'BadRequest',
    ],
    [
      '21 requests',
      aBatchMessage(
        'Issue',
        Array.from({ length: 21 }, () => issueOf(SAML2)),
      ),
      'BadRequest',
    ],
    ['33 keys', aBatchMessage('Issue', withKeys(33)), 'BadRequest'],
    [
      'requests of several kinds',
      // The action is that of the first.
      aBatchMessage('Issue', two).replace(/(.*)\/BatchIssue</s, '$1/BatchCancel<'),
      'InvalidRequest',
    ],
    [
      'the RequestType of a single request',
      aBatchMessage('Issue', two).replace('/BatchIssue</t:RequestType>', '/Issue</t:RequestType>'),
      'BadRequest',
    ],
    [
      'BatchSTSCancel',
      aBatchMessage('Issue', two).replaceAll('/BatchIssue<', '/BatchSTSCancel<'),
      'BadRequest',
    ],
    [
      'an action of another operation',
      aBatchMessage('Issue', two).replace('RST/BatchIssue', 'RST/BatchCancel'),
      'InvalidRequest',
    ],
    [
      'a To of another',
      aBatchMessage('Issue', two).replace(
        '</a:Action>',
        '</a:Action><a:To>https://other.example/ws-trust</a:To>',
      ),
      'InvalidRequest',
    ],
    [
      'something else in the collection',
      aBatchMessage('Issue', two).replace(
        '</t:RequestSecurityTokenCollection>',
        '<x/></t:RequestSecurityTokenCollection>',
      ),
      'InvalidRequest',
    ],
    [
      'a collection in a collection',
      aBatchMessage('Issue', two).replace(
        '</t:RequestSecurityTokenCollection>',
        '<t:RequestSecurityTokenCollection/></t:RequestSecurityTokenCollection>',
      ),
      'BadRequest',
    ],
    [
      'a collection of February 2005',
      aBatchMessage('Issue', two).replaceAll(TRUST_13, TRUST_2005),
      'BadRequest',
    ],
    [
      'a batch RequestType alone',
      anIssueMessage().replaceAll('/Issue<', '/BatchIssue<'),
      'BadRequest',
    ],
    [
      'a request of February 2005',
      aBatchMessage('Issue', two).replace(
        /<t:RequestSecurityToken Context="urn:2">(.*?)<\/t:RequestSecurityToken>/s,
        (_, children: string) =>
          `<u:RequestSecurityToken xmlns:u="${TRUST_2005}" Context="urn:2">${children.replaceAll('<t:', '<u:').replaceAll('</t:', '</u:').replace(TRUST_13, TRUST_2005)}</u:RequestSecurityToken>`,
      ),
      'InvalidRequest',
    ],
    [
      'a wrong password',
      aBatchMessage('Issue', two).replace('correct horse', 'wrong horse'),
      'FailedAuthentication',
    ],
  ] as const)
    test(`WS-Trust 1.3 §3.4: refuses ${what} whole, and makes nothing`, async () => {
      const before = await minted();

      const answer = await sendSoap(server, message);

      assert.equal(faultOf(answer), code);
      assert.equal(await minted(), before);
    });
});
