// Two servers on one store, and everybody who presents something that is good once.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  aConfigDocument,
  type ConfigDocument,
  GATEWAY_SECRET,
  ISSUER,
  JWT_BEARER,
} from '#test/support/document.ts';
import type { ForeignSamlIssuer } from '#test/support/saml.ts';
import { withSaml } from '#test/support/saml-document.ts';
import { createPartner, type Partner, writeConfiguration } from '#test/support/server.ts';
import { type ServerProcess, startServerProcess, stopServerProcess } from './server-group.ts';

export const WORKER = 'worker';

export interface World {
  readonly servers: readonly ServerProcess[];
  readonly partner: Partner;
  readonly samlPartner: ForeignSamlIssuer;
  readonly workerKey: CryptoKey;
  dispose(): Promise<void>;
}

/** The second it is: the servers read the real clock. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** Starts all or none: a server that is left alone would keep the test from ending. */
async function startAll(
  directory: string,
  names: readonly string[],
  document: ConfigDocument,
): Promise<readonly ServerProcess[]> {
  const started = await Promise.allSettled(
    names.map((name) => startServerProcess(directory, name, document)),
  );
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return servers;
  await Promise.all(servers.map(stopServerProcess));
  throw new Error('a server does not start', { cause: failed.reason });
}

/** Starts two servers over the store that the section names. */
export async function startWorld(store: (directory: string) => object): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-race-'));
  const document = aConfigDocument();
  const { partner: samlPartner } = await withSaml(document, directory);
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: WORKER, alg: 'ES256' };
  await writeFile(join(directory, 'worker.jwks.json'), JSON.stringify({ keys: [jwk] }));
  document.clients.push({
    client_id: WORKER,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { file: 'worker.jwks.json' },
    default_target: 'orders',
  });
  for (const client of document.clients)
    client['grant_types'] = [...((client['grant_types'] as string[]) ?? []), JWT_BEARER];
  Object.assign(document.clients.at(-1) ?? {}, { grant_types: ['client_credentials'] });
  Object.assign(document.policy[0] ?? {}, { requestor: { client: ['gateway', WORKER] } });
  document['store'] = store(directory);
  const { partner, jwks } = await createPartner({ now });
  await writeConfiguration(directory, document, jwks);
  const servers = await startAll(directory, ['left', 'right'], document);
  return {
    servers,
    partner,
    samlPartner,
    workerKey: privateKey,
    async dispose() {
      await Promise.all(servers.map(stopServerProcess));
      await rm(directory, { recursive: true, force: true });
    },
  };
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

export const aNonce = (): string => randomBytes(16).toString('base64');

export const gatewayBasic = `Basic ${Buffer.from(`gateway:${GATEWAY_SECRET}`).toString('base64')}`;
