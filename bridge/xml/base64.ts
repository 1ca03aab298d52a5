// Strict base64 (xml-security V12): one text per value, so that replay keys cannot be varied (B14).

import { Buffer } from 'node:buffer';
import { XmlFailure } from './failure.ts';

/** Decodes base64 with XML whitespace allowed between characters and nothing else.
 * @throws {XmlFailure} `text-malformed` on another alphabet, wrong padding or loose trailing bits */
export function parseBase64(text: string): Buffer {
  const compact = text.replaceAll(/[\t\n\r ]+/g, '');
  const bytes = Buffer.from(compact, 'base64');
  // Encoding again is the whole check: exactly one text stands for these bytes.
  if (bytes.toString('base64') !== compact) throw new XmlFailure('text-malformed', 'base64');
  return bytes;
}

/** Encodes bytes as base64 without line breaks. */
export function writeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
