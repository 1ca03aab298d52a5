// Two servers on one Redis server.
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { FIT } from '../store/redis/redis-under-test.ts';
import { storeRaces } from './races.ts';

const sectionOf = ({ port }: RedisServer): object => ({
  redis: { mode: 'single', nodes: [`127.0.0.1:${port}`] },
});

storeRaces(
  'one Redis server',
  async () => {
    const server = await startRedis(FIT);
    return { section: () => sectionOf(server), dispose: () => server.dispose() };
  },
  redisMissing(),
);
