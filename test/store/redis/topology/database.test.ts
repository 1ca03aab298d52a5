// The number of the database: what is not written there is not written elsewhere.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { aKey, isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  FIT,
  noAlarms,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';

const LOGIN = { username: 'viaduct', password: 'secret' } as const;

describe('Redis, the number of the database', { skip: redisMissing() }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis({
      ...FIT,
      databases: '4',
      user: `${LOGIN.username} on >${LOGIN.password} ~* &* +@all`,
    });
  });
  after(() => server.dispose());

  for (const driver of DRIVERS) {
    it(`${driver}: one that the server does not have is closed, and nothing comes into another`, async (t) => {
      const seen = noAlarms();
      const { store } = await openUnderTest(aSetting([server.port], { driver, database: 4 }), seen);
      t.after(() => store.close());

      await assert.rejects(store.putOnce(aKey('once'), 'a', LONG), isUnavailable);

      assert.match(seen.errors.map(String).join('\n'), /DB index is out of range/);
      assert.equal(await server.command('DBSIZE'), 0);
    });

    it(`${driver}: one that we may not choose when we come back is waited for, and not taken for a loss`, async (t) => {
      const seen = noAlarms();
      const settings = aSetting([server.port], { driver, database: 3, credentials: LOGIN });
      const opened = await openUnderTest(settings, seen);
      const { store } = opened;
      t.after(() => store.close());
      const key = aKey('once');
      await store.putOnce(key, 'first', LONG);

      await server.command('ACL', 'SETUSER', LOGIN.username, '-select');
      await server.command('CLIENT', 'KILL', 'USER', LOGIN.username);
      await eventually('it is told', async () => /'select'/.test(seen.alarms.join('\n')));
      await assert.rejects(store.isMarked(key), isUnavailable);
      await server.command('ACL', 'SETUSER', LOGIN.username, '+select');
      await eventually('the mark is there', () => store.isMarked(key));

      assert.equal(opened.isFenced(), false);
    });
  }
});
