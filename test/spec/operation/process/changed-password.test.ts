// A password that is changed while the server runs, over several processes and both kinds of store: after the reload no worker takes for
// good what rests on the old one.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hashPassword } from '#src/users/password/password.ts';
import { FIT } from '#test/store/redis/redis-under-test.ts';
import { redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { type Served, serve } from '#test/support/server/served.ts';
import { GATEWAY } from '#test/support/server/server.ts';
import { anIssueMessage, JWT, jwtIn, tokenOf } from '#test/support/ws-trust/messages.ts';

const ASKED = 12;
const authorization = `Basic ${btoa(GATEWAY.join(':'))}`;

const stores: Readonly<Record<string, (t: TestContext) => Promise<object | undefined>>> = {
  SQLite: async () => undefined,
  Redis: async (t) => {
    const redis = await startRedis(FIT);
    t.after(() => redis.dispose());
    const nodes = [`127.0.0.1:${redis.port}`];
    return { redis: { mode: 'single', nodes, deadlineMilliseconds: 10_000 } };
  },
};

async function issue({ url }: Served): Promise<string> {
  const response = await fetch(`${url}/ws-trust`, {
    method: 'POST',
    headers: { 'content-type': 'application/soap+xml; charset=utf-8', connection: 'close' },
    body: anIssueMessage({ user: 'carol', tokenType: JWT }),
  });
  return jwtIn(tokenOf({ status: response.status, text: await response.text() }));
}

/** What the workers, which take connections in turn, say of a token. */
async function activity({ url }: Served, token: string): Promise<readonly unknown[]> {
  const asked = Array.from({ length: ASKED }, async () => {
    const headers = { authorization, connection: 'close' };
    const body = new URLSearchParams({ token });
    const response = await fetch(`${url}/introspect`, { method: 'POST', headers, body });
    return ((await response.json()) as { active?: unknown }).active;
  });
  return [...new Set(await Promise.all(asked))];
}

for (const [name, storeOf] of Object.entries(stores))
  test(`Decision 30: all workers notice a changed password at the reload, with the store on ${name}`, {
    skip: name === 'Redis' && redisMissing(),
  }, async (t) => {
    const store = await storeOf(t);
    const served = await serve(t, async (document, directory) => {
      await withSaml(document, directory);
      document['workers'] = 2;
      document['limits'] = { maxLoopDelayMilliseconds: 10_000 };
      Object.assign(document.clients[0] ?? {}, { represents: ['orders'] });
      if (store) document['store'] = store;
    });
    const path = join(served.directory, 'users.yaml');
    const file = await readFile(path, 'utf8');
    const users = JSON.parse(file) as { users: Record<string, unknown>[] };
    const token = await issue(served);
    const before = await activity(served, token);
    for (const user of users.users)
      user['password'] = await hashPassword(PASSWORD, { N: 2 ** 14, r: 8, p: 1 });
    await writeFile(path, JSON.stringify(users));

    const report = await served.reload();

    assert.deepEqual(before, [true]);
    assert.equal(report, 'configuration reloaded\n');
    assert.deepEqual(await activity(served, token), [false]);
    assert.deepEqual(await activity(served, await issue(served)), [true]);
  });
