// A closed loop of requests over kept TLS connections.
import { Agent, request } from 'node:https';

interface TlsMessage {
  readonly url: string;
  readonly agent: Agent;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TlsLoad extends TlsMessage {
  readonly requests: number;
  readonly inFlight: number;
}

/** Connections that trust one certificate and are kept. */
export function createTlsAgent(certificate: string, inFlight: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: inFlight, ca: certificate });
}

/** Sends one request and gives the text of its answer.
 * @throws {Error} any answer but 200 */
export function sendTls({ url, agent, body, headers }: TlsMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const options = { method: 'POST', agent, headers: { ...headers, ...length } };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends `requests` requests with `inFlight` at a time. Any answer but 200 ends the bench. */
export async function runTlsLoad(load: TlsLoad): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next++ < load.requests) await sendTls(load);
  };
  await Promise.all(Array.from({ length: load.inFlight }, worker));
}
