// Limits by subject over several processes: what one of them let through the others know from the store.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { GATEWAY_SECRET, JWT_TYPE, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import { type Served, serve } from '#test/support/server/served.ts';

const BURST = 6;
/** Slow enough that none comes back during the test. */
const SECONDS_EACH = 100;

/** Over a connection of its own: the workers take new ones in turn. */
async function exchange({ partner, url }: Served): Promise<number> {
  const body = new URLSearchParams({
    client_id: 'gateway',
    client_secret: GATEWAY_SECRET,
    grant_type: TOKEN_EXCHANGE,
    subject_token: await partner.sign(),
    subject_token_type: JWT_TYPE,
    resource: 'https://orders.example/',
  });
  const headers = { connection: 'close' };
  return (await fetch(`${url}/token`, { method: 'POST', headers, body })).status;
}

/** Which processes have answered, told by the log. */
const answering = ({ server }: Served): number =>
  new Set(server.text().match(/(?<="pid":)\d+(?=,"route":"\/token")/g)).size;

test('Row 32: workers share the rate of a subject, and name nobody in the log', async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
    document['log'] = { level: 'info' };
    for (const client of document.clients)
      client['token_endpoint_auth_method'] = 'client_secret_post';
    document['limits'] = { perSubject: { requestsPerSecond: 1 / SECONDS_EACH, burst: BURST } };
  });
  const database = new DatabaseSync(join(served.directory, 'data/viaduct.db'), { readOnly: true });
  t.after(() => database.close());
  const levels = database.prepare('SELECT total FROM counter');
  // The only bucket: the time at which it is empty again.
  const emptyAt = (): number => Number(levels.get()?.['total'] ?? 0);

  const answers: number[] = [];
  let before = 0;
  while (answers.at(-1) !== 429) {
    answers.push(await exchange(served));
    const known = before;
    if (answers.at(-1) === 200)
      await eventually('the store knows', async () => emptyAt() > known + SECONDS_EACH * 500);
    before = emptyAt();
  }

  const passed = answers.filter((status) => status === 200).length;
  // Each may let one through before it hears of the last of the other: far from a burst of its own.
  assert.ok(passed >= BURST && passed <= BURST + 1, String(passed));
  await served.server.says(/"msg":"a rate limit is reached"/);
  assert.equal(answering(served), 2);
  assert.match(served.server.text(), /"kind":"subject","msg":"a rate limit is reached"/);
  assert.doesNotMatch(served.server.text(), /alice/);
});
