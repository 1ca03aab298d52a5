// What the numbers of an RSA key must be, wherever a key of others comes from.

/** No exponent in use is longer. A long one takes the runtime time that grows with the square of its length: a set of a few megabytes kept it
 * busy for minutes. */
const MAX_EXPONENT_OCTETS = 4;

const isOdd = (octets: Uint8Array): boolean => (octets.at(-1) ?? 0) % 2 === 1;

/** Whether these can be the numbers of an RSA key (RFC 8017 §3.1), as octets without zeros before them. With the exponent 1 anybody signs, and
 * everybody has the private key; with an even exponent or modulus nobody has. */
export function isRsaKey(modulus: Uint8Array, exponent: Uint8Array): boolean {
  const isOne = exponent.length === 1 && exponent[0] === 1;
  const isExponent = isOdd(exponent) && !isOne && exponent.length <= MAX_EXPONENT_OCTETS;
  return isOdd(modulus) && isExponent;
}
