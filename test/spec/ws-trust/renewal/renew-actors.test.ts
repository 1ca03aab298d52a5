// Renew where policy has come to want the requestor seen as the actor: what hides them is not renewed.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  aTargetMessage,
  faultOf,
  JWT,
  jwtAsXml,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const start = (t: Ending): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantBesides(document, { renewal: { lifetimeSeconds: 1200, maxCount: 9 } });
  });

async function showRequestors(server: TestServer): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  grantBesides(document, { requestorAsActor: true });
  await writeFile(path, stringify(document));
  await server.reload();
}

test('Policy: no renewal of what hides the requestor once a row makes them the actor', async (t) => {
  const server = await start(t);
  const alice = jwtAsXml(await server.partner.sign());
  const issue = async (wishes: object) =>
    tokenOf(await sendSoap(server, anIssueMessage({ tokenType: JWT, ...wishes })));
  const renew = (target: string) => sendSoap(server, aTargetMessage('Renew', { target }));
  const hidden = await issue({ onBehalfOf: alice });
  const [own, acting] = [await issue({}), await issue({ actAs: alice })];
  const before = await renew(hidden);

  await showRequestors(server);

  assert.equal(before.status, 200, before.text);
  for (const token of [hidden, tokenOf(before)])
    assert.equal(faultOf(await renew(token)), 'RequestFailed');
  const { detail, reason } = (await server.auditRecords()).at(-1) ?? {};
  assert.deepEqual([reason, detail], ['delegation-not-allowed', 'the requestor is to be seen']);
  for (const token of [own, acting]) assert.equal((await renew(token)).status, 200);
});
