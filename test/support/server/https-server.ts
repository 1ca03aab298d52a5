// A real https server on loopback, with a certificate made in the run.
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type Certificate, selfSigned } from '#test/support/x509/certificate.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

export interface HttpsServer {
  /** `https://localhost:<port>` */
  readonly origin: string;
  readonly port: number;
  /** PEM to trust. */
  readonly certificate: string;
  /** Paths asked for, in order. */
  readonly requests: readonly string[];
}

/** Starts a server that ends with the test; `certificate`: absent, a self-signed one. */
export async function startHttpsServer(
  context: Pick<TestContext, 'after'>,
  listener: RequestListener,
  certificate?: Certificate,
): Promise<HttpsServer> {
  const { certPem, keyPem } =
    certificate ?? (await selfSigned(['localhost', 'keys.example', '127.0.0.1', '::1']));
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

/** The same with a certificate of an authority of its own. */
export async function startPrivateServer(
  context: Pick<TestContext, 'after'>,
  listener: RequestListener,
) {
  const authority = await anAuthority({ name: 'CN=Corp CA' });
  const { pem, privateKeyPem } = await aCertificate({
    name: 'CN=localhost',
    issuer: authority,
    alternativeNames: [{ type: 'dns', value: 'localhost' }],
  });
  const identity = { certPem: pem, keyPem: privateKeyPem };
  return { authority, ...(await startHttpsServer(context, listener, identity)) };
}
