// Pinned public keys of others: a JWK Set (RFC 7517) from a file.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isRsaKey } from '#core/foreign/rsa-key.ts';
import type { Loading } from '../../loading.ts';
import type { Complaint, Path } from '../../problem.ts';
import { MIN_RSA_BITS } from './pem.ts';

export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Reads a JWK Set file; an empty set and a complaint when it cannot be used. */
export async function readJwks(file: string, path: Path, loading: Loading): Promise<JsonWebKeySet> {
  const text = await loading.read({ file }, path);
  const keys = text === '' ? [] : keysOf(text);
  if (!keys) {
    loading.error(
      path,
      complaint('is not a JWK Set', 'refer to JSON of the form { "keys": [ … ] }'),
    );
    return { keys: [] };
  }
  let isUsable = true;
  for (const [index, key] of keys.entries()) {
    const what = keyProblem(key);
    if (what === undefined) continue;
    loading.error(path, complaint(`key ${String(index)} ${what}`, FIX));
    isUsable = false;
  }
  if (text !== '' && keys.length === 0) loading.error(path, complaint('has no keys', FIX));
  return { keys: isUsable ? keys : [] };
}

const ED25519 = { kty: 'OKP', crv: 'Ed25519' };

/** What keys an algorithm takes (RFC 7518 §3.1, RFC 8037 §3.1). */
const FORMS = {
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  EdDSA: ED25519,
  Ed25519: ED25519,
} as const;

type AssertionAlgorithm = keyof typeof FORMS;

/** The algorithms of client assertions. */
export const ASSERTION_ALGORITHMS = Object.keys(FORMS) as readonly AssertionAlgorithm[];

/** Whether a key verifies signatures of an algorithm, by what it says of itself (RFC 7517 §4). */
export function verifies(key: JsonWebKeyRecord, algorithm: AssertionAlgorithm): boolean {
  const { alg = algorithm, key_ops: operations = ['verify'], use = 'sig' } = key;
  return (
    Object.entries(FORMS[algorithm]).every(([name, value]) => key[name] === value) &&
    alg === algorithm &&
    use === 'sig' &&
    // The library does not look into what is no list.
    (!Array.isArray(operations) || operations.includes('verify'))
  );
}

const FIX = 'put public RSA, EC or OKP keys into the set';

const complaint = (what: string, fix: string): Complaint => ({
  code: 'CONFIG_KEY',
  what,
  why: 'tokens are verified with these keys alone',
  fix,
});

type JsonWebKeyRecord = JsonWebKeySet['keys'][number];

function keysOf(text: string): readonly JsonWebKeyRecord[] | undefined {
  try {
    const set = JSON.parse(text) as unknown;
    const keys: unknown = isRecord(set) ? set['keys'] : undefined;
    return Array.isArray(keys) && keys.every(isRecord) ? keys : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** RFC 7517 §4: what is there and has another form makes a key that is never found. */
function isWellFormed({ alg, kid, use, x5c = [] }: JsonWebKeyRecord): boolean {
  const named = [alg, kid, use].filter((value) => value !== undefined);
  return named.every(isText) && Array.isArray(x5c) && x5c.every(isText);
}

function keyProblem(key: JsonWebKeyRecord): string | undefined {
  // A shared secret in a key set would let its readers sign; a private key there has leaked already.
  if ('k' in key || key['kty'] === 'oct') return 'is a shared secret';
  if ('d' in key) return 'is a private key';
  if (!isWellFormed(key)) return 'has an alg, kid, use or x5c that is none';
  try {
    return rsaProblem(createPublicKey({ key, format: 'jwk' }));
  } catch {
    return 'cannot be used';
  }
}

function rsaProblem(key: KeyObject): string | undefined {
  const { modulusLength: bits } = key.asymmetricKeyDetails ?? {};
  if (bits === undefined) return undefined;
  if (bits < MIN_RSA_BITS) return `has fewer than ${String(MIN_RSA_BITS)} bits`;
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const isOne = isRsaKey(Buffer.from(n, 'base64url'), Buffer.from(e, 'base64url'));
  return isOne ? undefined : 'is an RSA key that is none';
}
