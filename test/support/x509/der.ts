// DER as tests need it, around what is DER already.
import { Buffer } from 'node:buffer';

/** A SEQUENCE of these values. */
export const aSequence = (...values: readonly Uint8Array[]): Buffer => anElement(0x30, ...values);

/** An element with this identifier octet around these octets. */
export function anElement(tag: number, ...values: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(values);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.byteLength), content]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.of(bytes);
  const digits = bytes.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 + octets.byteLength), octets]);
}
