// A store on Redis of which parts were lost, as with one server of a cluster: what still lies on the others is there, and what was said
// against it may be gone.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
} from '#test/support/redis/redis-server.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import {
  ACCESS_TOKEN_TYPE,
  type ConfigDocument,
  grantBesides,
  ISSUER,
} from '#test/support/server/document.ts';
import {
  grantRefreshTokens,
  REFRESH_TOKEN_TYPE,
  refresh,
} from '#test/support/server/refresh-tokens.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  anIssueMessage,
  aTargetMessage,
  faultOf,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const RENEWAL = { lifetimeSeconds: 28_800, maxCount: 9 } as const;

interface Setting {
  readonly redis: RedisServer;
  readonly server: TestServer;
}

async function startOnRedis(
  t: TestContext,
  change: (document: ConfigDocument, directory: string) => Promise<void>,
): Promise<Setting> {
  const redis = await createRedisServer({ settings: { appendonly: 'yes' } });
  t.after(() => redis.dispose());
  await redis.start();
  const nodes = [`127.0.0.1:${redis.port}`];
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(Math.floor(Date.now() / 1000));
    document['store'] = { redis: { mode: 'single', nodes, deadlineMilliseconds: 10_000 } };
    await change(document, directory);
  });
  return { redis, server };
}

/** Restarts the server, ten seconds later, on a store that has lost its one tombstone, and the canary that lay with it. */
async function loseTombstone({ redis, server }: Setting): Promise<TestServer> {
  const [tombstone = '', ...others] = (await redis.command('KEYS', '*:revoked:*')) as string[];
  assert.deepEqual([tombstone === '', others], [false, []]);
  const [bucket = ''] = /\{\w\w\}/.exec(tombstone) ?? [];
  const canaries = (await redis.command('KEYS', `*:dataset:${bucket}`)) as string[];
  await redis.command('DEL', tombstone, ...canaries);
  server.clock.advance(10);
  return server.restart();
}

/** A token of the gateway about itself, and a refresh token that was made of it. */
async function aFamily(server: TestServer): Promise<{ token: string; refreshToken: unknown }> {
  const issued = await server.post('/token', {
    grant_type: 'client_credentials',
    resource: 'https://orders.example/',
  });
  const token = String(issued.body['access_token']);
  const { body, text } = await server.exchange({
    subject_token: token,
    subject_token_type: ACCESS_TOKEN_TYPE,
    requested_token_type: REFRESH_TOKEN_TYPE,
  });
  assert.equal(typeof body['access_token'], 'string', text);
  return { token, refreshToken: body['access_token'] };
}

describe('Store that has lost parts', { skip: redisMissing() }, () => {
  test('Fence: a refresh token from before is good for nothing, for what it was made of may have been revoked', async (t) => {
    const setting = await startOnRedis(t, async (document) => {
      grantRefreshTokens(document, RENEWAL);
      const ofItself = document.policy[1]?.['allow'];
      Object.assign(ofItself ?? {}, { types: ['refresh_token'], renewal: RENEWAL });
    });
    const { token, refreshToken } = await aFamily(setting.server);
    await setting.server.post('/revoke', { token });

    const restarted = await loseTombstone(setting);
    const refreshed = await refresh(restarted, refreshToken);
    const inspected = await restarted.post('/introspect', { token: String(refreshToken) });
    const fresh = await refresh(restarted, (await aFamily(restarted)).refreshToken);

    assert.deepEqual([refreshed.status, refreshed.body['error']], [400, 'invalid_grant']);
    assert.deepEqual(inspected.body, { active: false });
    assert.equal(fresh.status, 200, fresh.text);
  });

  test('Fence: a token from before is not renewed either once its end has come', async (t) => {
    const setting = await startOnRedis(t, async (document, directory) => {
      await withSaml(document, directory);
      grantBesides(document, { renewal: { ...RENEWAL, afterExpiry: true } });
    });
    const { server } = setting;
    const first = tokenOf(
      await sendSoap(
        server,
        anIssueMessage({ user: 'carol', tokenType: SAML2, children: AFTER_EXPIRY }),
      ),
    );
    const renew = (at: TestServer, target: string) =>
      sendSoap(at, aTargetMessage('Renew', { user: 'carol', target }));
    const second = tokenOf(await renew(server, first));
    await sendSoap(server, aTargetMessage('Cancel', { user: 'carol', target: first }));

    const restarted = await loseTombstone(setting);
    restarted.clock.advance(3600);
    const renewed = await renew(restarted, second);

    assert.equal(faultOf(renewed), 'UnableToRenew');
  });

  test('Fence: a status list from before is not told: the token that it told of as revoked would be good', async (t) => {
    const setting = await startOnRedis(t, async ({ relyingParties }) => {
      Object.assign(relyingParties[0]?.['token'] ?? {}, { statusList: true });
    });
    const issue = async (server: TestServer): Promise<string> =>
      String((await server.exchange()).body['access_token']);
    const listOf = (token: string): string => {
      const { status } = decodeJwt<{ status: { status_list: { uri: string } } }>(token);
      return String(status?.status_list.uri).slice(ISSUER.length);
    };
    const token = await issue(setting.server);
    await setting.server.post('/revoke', { token });
    assert.equal((await setting.server.get(listOf(token))).status, 200);

    const restarted = await loseTombstone(setting);
    const old = await restarted.get(listOf(token));
    const fresh = await restarted.get(listOf(await issue(restarted)));

    assert.deepEqual([old.status, old.headers.get('retry-after')], [503, '1']);
    assert.equal(fresh.status, 200, fresh.text);
  });
});
