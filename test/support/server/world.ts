// Servers on one store, and everybody who presents something to them. The servers are processes and read the real clock.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { ForeignSamlIssuer } from '#test/support/saml/saml.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import {
  aConfigDocument,
  type ConfigDocument,
  ISSUER,
  JWT_BEARER,
  ORDERS_SECRET,
} from './document.ts';
import { createPartner, type Partner, writeConfiguration } from './server.ts';
import { type ServerProcess, startServerProcess, stopServerProcess } from './server-process.ts';

const WORKER = 'worker';

export interface World {
  readonly directory: string;
  readonly document: ConfigDocument;
  readonly partner: Partner;
  readonly samlPartner: ForeignSamlIssuer;
  /** Signs for a client that authenticates by private_key_jwt. */
  readonly workerKey: CryptoKey;
  dispose(): Promise<void>;
}

/** The server that tokens for `orders` are addressed to. */
export const ORDERS_CREDENTIALS = { client_id: 'orders-api', client_secret: ORDERS_SECRET };

/** The second it is. */
export const now = (): number => Math.floor(Date.now() / 1000);

async function addWorker(document: ConfigDocument, directory: string): Promise<CryptoKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: WORKER, alg: 'ES256' };
  await writeFile(join(directory, 'worker.jwks.json'), JSON.stringify({ keys: [jwk] }));
  document.clients.push({
    client_id: WORKER,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { file: 'worker.jwks.json' },
    grant_types: ['client_credentials'],
    default_target: 'orders',
  });
  Object.assign(document.policy[0] ?? {}, { requestor: { client: ['gateway', WORKER] } });
  return privateKey;
}

/** Writes the configuration of all servers of a world, over the store that the section names. */
export async function createWorld(store: (directory: string) => object): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-world-'));
  const document = aConfigDocument();
  const ordersToBilling = document.policy[2];
  const { partner: samlPartner } = await withSaml(document, directory);
  document.policy.push({ ...ordersToBilling });
  for (const client of document.clients) (client['grant_types'] as string[]).push(JWT_BEARER);
  const workerKey = await addWorker(document, directory);
  document['store'] = store(directory);
  const { partner, jwks } = await createPartner({ now });
  await writeConfiguration(directory, document, jwks);
  return {
    directory,
    document,
    partner,
    samlPartner,
    workerKey,
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Starts a server over each of the store sections: all of them or none, for one that is left alone would keep a test from
 * ending. */
export async function startServers(
  { directory, document }: World,
  stores: readonly object[],
): Promise<readonly ServerProcess[]> {
  const started = await Promise.allSettled(
    stores.map((store, index) =>
      startServerProcess(directory, `server-${index + 1}`, { ...document, store }),
    ),
  );
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return servers;
  await Promise.all(servers.map(stopServerProcess));
  throw new Error('a server does not start', { cause: failed.reason });
}

/** A client assertion of the worker, good once. */
export function clientAssertion({ workerKey }: World): Promise<string> {
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: WORKER })
    .setIssuer(WORKER)
    .setSubject(WORKER)
    .setAudience(ISSUER)
    .setIssuedAt(now())
    .setExpirationTime(now() + 60)
    .sign(workerKey);
}
