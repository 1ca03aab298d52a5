// The demo's foreign issuer: its key lies beside the configuration, so that a newcomer has a subject token to exchange.
import { createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto';

const LIFETIME_SECONDS = 3600;

/** The JWKS of a private key, PEM. */
export function publicJwkOf(keyPem: string, kid: string): { readonly keys: readonly object[] } {
  const jwk = createPublicKey(createPrivateKey(keyPem)).export({ format: 'jwk' });
  return { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A fresh subject token of the demo partner, good for an hour at the given audience. */
export function demoSubjectToken(keyPem: string, kid: string, audience: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://partner.example',
    sub: 'alice',
    aud: audience,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    jti: randomUUID(),
    scope: 'orders.read',
    email: 'alice@partner.example',
    groups: ['buyer', 'staff'],
    level: 3,
  };
  const input = `${encode({ alg: 'ES256', kid, typ: 'JWT' })}.${encode(claims)}`;
  const key = { key: keyPem, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}
