// How long an assertion may become. One too long for our own reader is not issued: it could be neither validated nor cancelled here.

import { Buffer } from 'node:buffer';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { refuse } from '../refusal.ts';
import type { WritableClaim } from './claim-writer.ts';

/** What is added to what is measured: the signature with our certificate. */
const SIGNATURE_BYTES = 6 * 1024;

/** For the signature, and for the message that the assertion comes back in. */
const ROOM_ELEMENTS = 100;

/** The most bytes that one UTF-16 unit takes on the wire: a numeric reference. */
const UNIT_BYTES = 8;

/** Tags, attributes and declarations around one text. */
const PART_BYTES = 300;

/** An assertion that says nothing but the names in it. */
const FRAME_BYTES = 4 * 1024;

/** A key, or a secret that is encrypted, without a certificate. */
const KEY_BYTES = 6 * 1024;

/** The key that the token is bound to. SAML 1.1 says it in both statements. */
function keyBytes({ confirmation, keyEncryption, type }: TokenSpec): number {
  if (confirmation.method === 'bearer') return 0;
  const { certificate = '' } =
    confirmation.method === 'public-key' ? confirmation : (keyEncryption ?? {});
  return (type === 'saml1' ? 2 : 1) * (KEY_BYTES + certificate.length);
}

/** What others wrote in it: each text with its place. */
function textsOf(spec: TokenSpec, claims: readonly WritableClaim[]): readonly string[] {
  const { actors, audiences, authentication, subject, subjectName } = spec;
  return [
    subjectName,
    subject.format ?? '',
    authentication?.contextClass ?? '',
    ...audiences,
    ...actors.flatMap(({ id, issuer }) => [id, issuer]),
    // The name of a claim may stand twice, in full and for display.
    ...claims.flatMap(({ name, values }) => [name, name, ...values]),
  ];
}

/** Refuses a decision whose assertion would be longer, or have more elements, than we read. For most assertions the lengths of their texts
 * tell that they are short enough; any other is written without its signature and parsed, as it would be when it comes back.
 * @throws {ExchangeFailure} `claim-missing` */
export function requireRoom(
  spec: TokenSpec,
  claims: readonly WritableClaim[],
  { maxBytes, write }: { readonly maxBytes: number; readonly write: () => string },
): void {
  const room = Math.min(maxBytes, DEFAULT_LIMITS.maxBytes) - SIGNATURE_BYTES;
  const texts = textsOf(spec, claims);
  const units = texts.reduce((sum, { length }) => sum + length, 0);
  const most = FRAME_BYTES + keyBytes(spec) + texts.length * PART_BYTES + units * UNIT_BYTES;
  if (most <= room) return;
  const maxElements = DEFAULT_LIMITS.maxElements - ROOM_ELEMENTS;
  try {
    parseXml(Buffer.from(write(), 'latin1'), { ...DEFAULT_LIMITS, maxBytes: room, maxElements });
  } catch (cause) {
    if (!(cause instanceof XmlFailure)) throw cause;
    refuse('claim-missing', `more than an assertion has room for: ${cause.message}`);
  }
}
