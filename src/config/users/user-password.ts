// The stored form of a password in a user file: `scrypt$N$r$p$salt$hash` (RFC 7914). Only judged here: `src/users` computes it.

const FORM =
  /^scrypt\$([1-9]\d{0,9})\$([1-9]\d{0,2})\$([1-9]\d{0,2})\$([\w-]{1,88})\$([\w-]{1,88})$/;

const isWithin = (value: number, least: number, most: number): boolean =>
  value >= least && value <= most;

function isBytes(text: string, least: number, most: number): boolean {
  const bytes = Buffer.from(text, 'base64url');
  // One spelling for each value: stray bits at the end would give one hash two names.
  return bytes.toString('base64url') === text && isWithin(bytes.length, least, most);
}

/** Whether a text is a stored password whose cost is neither cheap to guess nor a way to take the memory of the server. */
export function isStoredPassword(text: string): boolean {
  const [, N, r, p, salt = '', hash = ''] = FORM.exec(text) ?? [];
  return (
    isWithin(Number(N), 2 ** 14, 2 ** 17) &&
    Number.isInteger(Math.log2(Number(N))) &&
    isWithin(Number(r), 8, 16) &&
    isWithin(Number(p), 1, 4) &&
    isBytes(salt, 16, 64) &&
    isBytes(hash, 32, 64)
  );
}
