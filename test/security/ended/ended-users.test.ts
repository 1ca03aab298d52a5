// A user who may not log in any more does not log in with a token of ours either, whose key they have: over whole servers.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { startServer } from '#test/support/server/server.ts';
import {
  aContextMessage,
  askForContext,
  withContexts,
} from '#test/support/ws-trust/context-message.ts';
import { faultOf, sendSoap } from '#test/support/ws-trust/messages.ts';

for (const [what, change] of [
  ['was disabled', (users: string) => users.replace('{"id":"bob"', '{"disabled":true,"id":"bob"')],
  ['was removed', (users: string) => users.replace('{"id":"bob"', '{"id":"robert"')],
] as const)
  test(`ws-trust §4: a security context of a user who ${what} since is no credential`, async (t) => {
    const server = await startServer(t, async (document, directory) => {
      await withSaml(document, directory);
      await withContexts(document, directory);
    });
    const context = await askForContext(server);
    const path = join(server.directory, 'users.yaml');
    const before = await sendSoap(server, aContextMessage(context, server.clock.now()));
    await writeFile(path, change(await readFile(path, 'utf8')));
    await server.reload();
    server.clock.advance(1);

    const answer = await sendSoap(server, aContextMessage(context, server.clock.now()));

    assert.equal(before.status, 200, before.text);
    assert.equal(faultOf(answer), 'BadContextToken');
  });
