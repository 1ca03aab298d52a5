// The life of tokens on Redis. Its time is that of the machine: nothing is waited for.
import { describe } from 'node:test';
import { redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { DRIVERS, FIT } from '../store/redis/redis-under-test.ts';
import { holdSequences } from './sequences.ts';
import { startServers } from './servers.ts';

describe('Redis', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS)
    holdSequences({
      name: `Redis (${driver})`,
      async start(ending) {
        const redis = await startRedis(FIT);
        ending.after(() => redis.dispose());
        const nodes = [`127.0.0.1:${redis.port}`];
        // What is told is asked, not how fast: a busy machine must not refuse.
        const store = { mode: 'single', nodes, driver, deadlineMilliseconds: 10_000 };
        return startServers(ending, { redis: store }, 'now');
      },
      waits: false,
      runs: 3,
    });
});
