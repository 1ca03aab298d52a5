// The stored form of a password: `scrypt$N$r$p$salt$hash` (RFC 7914), salt and hash in base64url without padding.

/** The cost of one computation: 128 * N * r bytes of memory, and N * r * p of time. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

interface EncodedPassword {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

// Less is cheap to guess; more lets a single line of a user file take the memory of the server.
const BOUNDS = {
  N: { least: 2 ** 14, most: 2 ** 17 },
  r: { least: 8, most: 16 },
  p: { least: 1, most: 4 },
} as const;

const SALT_BYTES = { least: 16, most: 64 };
const HASH_BYTES = { least: 32, most: 64 };

const FORM =
  /^scrypt\$(?<N>[1-9]\d{0,9})\$(?<r>[1-9]\d{0,2})\$(?<p>[1-9]\d{0,2})\$(?<salt>[\w-]{1,88})\$(?<hash>[\w-]{1,88})$/;

function parseCost(name: keyof ScryptCost, text: string | undefined): number {
  const { least, most } = BOUNDS[name];
  const value = Number(text);
  if (!(value >= least && value <= most)) {
    throw new Error(`${name} must be from ${least} to ${most}`);
  }
  return value;
}

function parseBytes(
  name: string,
  text: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): Buffer {
  const bytes = Buffer.from(text ?? '', 'base64url');
  // One spelling for each value: stray bits at the end would give one hash two names.
  if (bytes.toString('base64url') !== text) throw new Error(`${name} is not base64url`);
  if (bytes.length < least || bytes.length > most) {
    throw new Error(`${name} must have ${least} to ${most} bytes`);
  }
  return bytes;
}

/** Reads the stored form.
 * @throws {Error} that says what is wrong and never repeats the text: a password may stand where its hash should */
export function parseEncodedPassword(text: string): EncodedPassword {
  const parts = FORM.exec(text)?.groups;
  if (!parts) throw new Error('not of the form scrypt$N$r$p$salt$hash');
  const N = parseCost('N', parts['N']);
  if (!Number.isInteger(Math.log2(N))) throw new Error('N must be a power of two');
  return {
    cost: { N, r: parseCost('r', parts['r']), p: parseCost('p', parts['p']) },
    salt: parseBytes('the salt', parts['salt'], SALT_BYTES),
    hash: parseBytes('the hash', parts['hash'], HASH_BYTES),
  };
}

/** Writes the stored form. */
export function writeEncodedPassword({ cost, salt, hash }: EncodedPassword): string {
  const { N, r, p } = cost;
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}
