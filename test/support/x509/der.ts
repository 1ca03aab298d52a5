// DER as tests need it: a SEQUENCE around what is DER already.
import { Buffer } from 'node:buffer';

/** A SEQUENCE of these values. */
export function aSequence(...values: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(values);
  return Buffer.concat([Buffer.of(0x30), lengthOf(content.byteLength), content]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.of(bytes);
  const octets = Buffer.from(bytes.toString(16).padStart(bytes > 0xffff ? 6 : 4, '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 + octets.byteLength), octets]);
}
