// `npm run bench:flood`: how long a good client waits while another one floods, beside how long it waits alone (row 32 of the
// failure table). It asserts nothing.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import {
  aConfigDocument,
  GATEWAY_SECRET,
  JWT_TYPE,
  ORDERS_SECRET,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { createBenchSetting } from './bench-setting.ts';
import type { Flood } from './flooder.ts';
import { type LoadResult, percentile, runLoad } from './load.ts';
import { type ServerProcess, startProcess } from './server/server-process.ts';

const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 1000);
const ROUNDS = 5;
const WARM_UP = 2000;
const FLOOD_IN_FLIGHT = 32;
/** What a client may ask: the flood is far above it, the good client has no limit in its way. */
const LIMITS = {
  perClient: { requestsPerSecond: 20, burst: 20 },
  maxLoopDelayMilliseconds: 10_000,
};

const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

interface Asked {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request after the other, as a client that waits for its token. */
const waitFor = ({ body, headers, url }: Asked, requests: number): Promise<LoadResult> =>
  runLoad({ url, headers, body: () => body, requests, inFlight: 1 });

async function underFlood(good: Asked, flood: Flood) {
  const worker = new Worker(new URL('./flooder.ts', import.meta.url), { workerData: flood });
  await once(worker, 'online');
  const result = await waitFor(good, REQUESTS);
  const counted = once(worker, 'message');
  worker.postMessage('over');
  const [counts] = (await counted) as [Readonly<Record<string, number>>];
  await worker.terminate();
  return { result, counts };
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

async function compare(good: Asked, flood: Flood) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const idle = percentile(await waitFor(good, REQUESTS), 0.99);
    const { counts, result } = await underFlood(good, flood);
    const flooded = percentile(result, 0.99);
    rounds.push({ idle, flooded, ratio: flooded / idle, refused: counts['429'] ?? 0 });
  }
  return {
    'alone, p99 ms': Number(median(rounds.map(({ idle }) => idle)).toFixed(1)),
    'under the flood, p99 ms': Number(median(rounds.map(({ flooded }) => flooded)).toFixed(1)),
    ratio: Number(median(rounds.map(({ ratio }) => ratio)).toFixed(2)),
    target: '< 2',
    'refused of the flood': median(rounds.map(({ refused }) => refused)),
  };
}

/** The clients of every bench, the good one with as much as it likes. */
function withoutLimit(): readonly object[] {
  return aConfigDocument().clients.map((client) =>
    client['client_id'] === 'orders-api'
      ? { ...client, rate_limit: { requestsPerSecond: 100_000, burst: 1_000_000 } }
      : client,
  );
}

async function main(): Promise<void> {
  const setting = await createBenchSetting({ limits: LIMITS, clients: withoutLimit() });
  let server: ServerProcess | undefined;
  try {
    server = await startProcess('./viaduct-server.ts', setting.configPath);
    const headers = (authorization: string) => ({
      authorization,
      'content-type': 'application/x-www-form-urlencoded',
    });
    const good: Asked = {
      url: `${server.url}/introspect`,
      headers: headers(basic('orders-api', ORDERS_SECRET)),
      body: 'token=a.b.c',
    };
    const flood: Flood = {
      url: `${server.url}/token`,
      headers: headers(basic('gateway', GATEWAY_SECRET)),
      body: new URLSearchParams({
        grant_type: TOKEN_EXCHANGE,
        subject_token: await setting.partner.sign(),
        subject_token_type: JWT_TYPE,
        resource: 'https://orders.example/',
      }).toString(),
      inFlight: FLOOD_IN_FLIGHT,
    };
    await waitFor(good, WARM_UP);
    console.table([await compare(good, flood)]);
    console.log(`${REQUESTS} requests a round, ${ROUNDS} rounds, ${FLOOD_IN_FLIGHT} in the flood`);
  } finally {
    await server?.stop();
    await rm(setting.directory, { recursive: true, force: true });
  }
}

await main();
