// The same cryptography behind the bare OAuth library, with no policy, ledger or audit: what of the cost is the library's.
// A child process of the bench.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, importJWK, jwtVerify, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { GATEWAY_SECRET, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import type { BaselineSetting } from './baseline-server.ts';
import { answerUsage } from './usage.ts';

async function createLibrary({ issuer, partner, signing }: BaselineSetting): Promise<Provider> {
  const partnerKey = (await importJWK(partner, 'ES256')) as CryptoKey;
  const keys = {
    ES256: (await importJWK(signing.ES256, 'ES256')) as CryptoKey,
    RS256: (await importJWK(signing.RS256, 'RS256')) as CryptoKey,
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'gateway',
        client_secret: GATEWAY_SECRET,
        grant_types: [TOKEN_EXCHANGE],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [signing.ES256 as never, signing.RS256 as never] },
    features: { devInteractions: { enabled: false }, resourceIndicators: { enabled: false } },
  });
  provider.registerGrantType(
    TOKEN_EXCHANGE,
    async (ctx) => {
      const { subject_token = '', resource } = ctx.oidc.params as Record<string, string>;
      const alg = resource === 'https://rs256.example/' ? 'RS256' : 'ES256';
      const { payload } = await jwtVerify(subject_token, partnerKey, {
        audience: issuer,
        algorithms: ['ES256'],
      });
      const access_token = await new SignJWT({ client_id: 'gateway', scope: 'orders.read' })
        .setProtectedHeader({ alg, typ: 'at+jwt', kid: 'key' })
        .setIssuer(issuer)
        .setSubject(payload.sub ?? '')
        .setAudience('orders')
        .setIssuedAt()
        .setExpirationTime('5m')
        .setJti(crypto.randomUUID())
        .sign(keys[alg]);
      ctx.body = { access_token, token_type: 'Bearer', expires_in: 300 };
    },
    ['subject_token', 'subject_token_type', 'resource'],
  );
  return provider;
}

process.once('message', (setting: BaselineSetting) => {
  void (async () => {
    const provider = await createLibrary(setting);
    const handle = provider.callback();
    const server = createServer((request, response) => void handle(request, response));
    server.listen(0, '127.0.0.1', () => {
      answerUsage();
      process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    });
  })();
});
