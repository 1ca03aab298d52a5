// What the same cryptography costs with nothing around it: bare node:http and jose. A child process of the bench.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { answerUsage } from './usage.ts';

export interface BaselineSetting {
  readonly partner: JWK;
  readonly signing: { readonly ES256: JWK; readonly RS256: JWK };
  readonly issuer: string;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

interface Keys {
  readonly partner: CryptoKey;
  readonly ES256: CryptoKey;
  readonly RS256: CryptoKey;
}

async function importKeys({ partner, signing }: BaselineSetting): Promise<Keys> {
  return {
    partner: (await importJWK(partner, 'ES256')) as CryptoKey,
    ES256: (await importJWK(signing.ES256, 'ES256')) as CryptoKey,
    RS256: (await importJWK(signing.RS256, 'RS256')) as CryptoKey,
  };
}

async function subjectOf(form: URLSearchParams, keys: Keys, issuer: string): Promise<string> {
  const token = form.get('subject_token') ?? form.get('assertion');
  if (token === null) return 'gateway';
  const { payload } = await jwtVerify(token, keys.partner, {
    audience: issuer,
    algorithms: ['ES256'],
  });
  return payload.sub ?? '';
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  keys: Keys,
  issuer: string,
): Promise<void> {
  const form = await readForm(request);
  const alg = form.get('resource') === 'https://rs256.example/' ? 'RS256' : 'ES256';
  const access_token = await new SignJWT({ client_id: 'gateway', scope: 'orders.read' })
    .setProtectedHeader({ alg, typ: 'at+jwt', kid: 'key' })
    .setIssuer(issuer)
    .setSubject(await subjectOf(form, keys, issuer))
    .setAudience('orders')
    .setIssuedAt()
    .setExpirationTime('5m')
    .setJti(crypto.randomUUID())
    .sign(keys[alg]);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ access_token, token_type: 'Bearer', expires_in: 300 }));
}

process.once('message', (setting: BaselineSetting) => {
  void (async () => {
    const keys = await importKeys(setting);
    const server = createServer((request, response) => {
      answer(request, response, keys, setting.issuer).catch(() => response.writeHead(500).end());
    });
    server.listen(0, '127.0.0.1', () => {
      answerUsage();
      process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    });
  })();
});
