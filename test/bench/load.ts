// A closed loop of requests over kept connections, and what each took.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
}

interface Load {
  readonly url: string;
  readonly body: (index: number) => string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: number;
  readonly inFlight: number;
}

function post(load: Load, index: number, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = load.body(index);
    const headers = {
      ...load.headers,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(load.url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${response.statusCode}: ${Buffer.concat(chunks).toString()}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends `requests` requests with `inFlight` at a time. Any answer but 200 ends the bench. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.inFlight });
  const latencies: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (next < load.requests) {
      const index = next++;
      const from = performance.now();
      await post(load, index, agent);
      latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: load.inFlight }, worker));
  agent.destroy();
  const seconds = (performance.now() - started) / 1000;
  return { requests: load.requests, seconds, latencies: latencies.sort((a, b) => a - b) };
}

/** The latency below which `share` of the requests stay, in milliseconds. */
export function percentile({ latencies }: LoadResult, share: number): number {
  return latencies[Math.min(Math.floor(latencies.length * share), latencies.length - 1)] ?? 0;
}
