// `npm run bench:stores`: the same exchanges over the embedded store and over Redis, in turns. It asserts nothing.
import { rm } from 'node:fs/promises';
import { startRedis } from '#test/support/redis/redis-server.ts';
import {
  GATEWAY_BASIC,
  JWT_BEARER,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { type BenchSetting, createBenchSetting } from './bench-setting.ts';
import { runLoad } from './load.ts';
import { type ServerProcess, startProcess } from './server/server-process.ts';
import { imageStartOptions } from './server/start-options.ts';

const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 3000);
const WARM_UP = 1000;
const IN_FLIGHT = 32;
const ROUNDS = 5;
const TARGET = 0.85;
const headers = {
  authorization: GATEWAY_BASIC,
};

type Bodies = (setting: BenchSetting) => Promise<readonly string[]>;

const form = (values: Readonly<Record<string, string>>): string =>
  new URLSearchParams({ ...values, resource: 'https://orders.example/' }).toString();

/** One subject token, again and again: the ledger is what the store has to do. */
const exchanges: Bodies = async ({ partner }) => {
  const subject_token = await partner.sign();
  const body = form({
    grant_type: TOKEN_EXCHANGE,
    subject_token,
    subject_token_type: JWT_TYPE,
  });
  return Array.from({ length: REQUESTS }, () => body);
};

/** A fresh assertion each: a one-time mark on top. */
const assertions: Bodies = async ({ partner }) =>
  Promise.all(
    Array.from({ length: REQUESTS }, async () =>
      form({ grant_type: JWT_BEARER, assertion: await partner.sign() }),
    ),
  );

const WORKS: Readonly<Record<string, Bodies>> = {
  'token exchange, ES256': exchanges,
  'jwt-bearer, ES256': assertions,
};

async function rateOf({ url }: ServerProcess, bodies: readonly string[]): Promise<number> {
  const { requests, seconds } = await runLoad({
    url: `${url}/token`,
    body: (index) => bodies[index % bodies.length] ?? '',
    headers,
    requests: bodies.length,
    inFlight: IN_FLIGHT,
  });
  return requests / seconds;
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

interface Side {
  readonly setting: BenchSetting;
  readonly server: ServerProcess;
}

async function start(store: object): Promise<Side> {
  const setting = await createBenchSetting({ store });
  const options = await imageStartOptions(setting.directory);
  return {
    setting,
    server: await startProcess('./viaduct-server.ts', setting.configPath, options),
  };
}

/** Rounds alternate between the stores, so that noise of the machine meets both. */
async function compare(name: string, bodies: Bodies, sides: { embedded: Side; redis: Side }) {
  const rounds: { embedded: number; redis: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { embedded, redis } = sides;
    rounds.push({
      embedded: await rateOf(embedded.server, await bodies(embedded.setting)),
      redis: await rateOf(redis.server, await bodies(redis.setting)),
    });
  }
  return {
    work: name,
    'embedded, requests/s': Math.round(median(rounds.map(({ embedded }) => embedded))),
    'Redis, requests/s': Math.round(median(rounds.map(({ redis }) => redis))),
    'Redis ÷ embedded': Number(median(rounds.map((each) => each.redis / each.embedded)).toFixed(2)),
    target: `≥ ${TARGET}`,
  };
}

async function main(): Promise<void> {
  const server = await startRedis({ appendonly: 'yes', appendfsync: 'everysec' });
  const sides = {
    embedded: await start({ sqlite: { path: 'data/viaduct.db' } }),
    redis: await start({ redis: { mode: 'single', nodes: [`127.0.0.1:${server.port}`] } }),
  };
  try {
    for (const { server: warmed, setting } of Object.values(sides))
      await rateOf(warmed, (await exchanges(setting)).slice(0, WARM_UP));
    const rows = [];
    for (const [name, bodies] of Object.entries(WORKS))
      rows.push(await compare(name, bodies, sides));
    console.table(rows);
    console.log(`${REQUESTS} requests a round, ${ROUNDS} rounds, ${IN_FLIGHT} in flight`);
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.server.stop()));
    for (const { setting } of Object.values(sides))
      await rm(setting.directory, { recursive: true, force: true });
    await server.dispose();
  }
}

await main();
