// Workers that keep their state on Redis: what one of them used up or revoked is so for all, through reloads and replacements.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FIT } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import {
  type ConfigDocument,
  GATEWAY_SECRET,
  JWT_TYPE,
  ORDERS_SECRET,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { type Served, serve, underLoad, workerPids } from '#test/support/server/served.ts';

const ASKED = 12;
const GATEWAY = { client_id: 'gateway', client_secret: GATEWAY_SECRET };
const ORDERS_API = { client_id: 'orders-api', client_secret: ORDERS_SECRET };

const onRedis =
  ({ port }: RedisServer) =>
  (document: ConfigDocument): void => {
    document['workers'] = 2;
    // Who knows what is asked, not how fast: a busy machine must not refuse.
    document['limits'] = { maxLoopDelayMilliseconds: 10_000 };
    const redis = { mode: 'single', nodes: [`127.0.0.1:${port}`], deadlineMilliseconds: 10_000 };
    document['store'] = { redis };
    for (const client of document.clients)
      client['token_endpoint_auth_method'] = 'client_secret_post';
    for (const { jwt } of document.trustedIssuers)
      Object.assign(jwt as object, { singleUse: true });
  };

/** Over a connection of its own: the workers take new ones in turn. */
function post({ url }: Served, path: string, form: Readonly<Record<string, string>>) {
  const headers = { connection: 'close' };
  return fetch(`${url}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) });
}

const exchange = async (served: Served, subject?: string): Promise<Response> =>
  post(served, '/token', {
    ...GATEWAY,
    grant_type: TOKEN_EXCHANGE,
    subject_token: subject ?? (await served.partner.sign()),
    subject_token_type: JWT_TYPE,
    resource: 'https://orders.example/',
  });

const bodyOf = async (response: Response) =>
  (await response.json()) as Readonly<Record<string, unknown>>;

/** What all workers say of a token. */
async function activity(served: Served, token: string): Promise<readonly unknown[]> {
  const asked = Array.from({ length: ASKED }, async () =>
    bodyOf(await post(served, '/introspect', { token, ...ORDERS_API })),
  );
  return [...new Set((await Promise.all(asked)).map(({ active }) => active))];
}

describe('Workers on Redis', { skip: redisMissing() }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis(FIT);
  });
  after(() => redis.dispose());

  test('share marks and revocations, and lose neither nor any request when they are replaced', async (t) => {
    const served = await serve(t, onRedis(redis));
    await eventually('it is ready', async () => (await fetch(`${served.managementUrl}/readyz`)).ok);
    const once = await served.partner.sign();

    const race = await Promise.all(Array.from({ length: 50 }, () => exchange(served, once)));
    const token = String((await bodyOf(await exchange(served)))['access_token']);
    const before = await activity(served, token);
    const revocation = await post(served, '/revoke', { token, ...GATEWAY });
    const revoked = await activity(served, token);
    const pids = await workerPids(served);
    const load = await underLoad(
      4,
      () => exchange(served),
      async () => {
        await served.edit((document) => (document['clockSkewSeconds'] = 61));
        assert.equal(await served.reload(), 'configuration reloaded\n');
        await served.edit((document) => (document['log'] = { level: 'warn' }));
        assert.equal(await served.reload(), 'configuration reloaded\n');
      },
    );

    assert.equal(race.filter(({ status }) => status === 200).length, 1);
    assert.equal(race.filter(({ status }) => status === 400).length, 49);
    assert.deepEqual([before, revocation.status, revoked], [[true], 200, [false]]);
    assert.deepEqual(load.failures, []);
    assert.ok(load.answered > 0);
    const successors = await workerPids(served);
    assert.ok(successors.length === 2 && !successors.some((pid) => pids.includes(pid)));
    assert.deepEqual(await activity(served, token), [false]);
    assert.equal((await exchange(served, once)).status, 400);
    served.server.child.kill('SIGTERM');
    assert.equal(await served.server.exit(), 0, served.server.text());
  });
});
