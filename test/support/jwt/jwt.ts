// Tokens of other issuers, signed in the run with keys made in the run.
import { KeyObject } from 'node:crypto';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  type JWK,
} from 'jose';
import type { ClaimValue } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';

/** Claims or header members; undefined leaves a default out. */
export type Members = { readonly [name: string]: ClaimValue | undefined };

export interface ForeignIssuer {
  readonly issuer: string;
  readonly algorithm: string;
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  readonly publicPem: string;
  readonly privatePem: string;
  /** A good token for `https://sts.example` at the fake clock's start; what is given replaces or adds members. */
  sign(claims?: Members, header?: Members): Promise<string>;
  /** Signs these texts or bytes as header and claims set, whatever they are: no library checks them. */
  signRaw(header: Uint8Array | string, payload: Uint8Array | string): Promise<string>;
  /** Answers for this one key, and only to its own name and algorithm. */
  verificationKey(wanted: {
    readonly kid: string | undefined;
    readonly alg: string;
  }): Promise<KeyObject>;
}

interface ForeignIssuerOptions {
  readonly algorithm?: string;
  readonly issuer?: string;
  readonly now?: Instant;
}

const AUDIENCE = 'https://sts.example';

const present = (members: Members): Record<string, ClaimValue> =>
  Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, ClaimValue] => {
      return entry[1] !== undefined;
    }),
  );

function signatureParams(algorithm: string, { algorithm: { name } }: CryptoKey) {
  const bits = Number(algorithm.slice(2));
  return { name, hash: `SHA-${bits}`, saltLength: bits / 8 };
}

/** Base64url of any text, for parts of a token that no library would write. */
export const part = (content: string | Uint8Array): string =>
  (typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)).toString('base64url');

/** An issuer that is not us, with a key of its own. */
export async function aForeignIssuer({
  algorithm = 'ES256',
  issuer = 'https://idp.partner.example',
  now = 1_800_000_000,
}: ForeignIssuerOptions = {}): Promise<ForeignIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  let count = 0;

  async function signRaw(header: Uint8Array | string, payload: Uint8Array | string) {
    const input = `${part(header)}.${part(payload)}`;
    const { subtle } = globalThis.crypto;
    const bytes = new TextEncoder().encode(input);
    const signature = await subtle.sign(signatureParams(algorithm, privateKey), privateKey, bytes);
    return `${input}.${part(new Uint8Array(signature))}`;
  }

  return {
    issuer,
    algorithm,
    kid,
    publicKey: KeyObject.from(publicKey),
    privateKey: KeyObject.from(privateKey),
    publicJwk: { ...jwk, kid, alg: algorithm, use: 'sig' },
    publicPem: await exportSPKI(publicKey),
    privatePem: await exportPKCS8(privateKey),
    signRaw,
    sign(claims = {}, header = {}) {
      count += 1;
      const defaults = { iss: issuer, sub: 'alice', aud: AUDIENCE, jti: `token-${count}` };
      const times = { iat: now, nbf: now, exp: now + 300 };
      return signRaw(
        JSON.stringify(present({ alg: algorithm, kid, typ: 'JWT', ...header })),
        JSON.stringify(present({ ...defaults, ...times, ...claims })),
      );
    },
    async verificationKey(wanted) {
      if (wanted.alg !== algorithm || (wanted.kid !== undefined && wanted.kid !== kid))
        throw new ExchangeFailure('signature-invalid', 'no such key');
      return KeyObject.from(publicKey);
    },
  };
}
