// A client that asks as fast as it can, in a thread of its own: what it costs to ask is not what is measured.
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is given. */
export interface Flood {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly inFlight: number;
}

const { body, headers, inFlight, url } = workerData as Flood;
const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
const counts: Record<string, number> = {};
let isOver = false;

function ask(): Promise<void> {
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const status = String(response.statusCode);
      counts[status] = (counts[status] ?? 0) + 1;
      response.resume().on('end', resolve);
    });
    sent.on('error', () => resolve());
    sent.end(body);
  });
}

async function lane(): Promise<void> {
  while (!isOver) await ask();
}

parentPort?.once('message', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: inFlight }, lane));
agent.destroy();
parentPort?.postMessage(counts);
