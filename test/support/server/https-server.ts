// A real https server on loopback, with a certificate made in the run.
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { selfSigned } from '#test/support/x509/certificate.ts';

export interface HttpsServer {
  /** `https://localhost:<port>` */
  readonly origin: string;
  readonly port: number;
  /** PEM to trust. */
  readonly certificate: string;
  /** Paths asked for, in order. */
  readonly requests: readonly string[];
}

/** Starts a server that ends with the test. */
export async function startHttpsServer(
  context: TestContext,
  listener: RequestListener,
): Promise<HttpsServer> {
  const { certPem, keyPem } = await selfSigned(['localhost', 'keys.example', '127.0.0.1', '::1']);
  const requests: string[] = [];
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `https://localhost:${port}`, port, certificate: certPem, requests };
}
