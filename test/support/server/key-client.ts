// A client that authenticates by assertions that it signs (private_key_jwt), beside the clients of `document.ts`.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JWTPayload, SignJWT } from 'jose';
import { aForeignIssuer, type ForeignIssuer } from '../jwt/jwt.ts';
import { type ConfigDocument, ISSUER } from './document.ts';
import { type Answer, type Ending, type Members, startServer, type TestServer } from './server.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type SignAssertion = (claims?: Members, header?: Members) => Promise<string>;

/** Starts a server with the client `worker`, and its twin `second-worker`, and what signs for them. */
export async function startWithKeyClient(
  t: Ending,
  client: object = {},
  change: (document: ConfigDocument) => void = () => {},
): Promise<{ server: TestServer; sign: SignAssertion; key: ForeignIssuer }> {
  const key = await aForeignIssuer({ issuer: 'worker' });
  const jwk = { ...key.publicJwk, kid: 'client-key', alg: 'ES256' };
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const other = { ...publicKey.export({ format: 'jwk' }), kid: 'other-key', alg: 'ES384' };
  // Client assertions are judged by the library, which reads the real clock.
  const now = (): number => Math.floor(Date.now() / 1000);
  const server = await startServer(t, async (document, directory, clock) => {
    const { clients, relyingParties, policy } = document;
    clock.set(now());
    await writeFile(join(directory, 'worker.jwks.json'), JSON.stringify({ keys: [jwk, other] }));
    clients.push({
      client_id: 'worker',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { file: 'worker.jwks.json' },
      grant_types: ['client_credentials'],
      default_target: 'orders',
      ...client,
    });
    clients.push({ ...clients.at(-1), client_id: 'second-worker' });
    Object.assign(relyingParties[0] ?? {}, { requestors: ['gateway', 'orders-api', 'worker'] });
    Object.assign(policy[1] ?? {}, { requestor: { client: ['gateway', 'worker'] } });
    change(document);
  });
  const sign: SignAssertion = (claims = {}, header = {}) =>
    new SignJWT({
      iss: 'worker',
      sub: 'worker',
      aud: ISSUER,
      iat: now(),
      exp: now() + 60,
      jti: randomUUID(),
      ...claims,
    } as JWTPayload)
      .setProtectedHeader({ alg: 'ES256', kid: 'client-key', ...header })
      .sign(key.privateKey);
  return { server, sign, key };
}

/** Asks for a token about the client itself. */
export const authenticate = (server: TestServer, client_assertion: string): Promise<Answer> =>
  server.post(
    '/token',
    { grant_type: 'client_credentials', client_assertion, client_assertion_type: ASSERTION_TYPE },
    { as: null },
  );
