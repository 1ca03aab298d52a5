// What strangers learn of a token that can be renewed: nothing, whether it lives or was cancelled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  anIssueMessage,
  aTargetMessage,
  faultOf,
  type IssueWishes,
  JWT,
  SAML1,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

/** Beyond the life of a token, and every skew. */
const OVER = 420;

const start = (t: Ending, configure?: (document: ConfigDocument) => void): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantBesides(document, {
      renewal: { lifetimeSeconds: 1200, maxCount: 3, afterExpiry: true },
    });
    configure?.(document);
  });

const issue = (server: TestServer, wishes: IssueWishes = {}) =>
  sendSoap(server, anIssueMessage({ user: 'carol', tokenType: SAML2, ...wishes }));
const ask = (server: TestServer, operation: 'Renew' | 'Cancel', target: string, user = 'carol') =>
  sendSoap(server, aTargetMessage(operation, { user, target }));

test('WS-Trust 1.3 §5: whoever holds the token of another learns not whether it was cancelled, used, or made of one that was cancelled', async (t) => {
  const server = await start(t, (document) => {
    const users = document.policy.find(({ id }) => id === 'users-to-orders') ?? {};
    const allow = { ...(users['allow'] as object), singleUse: true };
    const subject = { issuer: 'self', type: ['saml1'] };
    document.policy.unshift({ ...users, id: 'once', subject, allow });
  });
  const root = tokenOf(await issue(server));
  const once = tokenOf(await issue(server, { tokenType: SAML1 }));
  const tokens = [root, tokenOf(await issue(server, { onBehalfOf: root })), once];
  const tryAll = async () => {
    const answers = [];
    for (const token of tokens) answers.push(await ask(server, 'Renew', token, 'dave'));
    return answers.map(faultOf);
  };

  const alive = await tryAll();
  const used = await issue(server, { onBehalfOf: once });
  await ask(server, 'Cancel', root);
  const dead = await tryAll();

  assert.equal(used.status, 200, used.text);
  assert.deepEqual([...alive, ...dead], Array(6).fill('RequestFailed'));
  for (const token of tokens)
    assert.equal(faultOf(await ask(server, 'Renew', token)), 'InvalidSecurityToken');
});

test('WS-Trust 1.3 §11: that a token can still be renewed is told to its parties alone: to others it is over, cancelled or not', async (t) => {
  const server = await start(t);
  for (const tokenType of [SAML1, SAML2, JWT]) {
    const token = tokenOf(await issue(server, { tokenType, children: AFTER_EXPIRY }));
    server.clock.advance(OVER);
    const use = async (user: string) => faultOf(await issue(server, { user, onBehalfOf: token }));

    assert.equal(await use('carol'), 'RenewNeeded', 'it was issued to carol');
    assert.equal(await use('bob'), 'RenewNeeded', 'bob is its audience');
    assert.equal(await use('dave'), 'ExpiredData');
    await ask(server, 'Cancel', token);
    assert.equal(await use('dave'), 'ExpiredData');
  }
});

test('WS-Trust 1.3 §5: on what terms a token that is over could be renewed is not told to others, while it is on record and after', async (t) => {
  const server = await start(t);
  for (const children of ['<trust:Renewing Allow="false"/>', '', AFTER_EXPIRY]) {
    const token = tokenOf(await issue(server, { children }));

    server.clock.advance(OVER);

    assert.equal(faultOf(await ask(server, 'Renew', token, 'dave')), 'UnableToRenew', children);
  }
});
