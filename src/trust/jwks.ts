// A JWK Set of another issuer (RFC 7517 §5): which of its keys verifies a token, if exactly one does.
import { KeyObject } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { isRsaKey } from '#core/foreign/rsa-key.ts';

interface KeyForm {
  readonly kty: string;
  readonly crv?: string;
}

const FORMS: Readonly<Record<string, KeyForm>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
};

const MIN_RSA_BYTES = 256;
const MAX_KEYS = 100;

/** What a token says about its key. */
export interface WantedKey {
  readonly kid: string | undefined;
  readonly alg: string;
}

export interface KeySet {
  /** The one key that fits; undefined when none does, or more than one: guessing among keys is no proof. */
  find(wanted: WantedKey): Promise<KeyObject> | undefined;
}

type RawKey = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is RawKey =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A set with such a key is not a set of public keys: a secret in it would let every reader sign. */
const isSecret = (key: RawKey): boolean =>
  key['kty'] === 'oct' || ['d', 'p', 'q', 'k'].some((member) => member in key);

const isForVerifying = ({ use, key_ops: operations }: RawKey): boolean =>
  (use === undefined || use === 'sig') &&
  (operations === undefined || (Array.isArray(operations) && operations.includes('verify')));

// Without the zeros before it, which do not make a number longer.
function numberOf(member: unknown): Buffer {
  const octets = Buffer.from(typeof member === 'string' ? member : '', 'base64url');
  const first = octets.findIndex((octet) => octet !== 0);
  return octets.subarray(first === -1 ? octets.byteLength : first);
}

// Before the runtime sees it: a long exponent alone keeps it busy.
const isStrong = ({ kty, n, e }: RawKey): boolean => {
  const modulus = numberOf(n);
  const isLong = modulus.byteLength >= MIN_RSA_BYTES;
  return kty !== 'RSA' || (isLong && isRsaKey(modulus, numberOf(e)));
};

function fits(key: RawKey, { alg, kid }: WantedKey): boolean {
  const form = Object.hasOwn(FORMS, alg) ? FORMS[alg] : undefined;
  if (!form || key['kty'] !== form.kty) return false;
  if (form.crv !== undefined && key['crv'] !== form.crv) return false;
  // RFC 8725 §3.1: a key that names its algorithm is for that one only.
  if (key['alg'] !== undefined && key['alg'] !== alg) return false;
  return kid === undefined || key['kid'] === kid || isOfCertificate(key);
}

/** A key that an operator pinned as a certificate has no id from the issuer: any id that a token names may be meant for it. */
const isOfCertificate = (key: RawKey): boolean =>
  key['kid'] === undefined && key['x5t#S256'] !== undefined;

/** RFC 7515 §4.1.7, §4.1.8: an id that is the thumbprint of a certificate means this one alone. */
const isThumbprint = ({ x5t, 'x5t#S256': sha256 }: RawKey, kid: string | undefined): boolean =>
  kid !== undefined && (kid === x5t || kid === sha256);

function candidatesOf(usable: readonly RawKey[], wanted: WantedKey): readonly RawKey[] {
  const fitting = usable.filter((key) => fits(key, wanted));
  const named = fitting.filter((key) => isThumbprint(key, wanted.kid));
  return named.length > 0 ? named : fitting;
}

async function importPublic(key: RawKey, alg: string): Promise<KeyObject> {
  const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e'].filter((name) => name in key);
  const jwk: JWK = Object.fromEntries(publicMembers.map((name) => [name, key[name]]));
  return KeyObject.from((await importJWK(jwk, alg)) as CryptoKey);
}

function parseKeys(text: string): readonly RawKey[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error('the JWK Set is not JSON');
  }
  const keys = isRecord(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || !keys.every(isRecord)) throw new Error('this is not a JWK Set');
  if (keys.length > MAX_KEYS) throw new Error('the JWK Set has too many keys');
  return keys;
}

const isUsable = (key: RawKey): boolean => !isSecret(key) && isForVerifying(key) && isStrong(key);

function createKeySet(keys: readonly RawKey[]): KeySet {
  const usable = keys.filter(isUsable);
  const imported = new Map<string, Promise<KeyObject>>();
  return {
    find(wanted) {
      const [key, ...others] = candidatesOf(usable, wanted);
      if (!key || others.length > 0) return undefined;
      // By place and algorithm: as many entries as the set can give, however many ids are asked for.
      const place = `${usable.indexOf(key)} ${wanted.alg}`;
      const known = imported.get(place) ?? importPublic(key, wanted.alg);
      imported.set(place, known);
      return known;
    },
  };
}

/** What names a certificate here is not pinned by an operator: it needs its id like any other. */
const withoutThumbprints = (key: RawKey): RawKey =>
  Object.fromEntries(Object.entries(key).filter(([name]) => !name.startsWith('x5t')));

/** Parses a JWK Set from the network. Secret keys and keys for other purposes in it are left out.
 * @throws {Error} when it is none */
export function parseJwks(text: string): KeySet {
  return createKeySet(parseKeys(text).map(withoutThumbprints));
}

/** Writes a JWK Set from the network anew, with the keys alone that may verify something: for a library that asks less of them.
 * @throws {Error} when it is none */
export const writeUsableJwks = (text: string): string =>
  JSON.stringify({ keys: parseKeys(text).filter(isUsable) });

/** Parses a JWK Set that the operator pinned: what can never be used in it is a mistake, and said so.
 * @throws {Error} when it is none, is empty, or has a secret or weak key */
export function parsePinnedJwks(text: string): KeySet {
  const keys = parseKeys(text);
  if (keys.length === 0) throw new Error('the JWK Set has no keys');
  if (keys.some(isSecret)) throw new Error('the JWK Set has a secret or private key');
  if (!keys.every(isStrong))
    throw new Error('the JWK Set has an RSA key that is none, or below 2048 bits');
  return createKeySet(keys);
}
