// A reload while users log in with each request: who changed nothing needs no computation again, or all of them would wait for one.
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hashPassword } from '#src/users/password/password.ts';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { startServer } from '#test/support/server/server.ts';
import { anIssueMessage, sendSoap, tokenOf } from '#test/support/ws-trust/messages.ts';

/** Counts the computations of scrypt in this process, which is that of the server. */
function countScrypt(t: TestContext): () => number {
  let count = 0;
  const hook = createHook({
    init(_, type) {
      if (type === 'SCRYPTREQUEST') count += 1;
    },
  }).enable();
  t.after(() => hook.disable());
  return () => count;
}

test('Reload: logins that were good a moment ago are remembered over it, but those of another hash', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const logIn = async () => void tokenOf(await sendSoap(server, anIssueMessage({ user: 'carol' })));
  const scrypts = countScrypt(t);
  await logIn();
  const first = scrypts();

  await server.reload();
  await logIn();
  const unchanged = scrypts();
  const path = join(server.directory, 'users.yaml');
  const users = JSON.parse(await readFile(path, 'utf8')) as { users: Record<string, unknown>[] };
  const password = await hashPassword(PASSWORD, { N: 2 ** 14, r: 8, p: 1 });
  await writeFile(
    path,
    JSON.stringify({ users: users.users.map((user) => ({ ...user, password })) }),
  );
  await server.reload();
  const before = scrypts();
  await logIn();

  assert.deepEqual([first, unchanged, scrypts() - before], [1, 1, 1]);
});
