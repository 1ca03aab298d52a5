// A user who was removed is known as one still by what was made while they were there: a token of theirs brings nothing that goes on
// without them. One that has no mark of their login on record lives on until it ends.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { JWT_TYPE } from '#test/support/server/document.ts';
import { grantRenewals, REFRESH_TOKEN_TYPE, refresh } from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { forgetLogins } from '#test/support/server/user-file.ts';
import {
  anIssueMessage,
  aTargetMessage,
  aTokenMessage,
  faultOf,
  JWT,
  jwtAsXml,
  jwtIn,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const children = '<trust:Renewing OK="true"/>';

const start = (t: Ending, endpoints?: readonly object[]): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    if (endpoints) Object.assign(document['wsTrust'] as object, { endpoints });
    grantRenewals(document, ['jwt', 'refresh_token', 'saml2']);
  });

async function removeCarol(server: TestServer): Promise<void> {
  const path = join(server.directory, 'users.yaml');
  const users = await readFile(path, 'utf8');
  await writeFile(path, users.replace('{"id":"carol"', '{"id":"caroline"'));
  await server.reload();
}

const carols = async (server: TestServer): Promise<string> =>
  tokenOf(await sendSoap(server, anIssueMessage({ user: 'carol', tokenType: JWT, children })));

const onBehalf = async (server: TestServer, onBehalfOf: string): Promise<string> =>
  tokenOf(await sendSoap(server, anIssueMessage({ tokenType: JWT, onBehalfOf, children })));

for (const [what, make] of [
  ['before', async (server) => onBehalf(server, await carols(server))],
  [
    'through another',
    async (server) => onBehalf(server, await onBehalf(server, await carols(server))),
  ],
] as const satisfies readonly (readonly [string, (server: TestServer) => Promise<string>])[])
  test(`Policy: what was made of the token of a user ${what} they were removed is renewed no more`, async (t) => {
    const server = await start(t);
    const target = await make(server);
    const renew = () => sendSoap(server, aTargetMessage('Renew', { target }));
    const before = await renew();

    await removeCarol(server);

    assert.equal(before.status, 200, before.text);
    assert.equal(faultOf(await renew()), 'UnableToRenew');
  });

const asBearer = (jwt: string): string => aTokenMessage(jwtAsXml(jwt), { tokenType: JWT });

test('Policy: of the token of a user nothing is made after they were removed, and it logs nobody in', async (t) => {
  const server = await start(t, [{ path: '/ws-trust', ownBearerTokens: true }]);
  const token = await carols(server);
  await removeCarol(server);

  const acted = await sendSoap(
    server,
    anIssueMessage({ tokenType: JWT, onBehalfOf: token, children }),
  );
  const login = await sendSoap(server, asBearer(jwtIn(token)));

  assert.equal(faultOf(acted), 'InvalidSecurityToken');
  assert.equal(faultOf(login), 'FailedAuthentication');
});

test('Upgrade: what is made of a token without a mark, after its user was removed, is renewed and refreshed never', async (t) => {
  const server = await start(t);
  const token = await carols(server);
  const exchanged = await onBehalf(server, token);
  forgetLogins(server);
  await removeCarol(server);

  for (const evidence of [token, exchanged]) {
    const target = await onBehalf(server, evidence);
    const begun = await server.exchange({
      subject_token: jwtIn(evidence),
      subject_token_type: JWT_TYPE,
      requested_token_type: REFRESH_TOKEN_TYPE,
    });
    const refreshed = await refresh(server, begun.body['access_token']);

    assert.equal(
      faultOf(await sendSoap(server, aTargetMessage('Renew', { target }))),
      'UnableToRenew',
    );
    assert.equal(begun.status, 200, begun.text);
    assert.equal(refreshed.body['error'], 'invalid_grant', refreshed.text);
  }
});

test('Upgrade: a token without a mark, that a client got for a user, is no credential once they were removed, nor what is made of it', async (t) => {
  const server = await start(t, [{ path: '/ws-trust', ownBearerTokens: true }]);
  const exchanged = async (subject_token: string): Promise<string> => {
    const { body } = await server.exchange({ subject_token, subject_token_type: JWT_TYPE });
    return String(body['access_token']);
  };
  const first = await exchanged(jwtIn(await carols(server)));
  const before = await sendSoap(server, asBearer(first));
  forgetLogins(server);

  await removeCarol(server);

  assert.equal(before.status, 200, before.text);
  for (const jwt of [first, await exchanged(first)])
    assert.equal(faultOf(await sendSoap(server, asBearer(jwt))), 'FailedAuthentication');
});
