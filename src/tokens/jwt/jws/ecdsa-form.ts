// The two forms of an ECDSA signature: r and s side by side as JWS writes it (RFC 7518 §3.4), and the DER of OpenSSL
// (RFC 3279 §2.2.3). `node:crypto` can convert as well, but works out the public point anew each time it does: 30 to 50
// microseconds of a signature that takes 40.

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** One octet of length follows: content of 128 octets and more, as P-521 has it. */
const LONG_LENGTH = 0x81;

/** Where the number in these octets begins: zeros before it are no part of it, but one octet stays. */
function firstOctet(octets: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end - 1 && octets[at] === 0) at += 1;
  return at;
}

/** A number within octets, as an INTEGER writes it: signed, so that one whose first bit is set gets a zero before it. */
interface Magnitude {
  readonly first: number;
  readonly end: number;
  readonly pad: 0 | 1;
  readonly length: number;
}

function magnitudeIn(octets: Uint8Array, start: number, end: number): Magnitude {
  const first = firstOctet(octets, start, end);
  const pad = (octets[first] ?? 0) >= 0x80 ? 1 : 0;
  return { first, end, pad, length: end - first + pad };
}

/** The DER of a signature in the form of JWS, whose length the caller has checked. */
export function derOfSignature(signature: Uint8Array): Buffer {
  const half = signature.length / 2;
  const parts = [magnitudeIn(signature, 0, half), magnitudeIn(signature, half, 2 * half)];
  const length = parts.reduce((sum, part) => sum + 2 + part.length, 0);
  const isLong = length >= 0x80;
  const der = Buffer.alloc((isLong ? 3 : 2) + length);
  let at = 0;
  der[at++] = SEQUENCE;
  if (isLong) der[at++] = LONG_LENGTH;
  der[at++] = length;
  for (const { first, end, pad, length: octets } of parts) {
    der[at++] = INTEGER;
    der[at++] = octets;
    at += pad;
    for (let from = first; from < end; from += 1) der[at++] = signature[from] ?? 0;
  }
  return der;
}

/** The form of JWS of a signature that OpenSSL just made: its DER is right, so it is not questioned. */
export function signatureOfDer(der: Uint8Array, coordinateBytes: number): Buffer {
  const signature = Buffer.alloc(2 * coordinateBytes);
  let at = der[1] === LONG_LENGTH ? 3 : 2;
  for (const end of [coordinateBytes, 2 * coordinateBytes]) {
    const next = at + 2 + (der[at + 1] ?? 0);
    const first = firstOctet(der, at + 2, next);
    for (let from = first; from < next; from += 1) signature[end - next + from] = der[from] ?? 0;
    at = next;
  }
  return signature;
}
