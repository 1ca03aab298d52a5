// Renew over real HTTP (WS-Trust 1.3 §5): what is kept, how often and how long, and who gets nothing more.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  anIssueMessage,
  aTargetMessage,
  faultOf,
  type IssueWishes,
  isValid,
  JWT,
  jwtAsXml,
  SAML1,
  SAML2,
  SOAP_11,
  SOAP_12,
  type SoapAnswer,
  sendSoap,
  type TargetWishes,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { edited } from '#test/support/xml/tamper.ts';

const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const TERMS = { lifetimeSeconds: 1200, maxCount: 3, afterExpiry: true };
const LIFETIME_SECONDS = 300;
/** Beyond every skew. */
const OVER = LIFETIME_SECONDS + 120;

type Configure = (document: ConfigDocument, directory: string) => void | Promise<void>;

/** A server whose rows grant renewal. */
async function start(t: Ending, configure?: Configure) {
  let assertion = '';
  const server = await startServer(t, async (document, directory) => {
    const { partner } = await withSaml(document, directory);
    assertion = partner.assertion('saml2');
    grantBesides(document, { renewal: TERMS });
    await configure?.(document, directory);
  });
  return { server, foreign: () => assertion };
}

const issue = (server: TestServer, wishes: IssueWishes = {}): Promise<SoapAnswer> =>
  sendSoap(server, anIssueMessage({ user: 'carol', tokenType: SAML2, ...wishes }));
const renew = (
  server: TestServer,
  target: string,
  wishes: TargetWishes = {},
): Promise<SoapAnswer> =>
  sendSoap(server, aTargetMessage('Renew', { user: 'carol', target, ...wishes }));
const cancel = (server: TestServer, target: string): Promise<SoapAnswer> =>
  sendSoap(server, aTargetMessage('Cancel', { user: 'carol', target }));
const expiryOf = ({ text }: SoapAnswer): number => {
  const [, expires = ''] = /<wsu:Expires[^>]*>([^<]+)</.exec(text) ?? [];
  return Date.parse(expires) / 1000;
};

/** What a renewal must not change, read from the token. */
function keptParts(token: string): readonly string[] {
  const jwt = /BinarySecurityToken[^>]*>([^<]+)</.exec(token)?.[1];
  if (jwt !== undefined) {
    const [, payload = ''] = Buffer.from(jwt, 'base64').toString().split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    for (const name of ['iat', 'exp', 'nbf', 'jti']) delete claims[name];
    return [JSON.stringify(claims, Object.keys(claims).sort())];
  }
  return [
    /<saml:Audience>[^<]*</,
    /<saml:NameI[^>]*>[^<]*</,
    /Recipient="[^"]*"/,
    /<saml:AttributeValue[^>]*>[^<]*</,
  ].map((pattern) => pattern.exec(token)?.[0] ?? '');
}

async function rewriteConfig(server: TestServer, change: (text: string) => string): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const before = await readFile(path, 'utf8');
  const after = change(before);
  assert.notEqual(after, before);
  await writeFile(path, after);
  await server.reload();
}

describe('Renew', () => {
  for (const tokenType of [SAML1, SAML2, JWT])
    for (const [trust, soap] of [
      [TRUST_13, SOAP_12],
      [TRUST_13, SOAP_11],
      [TRUST_2005, SOAP_12],
      [TRUST_2005, SOAP_11],
    ] as const)
      test(`ws-trust W4, W15: ${tokenType} twice, in a bare response (${trust}, ${soap})`, async (t) => {
        const { server } = await start(t);
        const issued = await issue(server, { tokenType });
        const target = tokenOf(issued);
        server.clock.advance(100);

        const first = await renew(server, target, { trust, soap });
        server.clock.advance(100);
        const second = await renew(server, tokenOf(first), { trust, soap });

        const prefix = trust === TRUST_13 ? 'trust' : 't';
        const final = trust === TRUST_13 ? 'RenewFinal' : 'Renew';
        for (const answer of [first, second]) {
          assert.match(answer.text, new RegExp(`<s:Body><${prefix}:RequestSecurityTokenResponse `));
          assert.match(answer.text, new RegExp(`Action[^>]*>${trust}/RSTR/${final}<`));
          assert.ok(
            answer.text.includes(`<${prefix}:TokenType>${tokenType}</${prefix}:TokenType>`),
          );
          assert.deepEqual(keptParts(tokenOf(answer)), keptParts(target));
          assert.equal(await isValid(server, tokenOf(answer)), true);
        }
        assert.deepEqual(
          [expiryOf(first), expiryOf(second)],
          [expiryOf(issued) + 100, expiryOf(issued) + 200],
        );
      });

  test('ws-trust R6: the chain ends with its count, however its links are spread', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    const answers = await Promise.all(Array.from({ length: 8 }, () => renew(server, target)));

    const refused = answers.filter(({ status }) => status !== 200);
    assert.equal(answers.length - refused.length, TERMS.maxCount);
    for (const answer of refused) assert.equal(faultOf(answer), 'UnableToRenew');
  });

  test('ws-trust R6: what is refused for the renewals before its chain takes none from the chain', async (t) => {
    const { server } = await start(t);
    const renewed = tokenOf(await renew(server, tokenOf(await issue(server))));
    const first = tokenOf(await issue(server, { onBehalfOf: renewed }));
    const second = tokenOf(await renew(server, first));
    const third = tokenOf(await renew(server, second));

    const beyond = await renew(server, third);
    const last = await renew(server, first);

    assert.equal(faultOf(beyond), 'UnableToRenew');
    assert.equal(last.status, 200, last.text);
    assert.equal(faultOf(await renew(server, first)), 'UnableToRenew');
  });

  test('WS-Trust 1.3 §5: no renewal reaches beyond the absolute end', async (t) => {
    const { server } = await start(t);
    const issued = await issue(server, { children: AFTER_EXPIRY });
    const end = expiryOf(issued) - LIFETIME_SECONDS + TERMS.lifetimeSeconds;
    server.clock.advance(TERMS.lifetimeSeconds - 100);

    const last = await renew(server, tokenOf(issued));
    server.clock.advance(100);
    const late = await renew(server, tokenOf(last));

    assert.equal(expiryOf(last), end);
    assert.equal(faultOf(late), 'UnableToRenew');
  });

  test('WS-Trust 1.3 §4.1: Renewing OK lets an ended token be renewed; elsewhere it is RenewNeeded', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server, { children: AFTER_EXPIRY }));
    server.clock.advance(OVER);

    const used = await issue(server, { onBehalfOf: target });
    const status = await isValid(server, target);
    const renewed = await renew(server, target);

    assert.equal(faultOf(used), 'RenewNeeded');
    assert.equal(status, false);
    assert.equal(await isValid(server, tokenOf(renewed)), true);
  });

  test('WS-Trust 1.3 §11: what was cancelled needs no renewal: after its end it is ExpiredData', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server, { children: AFTER_EXPIRY }));
    const made = tokenOf(await issue(server, { onBehalfOf: target, children: AFTER_EXPIRY }));
    server.clock.advance(OVER);
    assert.equal(faultOf(await issue(server, { onBehalfOf: made })), 'RenewNeeded');
    const cancelled = await sendSoap(server, aTargetMessage('Cancel', { user: 'carol', target }));

    assert.equal(cancelled.status, 200, cancelled.text);
    for (const onBehalfOf of [target, made])
      assert.equal(faultOf(await issue(server, { onBehalfOf })), 'ExpiredData');
  });

  test('WS-Trust 1.3 §4.1: without OK an ended token is not renewed, and elsewhere it is ExpiredData', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server, { children: '<trust:Renewing/>' }));
    server.clock.advance(OVER);

    assert.equal(faultOf(await renew(server, target)), 'UnableToRenew');
    assert.equal(faultOf(await issue(server, { onBehalfOf: target })), 'ExpiredData');
  });

  test('Policy: what is good once and was used does not come back by a renewal after its end', async (t) => {
    const { server } = await start(t, (document) => {
      const users = document.policy.find(({ id }) => id === 'users-to-orders') ?? {};
      document.policy.unshift({
        ...users,
        id: 'assertions-once',
        subject: { issuer: 'self', type: ['saml2'] },
        allow: { ...(users['allow'] as object), singleUse: true },
      });
    });
    const target = tokenOf(await issue(server, { children: AFTER_EXPIRY }));
    const used = await issue(server, { onBehalfOf: target });

    // Beyond the margin that is kept on top of the end.
    server.clock.advance(OVER + 10);

    assert.equal(used.status, 200, used.text);
    assert.equal(faultOf(await renew(server, target)), 'InvalidSecurityToken');
  });

  test('ws-trust §3.4: a renewal does not set the terms of the next', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    const more = await renew(server, target, { children: '<t:Renewing OK="true"/>' });
    const none = await renew(server, target, { children: '<t:Renewing Allow="false"/>' });
    const usual = await renew(server, target, { children: '<t:Renewing/>' });

    assert.equal(faultOf(more), 'UnableToRenew');
    assert.equal(faultOf(none), 'BadRequest');
    server.clock.advance(OVER);
    assert.equal(faultOf(await renew(server, tokenOf(usual))), 'UnableToRenew');
  });

  test('WS-Trust 1.3 §4.1: Renewing Allow false makes a token that is not renewable', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server, { children: '<trust:Renewing Allow="false"/>' }));

    assert.equal(faultOf(await renew(server, target)), 'UnableToRenew');
  });

  test('WS-Trust 1.3 §5: what no row grants is not renewable: issued all the same, but not with OK', async (t) => {
    const { server } = await start(t, (document) => {
      grantBesides(document, { renewal: undefined });
    });

    const issued = await issue(server, { children: '<trust:Renewing/>' });
    const relied = await issue(server, { children: AFTER_EXPIRY });

    assert.equal(faultOf(await renew(server, tokenOf(issued))), 'UnableToRenew');
    assert.equal(faultOf(relied), 'UnableToRenew');
  });

  test('WS-Trust 1.3 §5: nobody renews the token of another, not even its audience', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    assert.equal(faultOf(await renew(server, target, { user: 'dave' })), 'RequestFailed');
    assert.equal(faultOf(await renew(server, target, { user: 'bob' })), 'RequestFailed');
  });

  test('WS-Trust 1.3 §5: foreign, forged and wrapped tokens are not renewed', async (t) => {
    const { server, foreign } = await start(t);
    const own = tokenOf(await issue(server));
    const wrapped = own
      .replace(/ID="[^"]+"/, 'ID="_evil"')
      .replace(/<ds:Signature/, `${own}<ds:Signature`);
    const expired = await server.partner.sign({
      iat: server.clock.now() - 7200,
      nbf: undefined,
      exp: server.clock.now() - 3600,
    });

    for (const [target, code] of [
      [foreign(), 'UnableToRenew'],
      [jwtAsXml(await server.partner.sign()), 'UnableToRenew'],
      [jwtAsXml(expired), 'ExpiredData'],
      [edited(own, '>carol<', '>wendy<'), 'InvalidSecurityToken'],
      [wrapped, 'InvalidSecurityToken'],
    ] as const)
      assert.equal(faultOf(await renew(server, target)), code);
  });

  test('WS-Trust 1.3 §6: a cancelled token is not renewed, and none of its chain lives on', async (t) => {
    const { server } = await start(t);
    const first = tokenOf(await issue(server));
    const second = tokenOf(await renew(server, first));
    const third = tokenOf(await renew(server, second));
    const before = [await isValid(server, first), await isValid(server, third)];

    await cancel(server, second);

    assert.deepEqual(before, [true, true]);
    for (const token of [first, second, third]) {
      assert.equal(await isValid(server, token), false);
      assert.equal(faultOf(await renew(server, token)), 'InvalidSecurityToken');
    }
  });

  test('WS-Trust 1.3 §6: an ended token that could be renewed is cancelled for good', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server, { children: AFTER_EXPIRY }));
    server.clock.advance(OVER);

    assert.equal((await cancel(server, target)).status, 200);
    server.clock.advance(300);

    assert.equal(faultOf(await renew(server, target)), 'InvalidSecurityToken');
  });

  test('Revocation: a renewed token dies with the token that the first of its chain was made from, long after that ended', async (t) => {
    const { server } = await start(t);
    const root = tokenOf(await issue(server, { tokenType: JWT }));
    const issued = await issue(server, { onBehalfOf: root, children: AFTER_EXPIRY });
    server.clock.advance(OVER);
    const renewed = tokenOf(await renew(server, tokenOf(issued)));
    const before = await isValid(server, renewed);

    assert.equal((await cancel(server, root)).status, 200);
    server.clock.advance(200);

    assert.equal(before, true);
    assert.equal(await isValid(server, renewed), false);
    assert.equal(faultOf(await renew(server, renewed)), 'InvalidSecurityToken');
  });

  test('ws-trust §3.4: AppliesTo may be our own address or that of the token, nothing else', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    const own = await renew(server, target, {
      children: anAppliesTo('https://sts.example.org/ws-trust'),
    });
    const same = await renew(server, target, { children: anAppliesTo(BILLING) });
    const other = await renew(server, target, {
      children: anAppliesTo('https://unknown.example/'),
    });

    assert.deepEqual([own.status, same.status], [200, 200]);
    assert.equal(faultOf(other), 'InvalidScope');
  });

  test('WS-Trust 1.3 §5: a shorter lifetime is honoured, another type, key or target is not', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));
    const now = new Date(server.clock.now() * 1000).toISOString();
    const soon = new Date((server.clock.now() + 60) * 1000).toISOString();
    const lifetime = `<t:Lifetime><u:Created xmlns:u="${WSU}">${now}</u:Created><u:Expires xmlns:u="${WSU}">${soon}</u:Expires></t:Lifetime>`;

    const short = await renew(server, target, { children: lifetime });

    assert.equal(expiryOf(short), server.clock.now() + 60);
    for (const [wishes, code] of [
      [{ tokenType: SAML1 }, 'UnsupportedSecurityToken'],
      [{ tokenType: 'urn:x' }, 'UnsupportedSecurityToken'],
      [{ children: `<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType>` }, 'UnableToRenew'],
      [{ children: `<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>` }, 'UnableToRenew'],
      [{ children: '<t:Claims/>' }, 'BadRequest'],
      [
        { children: '<t:ValidateTarget><TokenWrapper>a.b.c</TokenWrapper></t:ValidateTarget>' },
        'InvalidRequest',
      ],
      [{ children: '<t:RenewTarget/>' }, 'InvalidRequest'],
    ] as const)
      assert.equal(faultOf(await renew(server, target, wishes)), code);
  });

  test('Policy: no renewal once the row is gone', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    await rewriteConfig(server, (text) =>
      text.replace(/principal:\s+issuer: self/, 'principal: { issuer: partner-saml }'),
    );

    assert.equal(faultOf(await renew(server, target)), 'InvalidScope');
  });

  test('Policy: no renewal once the target withdraws its consent', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    await rewriteConfig(server, (text) => text.replace('requestors: any', 'requestors: [gateway]'));

    assert.equal(faultOf(await renew(server, target)), 'InvalidScope');
  });

  test('Policy: no renewal of a token about a user who was disabled', async (t) => {
    const { server } = await start(t);
    const root = tokenOf(await sendSoap(server, anIssueMessage({ user: 'carol', tokenType: JWT })));
    // Bob is a server of the audience: he may present it.
    const target = tokenOf(
      await sendSoap(server, anIssueMessage({ user: 'bob', tokenType: SAML2, onBehalfOf: root })),
    );
    const before = await renew(server, target, { user: 'bob' });
    const path = join(server.directory, 'users.yaml');
    const users = await readFile(path, 'utf8');
    await writeFile(path, users.replace('{"id":"carol"', '{"disabled":true,"id":"carol"'));
    await server.reload();

    assert.equal(before.status, 200, before.text);
    assert.equal(faultOf(await renew(server, target, { user: 'bob' })), 'UnableToRenew');
  });

  test('Audit: a renewal is on record as such, refused or minted', async (t) => {
    const { server } = await start(t);
    const target = tokenOf(await issue(server));

    await renew(server, target);
    await renew(server, target, { user: 'dave' });

    const records = await server.auditRecords();
    assert.deepEqual(
      records
        .filter(({ event }) => event === 'token.renew')
        .map(({ operation, outcome, reason }) => [operation, outcome, reason]),
      [
        ['renew', 'allowed', undefined],
        ['renew', 'minted', undefined],
        ['renew', 'refused', 'requestor-not-allowed'],
      ],
    );
  });
});
