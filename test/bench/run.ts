// `npm run bench`: what Viaduct costs beside the bare cryptography, in one run on one machine. It asserts nothing.
import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import {
  GATEWAY_BASIC,
  JWT_BEARER,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { type BenchSetting, createBenchSetting } from './bench-setting.ts';
import { type LoadResult, percentile, runLoad } from './load.ts';
import { startImageServer } from './server/image-server.ts';
import { type ServerProcess, startProcess } from './server/server-process.ts';
import { type SignatureAlgorithm, signatureMicroseconds } from './signing-rate.ts';
import { measureStarts } from './start-up.ts';

const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 3000);
const IN_FLIGHT = 32;
/** V8 looks every eight seconds whether memory can be given back, and takes two or three looks. */
const REST_MILLISECONDS = 40_000;
const ROUNDS = 5;
const RESOURCES = { ES256: 'https://orders.example/', RS256: 'https://rs256.example/' } as const;
const headers = {
  authorization: GATEWAY_BASIC,
};

interface Work {
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  /** CPU beside the bare server, at most. */
  readonly target?: number;
  /** Whether the bare library serves it too. */
  readonly isServedByLibrary?: boolean;
  prepare(setting: BenchSetting): Promise<(index: number) => string>;
}

const form = (values: Readonly<Record<string, string>>): string =>
  new URLSearchParams(values).toString();

function exchangeWork(algorithm: SignatureAlgorithm, target: number): Work {
  return {
    name: `token exchange, ${algorithm}`,
    algorithm,
    target,
    isServedByLibrary: true,
    async prepare({ partner }) {
      const subject_token = await partner.sign();
      const body = form({
        grant_type: TOKEN_EXCHANGE,
        subject_token,
        subject_token_type: JWT_TYPE,
        resource: RESOURCES[algorithm],
      });
      return () => body;
    },
  };
}

function assertionWork(algorithm: SignatureAlgorithm): Work {
  return {
    name: `jwt-bearer, ${algorithm}`,
    algorithm,
    async prepare({ partner }) {
      const assertions: string[] = [];
      for (let made = 0; made < REQUESTS + WARM_UP; made++) assertions.push(await partner.sign());
      return (index) =>
        form({
          grant_type: JWT_BEARER,
          assertion: assertions[index] ?? '',
          resource: RESOURCES[algorithm],
        });
    },
  };
}

function credentialsWork(algorithm: SignatureAlgorithm): Work {
  const body = form({ grant_type: 'client_credentials', resource: RESOURCES[algorithm] });
  return { name: `client_credentials, ${algorithm}`, algorithm, prepare: async () => () => body };
}

const WARM_UP = 300;
/** Before anything is measured: until Node has compiled what is hot. */
const HEATING = 12_000;
const WORKS: readonly Work[] = [
  exchangeWork('RS256', 1.6),
  exchangeWork('ES256', 2.2),
  credentialsWork('RS256'),
  credentialsWork('ES256'),
  assertionWork('RS256'),
  assertionWork('ES256'),
];

interface Measured {
  readonly cpuMicroseconds: number;
  readonly load: LoadResult;
}

async function measure(server: ServerProcess, body: (index: number) => string): Promise<Measured> {
  const url = `${server.url}/token`;
  await runLoad({ url, body, headers, requests: WARM_UP, inFlight: IN_FLIGHT });
  const before = await server.usage();
  const load = await runLoad({
    url,
    body: (index) => body(index + WARM_UP),
    headers,
    requests: REQUESTS,
    inFlight: IN_FLIGHT,
  });
  const after = await server.usage();
  return { cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / REQUESTS, load };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

interface Servers {
  readonly viaduct: ServerProcess;
  readonly baseline: ServerProcess;
  readonly library: ServerProcess;
}

interface Round {
  readonly ours: Measured;
  readonly bare: Measured;
  readonly library: Measured | undefined;
}

const medianRatio = (rounds: readonly Round[], of: (round: Round) => Measured | undefined) =>
  median(
    rounds.map((round) => (of(round)?.cpuMicroseconds ?? Number.NaN) / round.bare.cpuMicroseconds),
  );

/** Rounds alternate between the servers, so that noise of the machine meets all of them. */
async function compare(work: Work, setting: BenchSetting, servers: Servers) {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const body = await work.prepare(setting);
    rounds.push({
      ours: await measure(servers.viaduct, body),
      bare: await measure(servers.baseline, body),
      library: work.isServedByLibrary ? await measure(servers.library, body) : undefined,
    });
  }
  const ours = median(rounds.map((round) => round.ours.cpuMicroseconds));
  const { load } =
    rounds.at(-1)?.ours ??
    (() => {
      throw new Error('no round ran');
    })();
  return {
    work: work.name,
    'requests/s': Math.round(load.requests / load.seconds),
    'CPU µs/request': Math.round(ours),
    '× bare server': Number(medianRatio(rounds, (round) => round.ours).toFixed(2)),
    target: work.target === undefined ? '' : `≤ ${work.target}`,
    'bare library': work.isServedByLibrary
      ? Number(medianRatio(rounds, (round) => round.library).toFixed(2))
      : '',
    '× raw signature': Number((ours / signatureMicroseconds(work.algorithm)).toFixed(2)),
    'p50 ms': Number(percentile(load, 0.5).toFixed(1)),
    'p99 ms': Number(percentile(load, 0.99).toFixed(1)),
  };
}

async function heat(setting: BenchSetting, servers: Servers): Promise<void> {
  const body = await exchangeWork('ES256', 0).prepare(setting);
  for (const { url } of Object.values<ServerProcess>({ ...servers })) {
    await runLoad({ url: `${url}/token`, body, headers, requests: HEATING, inFlight: IN_FLIGHT });
  }
}

async function startServers(setting: BenchSetting): Promise<Servers> {
  return {
    viaduct: await startImageServer(setting.configPath, setting.directory),
    baseline: await startProcess('./baseline-server.ts', setting.baseline),
    library: await startProcess('./library-server.ts', setting.baseline),
  };
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

async function main(): Promise<void> {
  const setting = await createBenchSetting();
  const { first, later } = await measureStarts(setting);
  const servers = await startServers(setting);
  try {
    const { residentBytes: residentAtStart } = await servers.viaduct.usage();
    await heat(setting, servers);
    const rows = [];
    for (const work of WORKS) rows.push(await compare(work, setting, servers));
    console.table(rows);
    const { residentBytes: residentUnderLoad } = await servers.viaduct.usage();
    await wait(REST_MILLISECONDS);
    const { residentBytes } = await servers.viaduct.usage();
    console.table([
      { figure: 'start to first good answer', value: `${later.toFixed(2)} s`, target: '≤ 1.0 s' },
      { figure: 'the first start ever', value: `${first.toFixed(2)} s`, target: '' },
      { figure: 'resident at start', value: megabytes(residentAtStart), target: '' },
      { figure: 'resident under load', value: megabytes(residentUnderLoad), target: '' },
      { figure: 'resident after load', value: megabytes(residentBytes), target: '≤ 150 MB' },
    ]);
    console.log(
      `${HEATING} requests before, ${REQUESTS} a round, ${ROUNDS} rounds, ${IN_FLIGHT} in flight, Node ${process.version}`,
    );
  } finally {
    await Promise.all(Object.values<ServerProcess>({ ...servers }).map((server) => server.stop()));
    await rm(setting.directory, { recursive: true, force: true });
  }
}

await main();
