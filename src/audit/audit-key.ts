// The audit key and what is made with it: the keyed hashes that stand for token ids, and the seal of checkpoints.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { TokenRef } from '#core/token/security-token.ts';
import type { LineHead } from './chain/line.ts';

const MIN_KEY_BYTES = 32;

/** The head of a named chain. */
export interface ChainHead extends LineHead {
  readonly chain: string;
}

export interface AuditKey {
  readonly tokens: KeyObject;
  /** Derived, so that no token id whatsoever can make the hash of a token read as a seal. */
  readonly checkpoints: KeyObject;
  /** Hashes made lately. */
  readonly hashes: Map<string, string>;
}

/** Makes the audit key of its secret, 32 bytes or more: a shorter one would let token ids be guessed from their hashes. */
export function createAuditKey(secret: Uint8Array): AuditKey {
  if (secret.byteLength < MIN_KEY_BYTES) {
    throw new Error(`the audit key must have ${MIN_KEY_BYTES} bytes or more`);
  }
  const checkpoints = createHmac('sha256', secret).update('viaduct audit checkpoint').digest();
  return {
    tokens: createSecretKey(secret),
    checkpoints: createSecretKey(checkpoints),
    hashes: new Map(),
  };
}

/** One exchange names the same few tokens in each of its records. */
const REMEMBERED_HASHES = 512;

/** What stands for a token in the audit: HMAC-SHA-256 over issuer, 0x00 and id, base64url. */
export function lookupHash({ hashes, tokens }: AuditKey, { id, issuer }: TokenRef): string {
  const name = `${issuer}\0${id}`;
  const known = hashes.get(name);
  if (known !== undefined) return known;
  const hash = createHmac('sha256', tokens).update(name).digest('base64url');
  if (hashes.size >= REMEMBERED_HASHES) hashes.clear();
  hashes.set(name, hash);
  return hash;
}

const sealOf = (key: AuditKey, heads: readonly ChainHead[]): Buffer =>
  createHmac('sha256', key.checkpoints)
    .update(JSON.stringify(heads.map(({ chain, seq, hash }) => [chain, seq, hash])))
    .digest();

/** Seals the heads of a checkpoint. */
export function sealHeads(key: AuditKey, heads: readonly ChainHead[]): string {
  return sealOf(key, heads).toString('base64url');
}

/** Whether a seal was made with this key over these heads. */
export function isSealed(key: AuditKey, heads: readonly ChainHead[], seal: string): boolean {
  const given = Buffer.from(seal, 'base64url');
  const expected = sealOf(key, heads);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
