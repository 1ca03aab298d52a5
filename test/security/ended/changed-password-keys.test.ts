// Keys and secrets that somebody got on a password: once it was changed they log nobody in and renew nothing (decision 30). What came by a
// certificate does not rest on the password.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { changeUser, setPassword } from '#test/support/server/user-file.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  aTimestamp,
} from '#test/support/soap/signed-message.ts';
import {
  aContextMessage,
  askForContext,
  withContexts,
} from '#test/support/ws-trust/context-message.ts';
import { faultOf, SAML2, sendSoap, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { about, type Context, signed } from '#test/support/ws-trust/security-context.ts';
import { aUserNameToken } from '#test/support/ws-trust/ws-trust.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const certified = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
const nobodys = await aCertificate({ name: 'CN=bob', algorithm: 'RSA' });

const SAML_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID';
const BOB = aUserNameToken({ name: 'bob', password: PASSWORD });
const CREDENTIALS = ['username', 'issued-token', 'security-context', 'certificate'];

const start = (t: Ending): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    await withContexts(document, directory, CREDENTIALS);
    await withUserAuthority(document, directory, root);
    const renewal = { lifetimeSeconds: 7200, maxCount: 50, afterExpiry: true };
    for (const row of document.policy) Object.assign(row['allow'] as object, { renewal });
  });

/** A message that is otherwise the same would be the one before, sent again. */
let second = 10;
function aMoment(): string {
  second += 1;
  return aTimestamp(`2027-01-15T08:04:${second}Z`);
}

const issueFor = (more = ''): string =>
  anRst({
    children: `${anAppliesTo()}<t:TokenType>${SAML2}</t:TokenType><t:KeyType>${TRUST_13}/PublicKey</t:KeyType>${more}`,
  });
const renewalOf = (token: string): string =>
  anRst({
    requestType: `${TRUST_13}/Renew`,
    children: `<t:RenewTarget>${token}</t:RenewTarget>`,
  });

/** An assertion for a key of bob's own, by password. */
async function byPassword(server: TestServer): Promise<string> {
  const body = issueFor(`<t:UseKey>${aDirectReference()}</t:UseKey>`);
  const tokens = `${BOB}${aBinaryToken(nobodys)}`;
  const message = aSignedMessage(body, { by: nobodys, tokens, timestamp: aMoment() });
  return tokenOf(await sendSoap(server, message));
}

const byCertificate = async (server: TestServer): Promise<string> =>
  tokenOf(
    await sendSoap(server, aSignedMessage(issueFor(), { by: certified, timestamp: aMoment() })),
  );

/** A message that is signed with the key of an assertion. */
function withToken(body: string, token: string, by: typeof certified, header = token) {
  const [, id = ''] = / ID="([^"]+)"/.exec(token) ?? [];
  const keyInfo = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML_ID}">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
  return aSignedMessage(body, { by, tokens: header, keyInfo, timestamp: aMoment() });
}

const inContext = (context: Context, body: string, header = ''): string =>
  signed(context, body, { header, timestamp: aMoment() });

describe('Decision 30: once a password was changed', () => {
  test('an assertion with a key logs nobody in, and is renewed no more', async (t) => {
    const server = await start(t);
    const token = await byPassword(server);
    const logIn = () => sendSoap(server, withToken(issueFor(), token, nobodys));
    const renew = () => sendSoap(server, withToken(renewalOf(token), token, nobodys, ''));
    const renewBeside = () => sendSoap(server, withToken(renewalOf(token), token, nobodys, BOB));
    await server.reload();
    const before = [await logIn(), await renew(), await renewBeside()];

    await setPassword(server, 'bob');

    for (const { status, text } of before) assert.equal(status, 200, text);
    assert.equal(faultOf(await logIn()), 'FailedAuthentication');
    assert.equal(faultOf(await renew()), 'FailedAuthentication');
    assert.equal(faultOf(await renewBeside()), 'FailedAuthentication');
  });

  test('WS-SecureConversation 1.3 §9: a security context is a bad one, and is renewed no more', async (t) => {
    const server = await start(t);
    const context = await askForContext(server);
    const use = () => sendSoap(server, aContextMessage(context, server.clock.now() + second++));
    const renew = () => sendSoap(server, inContext(context, about(context, 'Renew')));
    const renewBeside = () => sendSoap(server, inContext(context, about(context, 'Renew'), BOB));
    await server.reload();
    const before = [await use(), await renew(), await renewBeside()];

    await setPassword(server, 'bob');

    for (const { status, text } of before) assert.equal(status, 200, text);
    assert.equal(faultOf(await use()), 'BadContextToken');
    assert.equal(faultOf(await renew()), 'BadContextToken');
    assert.equal(faultOf(await renewBeside()), 'BadContextToken');
  });

  test('what came by a certificate goes on', async (t) => {
    const server = await start(t);
    const token = await byCertificate(server);

    await setPassword(server, 'bob');

    for (const message of [
      withToken(issueFor(), token, certified),
      withToken(renewalOf(token), token, certified, ''),
    ]) {
      const { status, text } = await sendSoap(server, message);
      assert.equal(status, 200, text);
    }
  });
});

for (const [what, change] of [
  ['may log in by password alone', { authenticationMethods: ['pwd'] }],
  ['was disabled', { disabled: true }],
] as const)
  test(`Decision 30: once a user ${what}, what came by a certificate logs nobody in`, async (t) => {
    const server = await start(t);
    const token = await byCertificate(server);

    await changeUser(server, 'bob', (record) => ({ ...record, ...change }));

    const answer = await sendSoap(server, withToken(issueFor(), token, certified));
    assert.equal(faultOf(answer), 'FailedAuthentication');
  });
