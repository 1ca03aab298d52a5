// A client that publishes its keys at an address (`jwks_uri`), and a server that fetches them there.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ISSUER } from './document.ts';
import { type Ending, startServer } from './server.ts';

const NOW_SECONDS = 1_800_000_000;
/** The key that it has from the start. */
export const KID = 'the-key';

/** A key that it could publish. */
export async function aKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}

/** A client that publishes its keys at an address: what is published can change. */
async function startClient(t: Ending) {
  const { privateKey, jwk } = await aKey(KID);
  let [status, keys]: [number, unknown] = [200, [jwk]];
  let fetches = 0;
  let cacheControl = '';
  let held: ServerResponse[] | undefined;
  const answer = (response: ServerResponse): void => {
    response.statusCode = status;
    if (cacheControl !== '') response.setHeader('cache-control', cacheControl);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  };
  const server = createServer((_, response) => {
    fetches++;
    if (held) held.push(response);
    else answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  t.after(stop);
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    keepFor: (seconds: number) => (cacheControl = `public, max-age=${seconds}, immutable`),
    publish: (...published: object[]) => (keys = published),
    break: () => (status = 500),
    hang: () => void (held = []),
    mend() {
      status = 200;
      held?.forEach(answer);
      held = undefined;
    },
    garble: () => (keys = 'none'),
    stop,
    fetches: () => fetches,
    jwk,
    assertion: (header: object = { kid: KID }, key = privateKey) =>
      new SignJWT({ iss: 'worker', sub: 'worker', aud: ISSUER, jti: randomUUID() })
        .setIssuedAt(Math.floor(Date.now() / 1000))
        .setExpirationTime(Math.floor(Date.now() / 1000) + 60)
        .setProtectedHeader({ alg: 'ES256', ...header })
        .sign(key),
  };
}

/** A server, with the clock of the machine in the hand of the test, whose keys of the client are stale once `pass` was called, and a request of that client. */
export async function startServerOf(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: NOW_SECONDS * 1000 });
  const client = await startClient(t);
  const server = await startServer(t, (document) => {
    document['fetch'] = { allowedHosts: [client.host] };
    document.clients.push({
      client_id: 'worker',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `http://${client.host}/jwks`,
      grant_types: ['client_credentials'],
      default_target: 'orders',
    });
    Object.assign(document.relyingParties[0] ?? {}, {
      requestors: ['gateway', 'orders-api', 'worker'],
    });
    Object.assign(document.policy[1] ?? {}, { requestor: { client: ['gateway', 'worker'] } });
  });
  const present = (client_assertion: string) =>
    server.post(
      '/token',
      {
        grant_type: 'client_credentials',
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
      { as: null },
    );
  const authenticate = async (header?: object, key?: CryptoKey) =>
    present(await client.assertion(header, key));
  const pass = (seconds = 120) => {
    t.mock.timers.setTime(Date.now() + seconds * 1000);
    server.clock.advance(seconds);
  };
  return { client, server, authenticate, pass, present };
}
