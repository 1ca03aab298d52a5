// Hashes and verifies passwords with scrypt (RFC 7914), on the thread pool.
// Of the OpaqueString profile (RFC 8265 §4.2) only NFC is done: an é typed on one system must match that of another.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { parseEncodedPassword, type ScryptCost, writeEncodedPassword } from './encoded-password.ts';

/** The longest password, in bytes of UTF-8 as received. */
export const MAX_PASSWORD_BYTES = 1024;

/** What new passwords are hashed with: 32 MiB of memory for each computation. */
export const DEFAULT_COST: ScryptCost = { N: 2 ** 15, r: 8, p: 3 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** One scrypt computation. */
interface Derivation {
  readonly password: Buffer;
  readonly salt: Buffer;
  readonly lengthBytes: number;
  readonly cost: ScryptCost;
}

export type DeriveKey = (derivation: Derivation) => Promise<Buffer>;

/** scrypt of node:crypto, bounded to the memory that the cost needs. */
export const deriveScryptKey: DeriveKey = ({ password, salt, lengthBytes, cost }) => {
  const { N, r, p } = cost;
  const maxmem = 128 * r * (N + p + 2);
  return new Promise((resolve, reject) => {
    scrypt(password, salt, lengthBytes, { N, r, p, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
};

/** Whether a text can be a password at all. Lone surrogates are refused: in UTF-8 they would all be the same character. */
export function isPossiblePassword(password: string): boolean {
  return (
    password.length > 0 &&
    password.isWellFormed() &&
    Buffer.byteLength(password) <= MAX_PASSWORD_BYTES
  );
}

function passwordBytes(password: string): Buffer {
  if (!isPossiblePassword(password)) {
    throw new Error(`a password has 1 to ${MAX_PASSWORD_BYTES} bytes of well-formed Unicode`);
  }
  return Buffer.from(password.normalize('NFC'));
}

/** The stored form of a new password, with a salt of its own.
 * @throws {Error} when the text cannot be a password */
export async function hashPassword(
  password: string,
  cost: ScryptCost = DEFAULT_COST,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const derivation = { password: passwordBytes(password), salt, lengthBytes: HASH_BYTES, cost };
  const encoded = writeEncodedPassword({ cost, salt, hash: await deriveScryptKey(derivation) });
  parseEncodedPassword(encoded); // A cost out of bounds must fail here, not when the file is loaded.
  return encoded;
}

/** Whether the stored form is of this password. The comparison takes the same time wherever the two differ.
 * @throws {Error} when either cannot be read */
export async function verifyPassword(
  encoded: string,
  password: string,
  deriveKey: DeriveKey = deriveScryptKey,
): Promise<boolean> {
  const { cost, salt, hash } = parseEncodedPassword(encoded);
  const derivation = { password: passwordBytes(password), salt, lengthBytes: hash.length, cost };
  return timingSafeEqual(await deriveKey(derivation), hash);
}
