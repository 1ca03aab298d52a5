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

/** An INTEGER is signed: a number whose first bit is set gets a zero before it. */
const padding = (octets: Uint8Array, first: number): number =>
  (octets[first] ?? 0) >= 0x80 ? 1 : 0;

/** The DER of a signature in the form of JWS, whose length the caller has checked. */
export function derOfSignature(signature: Uint8Array): Buffer {
  const half = signature.length / 2;
  const parts = [0, half].map((start) => {
    const first = firstOctet(signature, start, start + half);
    const pad = padding(signature, first);
    return { first, end: start + half, pad, length: start + half - first + pad };
  });
  const length = parts.reduce((sum, part) => sum + 2 + part.length, 0);
  const head = length < 0x80 ? [SEQUENCE, length] : [SEQUENCE, LONG_LENGTH, length];
  const der = Buffer.alloc(head.length + length);
  der.set(head);
  let at = head.length;
  for (const part of parts) {
    der.set([INTEGER, part.length], at);
    der.set(signature.subarray(part.first, part.end), at + 2 + part.pad);
    at += 2 + part.length;
  }
  return der;
}

/** The form of JWS of a signature that OpenSSL just made: its DER is right, so it is not questioned. */
export function signatureOfDer(der: Uint8Array, coordinateBytes: number): Buffer {
  const signature = Buffer.alloc(2 * coordinateBytes);
  let at = der[1] === LONG_LENGTH ? 3 : 2;
  for (const end of [coordinateBytes, 2 * coordinateBytes]) {
    const next = at + 2 + (der[at + 1] ?? 0);
    const number = der.subarray(firstOctet(der, at + 2, next), next);
    signature.set(number, end - number.length);
    at = next;
  }
  return signature;
}
