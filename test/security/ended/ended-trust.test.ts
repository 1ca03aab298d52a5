// What rests on the word of an issuer whose trust has ended, or who is none any more: what a token of ours was made of counts, however many
// tokens of ours stand between.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { parse, stringify } from 'yaml';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, JWT_TYPE } from '#test/support/server/document.ts';
import { grantRenewals, REFRESH_TOKEN_TYPE, refresh } from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  anIssueMessage,
  aTargetMessage,
  faultOf,
  isValid,
  JWT,
  jwtAsXml,
  jwtIn,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

async function start(t: Ending): Promise<TestServer> {
  return startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantRenewals(document, ['jwt', 'refresh_token', 'saml2']);
  });
}

async function change(server: TestServer, edit: (document: ConfigDocument) => void) {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  edit(document);
  await writeFile(path, stringify(document));
  await server.reload();
}

const ENDS: Readonly<Record<string, (document: ConfigDocument, server: TestServer) => void>> = {
  'whose trust has ended': ({ trustedIssuers: [partner = {}] }, { clock }) => {
    partner['enabledUntil'] = new Date(clock.now() * 1000).toISOString();
  },
  'who was removed': (document) => {
    document.trustedIssuers = document.trustedIssuers.filter(({ id }) => id !== 'partner');
    for (const row of document.policy) row['subject'] = { issuer: ['partner-saml', 'self'] };
  },
};

const issue = async (server: TestServer, onBehalfOf: string): Promise<string> =>
  tokenOf(
    await sendSoap(server, anIssueMessage({ tokenType: JWT, onBehalfOf, children: AFTER_EXPIRY })),
  );
const renew = (server: TestServer, target: string) =>
  sendSoap(server, aTargetMessage('Renew', { target }));

describe('Trust: what rests on the word of an issuer', () => {
  for (const [what, end] of Object.entries(ENDS)) {
    test(`${what} is renewed no more, however many tokens of ours stand between`, async (t) => {
      const server = await start(t);
      const first = await issue(server, jwtAsXml(await server.partner.sign()));
      const second = await issue(server, first);
      const third = await issue(server, second);
      const before = await renew(server, third);
      const users = await issue(
        server,
        await issue(server, tokenOf(await sendSoap(server, anIssueMessage({ tokenType: JWT })))),
      );

      await change(server, (document) => end(document, server));

      for (const token of [second, third, tokenOf(before)])
        assert.equal(faultOf(await renew(server, token)), 'UnableToRenew');
      assert.equal((await renew(server, users)).status, 200);
    });

    test(`${what} is exchanged and acted for no more, and told as not valid`, async (t) => {
      const server = await start(t);
      const token = await issue(server, jwtAsXml(await server.partner.sign()));
      const made = await issue(server, token);
      const users = await issue(
        server,
        tokenOf(await sendSoap(server, anIssueMessage({ tokenType: JWT }))),
      );
      const introspected = async (xml: string) =>
        (await server.post('/introspect', { token: jwtIn(xml) })).body['active'];
      const exchanged = async (xml: string) => {
        const form = { subject_token: jwtIn(xml), subject_token_type: JWT_TYPE };
        return (await server.exchange(form)).body['error'] ?? 'none';
      };
      const before = [
        await isValid(server, made, 'bob'),
        await introspected(made),
        await exchanged(made),
      ];

      await change(server, (document) => end(document, server));

      assert.deepEqual(before, [true, true, 'none']);
      for (const each of [token, made]) {
        assert.equal(await isValid(server, each, 'bob'), false);
        assert.equal(await introspected(each), false);
        assert.equal(await exchanged(each), 'invalid_request');
        const acted = await sendSoap(server, anIssueMessage({ tokenType: JWT, onBehalfOf: each }));
        assert.equal(faultOf(acted), 'InvalidSecurityToken');
      }
      assert.equal(await isValid(server, users, 'bob'), true);
      assert.equal(await exchanged(users), 'none');
    });

    test(`${what} is refreshed no more, and its refresh token told as inactive`, async (t) => {
      const server = await start(t);
      const first = await issue(server, jwtAsXml(await server.partner.sign()));
      const begun = await server.exchange({
        subject_token: jwtIn(first),
        subject_token_type: JWT_TYPE,
        requested_token_type: REFRESH_TOKEN_TYPE,
      });
      const before = await refresh(server, begun.body['access_token']);
      const introspected = async () =>
        (await server.post('/introspect', { token: String(before.body['refresh_token']) })).body;
      const told = await introspected();

      await change(server, (document) => end(document, server));
      const after = await refresh(server, before.body['refresh_token']);

      assert.equal(before.status, 200, before.text);
      assert.equal(decodeJwt(String(before.body['access_token'])).sub, 'partner:alice');
      assert.equal(told['active'], true);
      assert.deepEqual(await introspected(), { active: false });
      assert.equal(after.status, 400, after.text);
      assert.equal(after.body['error'], 'invalid_grant');
    });
  }
});
