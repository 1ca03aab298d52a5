// A server as an operator runs it: `viaduct serve` in processes of its own, with real files, on loopback.
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import {
  aConfigDocument,
  type ConfigDocument,
  GATEWAY_BASIC,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from './document.ts';
import { type Running, startViaduct } from './process.ts';
import { createPartner, type Partner, writeConfiguration } from './server.ts';

export interface Served {
  readonly directory: string;
  readonly partner: Partner;
  readonly server: Running;
  readonly url: string;
  readonly managementUrl: string;
  /** One exchange, of a fresh token unless the test has one; rejects when the connection fails. */
  readonly exchange: (subjectToken?: string) => Promise<Response>;
  /** Changes the configuration file. */
  edit(change: (document: ConfigDocument) => void): Promise<void>;
  /** Sends SIGHUP and resolves with what the server says to it. */
  reload(): Promise<string>;
  metrics(): Promise<string>;
  /** Starts again what has ended. */
  restart(): Promise<Served>;
}

const systemClock = { now: (): number => Math.floor(Date.now() / 1000) };

const REPORT = /configuration (?:reloaded|not reloaded: .*)\n/g;

/** Sends SIGHUP and resolves with what is said to it. */
function reload(running: Running): Promise<string> {
  const { child } = running;
  const reports = (): readonly string[] => running.text().match(REPORT) ?? [];
  const before = reports();
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const [report] = reports().filter((line) => {
        const count = (all: readonly string[]) => all.filter((each) => each === line).length;
        return count(reports()) > count(before);
      });
      if (report === undefined) return;
      child.stdout?.off('data', look);
      child.stderr?.off('data', look);
      child.off('close', ended);
      resolve(report);
    };
    const ended = (): void => reject(new Error(`it ended: ${running.text()}`));
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('close', ended);
    child.kill('SIGHUP');
  });
}

type Files = Pick<Served, 'directory' | 'partner'>;

/** Starts the command in a directory. */
type Start = (words: readonly string[], directory: string) => Running;

async function serveIn(
  t: TestContext,
  { directory, partner }: Files,
  start: Start = startViaduct,
): Promise<Served> {
  const path = join(directory, 'viaduct.yaml');
  const server = start(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => server.child.kill('SIGKILL'));
  const [, url = '', managementUrl = ''] = await server.says(
    /serving \S+ on (\S+), health and metrics on (\S+)\n/,
  );
  return {
    directory,
    partner,
    server,
    url,
    managementUrl,
    exchange: async (subjectToken) => {
      const body = new URLSearchParams({
        grant_type: TOKEN_EXCHANGE,
        subject_token: subjectToken ?? (await partner.sign()),
        subject_token_type: JWT_TYPE,
        resource: 'https://orders.example/',
      });
      return fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: GATEWAY_BASIC },
        body,
      });
    },
    async edit(change) {
      const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
      change(document);
      await writeFile(path, stringify(document));
    },
    reload: () => reload(server),
    metrics: async () => (await fetch(`${managementUrl}/metrics`)).text(),
    restart: () => serveIn(t, { directory, partner }),
  };
}

/** Serves the document of `document.ts`, changed by the test; killed and removed when the test ends. */
export async function serve(
  t: TestContext,
  change: (document: ConfigDocument, directory: string) => void | Promise<void> = () => {},
  start?: Start,
): Promise<Served> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-served-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const { partner, jwks } = await createPartner(systemClock);
  const document = aConfigDocument();
  await change(document, directory);
  await writeConfiguration(directory, document, jwks);
  return serveIn(t, { directory, partner }, start);
}

/** The process ids of the workers, told by the children of the primary. */
export const workerPids = ({ server }: Served): Promise<readonly number[]> =>
  childrenOf(server.child);

/** Between fork and exec a worker is a copy of the primary, which waits for it: who stopped it there would stop both. */
const isWorker = async (pid: number): Promise<boolean> => {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.includes('NODE_UNIQUE_ID=');
};

/** The process ids of its workers. */
export async function childrenOf(child: ChildProcess): Promise<readonly number[]> {
  const pid = String(child.pid);
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = text.split(' ').filter(Boolean).map(Number);
  const areWorkers = await Promise.all(pids.map(isWorker));
  return pids.filter((_, index) => areWorkers[index]);
}

export interface LoadReport {
  readonly answered: number;
  /** Statuses other than 200, and failed connections. */
  readonly failures: readonly string[];
}

/** Asks in so many lanes until `work` is done. */
export async function underLoad(
  lanes: number,
  ask: () => Promise<Response>,
  work: () => Promise<void>,
): Promise<LoadReport> {
  const failures: string[] = [];
  let answered = 0;
  let isDone = false;
  const lane = async (): Promise<void> => {
    while (!isDone) {
      try {
        const response = await ask();
        const text = await response.text();
        if (response.status === 200) answered += 1;
        else failures.push(`${response.status} ${text}`);
      } catch (cause) {
        const inner = cause instanceof Error ? cause.cause : undefined;
        failures.push(inner instanceof Error ? inner.message : 'failed');
      }
    }
  };
  const running = Array.from({ length: lanes }, lane);
  try {
    await work();
  } finally {
    isDone = true;
    await Promise.all(running);
  }
  return { answered, failures };
}
