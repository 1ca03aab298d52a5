// Keys for tests, made once per process and never stored.

import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { type TrustedPublicKey, trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { ECDSA_SHA256, RSA_SHA256 } from '#bridge/xml/signature/algorithms.ts';
import type { Signer } from '#bridge/xml/signature/signer.ts';
import { createKeySigner } from './signer.ts';

/** A key pair, its trusted half and a signer over it. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly trusted: TrustedPublicKey;
  readonly signer: Signer;
}

const made = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>();

/** An RSA-2048 key; another `name` is another key. */
export function anRsaKey(name = 'issuer', algorithm = RSA_SHA256): TestKey {
  const make = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
  return testKey(remembered(`rsa ${name}`, make), algorithm);
}

/** An EC key on a curve. */
export function anEcKey(namedCurve = 'P-256', algorithm = ECDSA_SHA256): TestKey {
  return testKey(
    remembered(`ec ${namedCurve}`, () => generateKeyPairSync('ec', { namedCurve })),
    algorithm,
  );
}

/** A fresh secret of 32 bytes. */
export function aSecret(): Uint8Array {
  return randomBytes(32);
}

function remembered(
  name: string,
  make: () => { privateKey: KeyObject; publicKey: KeyObject },
): { privateKey: KeyObject; publicKey: KeyObject } {
  const pair = made.get(name) ?? make();
  made.set(name, pair);
  return pair;
}

function testKey(
  pair: { privateKey: KeyObject; publicKey: KeyObject },
  algorithm: string,
): TestKey {
  const signer = createKeySigner({ algorithm, key: pair.privateKey });
  return { ...pair, trusted: trustPublicKey(pair.publicKey), signer };
}
