// A writer of the DER (X.690) that a self-signed certificate needs, and no more. It reads nothing.

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

/** One element: tag, length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(body.length), body]);
}

/** A SEQUENCE of these elements. */
export const sequence = (...members: readonly Uint8Array[]): Buffer => der(0x30, ...members);
/** A SET of these elements. */
export const set = (...members: readonly Uint8Array[]): Buffer => der(0x31, ...members);
/** An OCTET STRING. */
export const octetString = (content: Uint8Array): Buffer => der(0x04, content);
/** A UTF8String. */
export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text));
/** A BOOLEAN. */
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));

/** An INTEGER of these octets, which are positive: their first bit is 0. */
export const integer = (octets: Uint8Array): Buffer => der(0x02, octets);

/** A BIT STRING whose last `unusedBits` bits do not count. */
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer =>
  der(0x03, Buffer.from([unusedBits]), content);

function base128(value: number): number[] {
  const septets = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) septets.unshift((rest & 0x7f) | 0x80);
  return septets;
}

/** An OBJECT IDENTIFIER, written with dots. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/\.\d{3}|[-:T]/g, '')}`;
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}
