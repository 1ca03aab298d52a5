// A password that was changed ends what can be continued on the word of the old one (decision 30), over whole servers. That the same
// password was hashed anew is a change as well, so the clients of these tests go on with the one they have.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { decodeJwt } from 'jose';
import { SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { ISSUER, JWT_TYPE } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { grantRenewals, REFRESH_TOKEN_TYPE, refresh } from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { changeUser, forgetLogins, setPassword } from '#test/support/server/user-file.ts';
import {
  anIssueMessage,
  aTargetMessage,
  aTokenMessage,
  faultOf,
  isValid,
  JWT,
  jwtIn,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const children = '<trust:Renewing OK="true"/>';

/** Carol gets what bob's services get for her, all of it renewable. */
const start = (t: Ending): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const endpoints = [{ path: '/ws-trust', ownBearerTokens: true }];
    Object.assign(document['wsTrust'] as object, { endpoints });
    Object.assign(document.relyingParties[0]?.['token'] ?? {}, { statusList: true });
    grantRenewals(document, ['access_token', 'jwt', 'refresh_token', 'saml2']);
  });

const issue = async (server: TestServer, tokenType: string, user = 'carol'): Promise<string> =>
  tokenOf(await sendSoap(server, anIssueMessage({ user, tokenType, children })));

const onBehalf = (server: TestServer, onBehalfOf: string) =>
  sendSoap(server, anIssueMessage({ tokenType: JWT, onBehalfOf, children }));

const renew = (server: TestServer, target: string, user = 'carol') =>
  sendSoap(server, aTargetMessage('Renew', { user, target }));

const exchange = (server: TestServer, jwt: string, form: Record<string, string> = {}) =>
  server.exchange({ subject_token: jwt, subject_token_type: JWT_TYPE, ...form });

const exchangeSaml = (server: TestServer, assertion: string) =>
  server.exchange({
    subject_token: Buffer.from(assertion).toString('base64url'),
    subject_token_type: SAML2_TYPE,
  });

const grantOf = (assertion: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer',
  assertion: Buffer.from(assertion).toString('base64url'),
  resource: 'https://orders.example/',
});

const logIn = (server: TestServer, token: string) =>
  sendSoap(server, aTokenMessage(token, { tokenType: JWT }));

const isActive = async (server: TestServer, token: string): Promise<unknown> =>
  (await server.post('/introspect', { token })).body['active'];

/** What the status list says of a token, as a server reads it that has none yet: 0 is valid. */
async function freshStatus(server: TestServer, jwt: string): Promise<number> {
  server.clock.advance(60);
  const { status } = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(jwt);
  const { idx, uri } = status.status_list;
  const { text } = await server.get(uri.slice(ISSUER.length));
  const { status_list } = decodeJwt<{ status_list: { lst: string } }>(text);
  const bits = inflateSync(Buffer.from(status_list.lst, 'base64url'));
  return ((bits[Math.floor(idx / 8)] ?? 255) >> (idx % 8)) & 1;
}

/** What a request about a token comes to. */
type Outcome = (server: TestServer, token: string) => Promise<string>;

const fault = async (answer: ReturnType<typeof sendSoap>): Promise<string> => {
  const found = await answer;
  return found.status === 200 ? 'good' : faultOf(found);
};
const error = async (answer: ReturnType<TestServer['exchange']>): Promise<string> => {
  const { body, status } = await answer;
  return status === 200 ? 'good' : String(body['error']);
};
const told = (isGood: unknown): string => (isGood === true ? 'good' : 'not good');

/** What is asked with a token of carol's, and the refusal. */
const USES: readonly (readonly [string, string, Outcome, string])[] = [
  [JWT, 'renewed', (server, token) => fault(renew(server, token)), 'UnableToRenew'],
  [SAML2, 'renewed', (server, token) => fault(renew(server, token)), 'UnableToRenew'],
  [JWT, 'a credential', (server, token) => fault(logIn(server, token)), 'FailedAuthentication'],
  [SAML2, 'a credential', (server, token) => fault(logIn(server, token)), 'FailedAuthentication'],
  [JWT, 'acted for', (server, token) => fault(onBehalf(server, token)), 'InvalidSecurityToken'],
  [SAML2, 'acted for', (server, token) => fault(onBehalf(server, token)), 'InvalidSecurityToken'],
  [JWT, 'exchanged', (server, token) => error(exchange(server, jwtIn(token))), 'invalid_request'],
  [SAML2, 'exchanged', (server, token) => error(exchangeSaml(server, token)), 'invalid_request'],
  [JWT, 'valid', async (server, token) => told(await isValid(server, token)), 'not good'],
  [SAML2, 'valid', async (server, token) => told(await isValid(server, token)), 'not good'],
  [JWT, 'active', async (server, token) => told(await isActive(server, jwtIn(token))), 'not good'],
];

describe('Decision 30: once a password was changed', () => {
  for (const [tokenType, what, use, refusal] of USES)
    test(`no ${tokenType} that was issued on the old one is ${what}`, async (t) => {
      const server = await start(t);
      const token = await issue(server, tokenType);
      const other = await issue(server, tokenType, 'dave');
      await server.reload();
      const before = await use(server, token);

      await setPassword(server, 'carol');

      assert.equal(before, 'good');
      assert.equal(await use(server, token), refusal);
      assert.equal(await use(server, await issue(server, tokenType)), 'good');
      if (what !== 'renewed' && what !== 'valid') assert.equal(await use(server, other), 'good');
    });

  test('what others had made of such a token ends with it, and what they had made of others does not', async (t) => {
    const server = await start(t);
    const made = tokenOf(
      await onBehalf(server, tokenOf(await onBehalf(server, await issue(server, JWT)))),
    );
    const other = tokenOf(await onBehalf(server, await issue(server, JWT, 'dave')));

    await setPassword(server, 'carol');

    assert.equal(await isValid(server, made, 'bob'), false);
    assert.equal(faultOf(await onBehalf(server, made)), 'InvalidSecurityToken');
    assert.equal(faultOf(await renew(server, made, 'bob')), 'UnableToRenew');
    assert.equal(await isValid(server, other, 'bob'), true);
    assert.equal((await renew(server, other, 'bob')).status, 200);
  });

  test('what was renewed ends with what it was renewed from', async (t) => {
    const server = await start(t);
    const renewed = tokenOf(await renew(server, await issue(server, JWT)));

    await setPassword(server, 'carol');

    assert.equal(faultOf(await renew(server, renewed)), 'UnableToRenew');
    assert.equal(await isActive(server, jwtIn(renewed)), false);
  });

  test('WS-Trust 1.3 §11: what has ended is told to need a renewal only while there is one', async (t) => {
    const server = await start(t);
    const token = await issue(server, JWT);
    server.clock.advance(400);
    const before = faultOf(await onBehalf(server, token));

    await setPassword(server, 'carol');

    assert.equal(before, 'RenewNeeded');
    assert.equal(faultOf(await onBehalf(server, token)), 'ExpiredData');
  });

  test('RFC 6749 §6: a refresh token that rests on it brings nothing more, and is not active', async (t) => {
    const server = await start(t);
    const wishes = { requested_token_type: REFRESH_TOKEN_TYPE };
    const begun = await exchange(server, jwtIn(await issue(server, JWT)), wishes);
    const { body } = await refresh(server, begun.body['access_token']);
    const before = await isActive(server, String(body['refresh_token']));

    await setPassword(server, 'carol');
    const after = await refresh(server, body['refresh_token']);

    assert.equal(before, true);
    assert.equal(await isActive(server, String(body['refresh_token'])), false);
    assert.equal(await isActive(server, String(body['access_token'])), false);
    assert.equal(after.status, 400, after.text);
    assert.equal(after.body['error'], 'invalid_grant');
  });

  test('RFC 7522 §3.1: an assertion that rests on it is no grant', async (t) => {
    const server = await start(t);
    const assertion = await issue(server, SAML2);
    await setPassword(server, 'carol');

    const { body, text } = await server.post('/token', grantOf(assertion));

    assert.equal(body['error'], 'invalid_grant', text);
  });

  test('draft-ietf-oauth-status-list §7.1: the place of a token that rests on it says so', async (t) => {
    const server = await start(t);
    const { body } = await exchange(server, jwtIn(await issue(server, JWT)));
    const statusNow = () => freshStatus(server, String(body['access_token']));
    const before = await statusNow();

    await setPassword(server, 'carol');

    assert.equal(before, 0);
    assert.equal(await statusNow(), 1);
  });

  test('WS-Trust 1.3 §6: what rests on it is still cancelled by whom it was issued to', async (t) => {
    const server = await start(t);
    const path = join(server.directory, 'users.yaml');
    const old = await readFile(path, 'utf8');
    const [cancelled, other] = [await issue(server, JWT), await issue(server, JWT)];
    await setPassword(server, 'carol');

    const answer = await sendSoap(
      server,
      aTargetMessage('Cancel', { user: 'carol', target: cancelled }),
    );
    await writeFile(path, old);
    await server.reload();

    assert.equal(answer.status, 200, answer.text);
    // Only the operator can bring back what was not cancelled, by the old record.
    assert.equal(await isValid(server, cancelled), false);
    assert.equal(await isValid(server, other), true);
  });

  test('Upgrade: what has no mark on record goes on until it ends', async (t) => {
    const server = await start(t);
    const token = await issue(server, JWT);
    const made = tokenOf(await onBehalf(server, token));
    forgetLogins(server);

    await setPassword(server, 'carol');

    assert.equal(await isActive(server, jwtIn(token)), true);
    assert.equal((await onBehalf(server, token)).status, 200);
    assert.equal((await renew(server, made, 'bob')).status, 200);
  });

  test('what rests on it is refused where it is explained, too', async (t) => {
    const server = await start(t);
    server.clock.set(Math.floor(Date.now() / 1000));
    const token = await issue(server, JWT);
    await setPassword(server, 'carol');

    const { out } = await viaduct(
      ['explain', '--client', 'gateway', '--subject-token', jwtIn(token), '--audience', 'orders'],
      server.directory,
    );

    assert.match(out, /^refused before policy: token-revoked: /);
  });

  test('Audit: a use of what rests on it is refused as revoked', async (t) => {
    const server = await start(t);
    const token = await issue(server, JWT);
    await setPassword(server, 'carol');

    await onBehalf(server, token);

    assert.equal((await server.auditRecords()).at(-1)?.['reason'], 'token-revoked');
  });
});

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** Gives a user a second factor, or another one. */
async function setSecondFactor(server: TestServer, id: string, secret: string): Promise<void> {
  await writeFile(join(server.directory, 'second.otp'), secret, { mode: 0o600 });
  const oneTimePassword = { file: 'second.otp' };
  await changeUser(server, id, (record) => ({ ...record, oneTimePassword }));
}

const CHANGES: Readonly<Record<string, (server: TestServer, id: string) => Promise<void>>> = {
  'was disabled': (server, id) =>
    changeUser(server, id, (record) => ({ ...record, disabled: true })),
  'was removed': (server, id) => changeUser(server, id, () => undefined),
  'needs a second factor': (server, id) => setSecondFactor(server, id, SECRET),
  'may log in by a key alone': (server, id) =>
    changeUser(server, id, (record) => ({ ...record, authenticationMethods: ['swk'] })),
};

describe('Decision 30: once a user', () => {
  for (const [what, change] of Object.entries(CHANGES))
    test(`${what}, nothing goes on that rests on their password`, async (t) => {
      const server = await start(t);
      const token = await issue(server, JWT);
      const made = tokenOf(await onBehalf(server, token));
      const before = await isActive(server, jwtIn(token));

      await change(server, 'carol');

      assert.equal(before, true);
      assert.equal(await isActive(server, jwtIn(token)), false);
      assert.equal(await isActive(server, jwtIn(made)), false);
      assert.equal(faultOf(await onBehalf(server, token)), 'InvalidSecurityToken');
      assert.equal(faultOf(await renew(server, made, 'bob')), 'UnableToRenew');
    });

  test('has other claims or may log in by a key as well, what rests on their password goes on', async (t) => {
    const server = await start(t);
    const token = await issue(server, JWT);

    await changeUser(server, 'carol', (record) => ({
      ...record,
      claims: { email: 'carol@example.com' },
      authenticationMethods: ['pwd', 'swk'],
    }));

    assert.equal(await isActive(server, jwtIn(token)), true);
    assert.equal((await onBehalf(server, token)).status, 200);
    assert.equal((await renew(server, token)).status, 200);
  });
});
