// One line of the audit: a JSON object with a fixed order of members, chained to the line before it by its hash.
// The hash covers the bytes as written, so reading a line never depends on writing it the same way again.
import { hash } from 'node:crypto';
import { printableLine } from '#core/foreign/printable-line.ts';

/** Bump when the form of a line changes; the verifier takes this and the one before. */
const LINE_VERSION = 1;

/** Where a chain stands: the number of its last line and that line's hash. */
export interface LineHead {
  readonly seq: number;
  readonly hash: string;
}

/** The head of a chain without lines. */
export const NO_LINE: LineHead = { seq: 0, hash: '' };

/** What a first line starts with; tells our own torn file from a file that is not ours. */
export const FIRST_LINE_START = `{"v":${LINE_VERSION},"seq":`;

/** The event of the first line of a file that is not the first of its chain. */
export const CONTINUED_EVENT = 'audit.continued';

/** What a line says, besides its place in the chain. */
export interface LineContent {
  readonly event: string;
}

export interface AuditLine extends LineHead {
  readonly event: string;
  readonly prev: string;
  /** Whether the hash is the hash of this line. */
  readonly isIntact: boolean;
  readonly members: ReadonlyMap<string, unknown>;
}

const HASH_MEMBER = /,"hash":"([A-Za-z0-9_-]{43})"\}$/;
const HASH_MEMBER_LENGTH = ',"hash":""}'.length + 43;

/** SHA-256 over the hash of the line before and this line without its hash. */
const chainedHash = (prev: string, body: string): string =>
  hash('sha256', prev + body, 'base64url');

/** Writes the line that follows `after`, newline included, and the head it makes. */
export function writeLine(
  after: LineHead,
  time: string,
  content: LineContent,
): { readonly text: string; readonly head: LineHead } {
  const seq = after.seq + 1;
  // A record holds what strangers wrote, and a file is shown by more than our commands.
  const body = printableLine(
    JSON.stringify({ v: LINE_VERSION, seq, time, ...content, prev: after.hash }),
  );
  const lineHash = chainedHash(after.hash, body);
  return { text: `${body.slice(0, -1)},"hash":"${lineHash}"}\n`, head: { seq, hash: lineHash } };
}

function parseMembers(body: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a line without its newline; undefined when it has not the form of an audit line. Its hash is computed, not believed. */
export function parseLine(text: string): AuditLine | undefined {
  const stated = HASH_MEMBER.exec(text)?.[1];
  if (stated === undefined) return undefined;
  const body = `${text.slice(0, -HASH_MEMBER_LENGTH)}}`;
  const members = parseMembers(body);
  const [v, seq, event, prev] = ['v', 'seq', 'event', 'prev'].map((name) => members?.get(name));
  if (!members || v !== LINE_VERSION || !Number.isSafeInteger(seq)) return undefined;
  if (typeof seq !== 'number' || typeof event !== 'string' || typeof prev !== 'string') {
    return undefined;
  }
  return { seq, event, prev, hash: stated, isIntact: chainedHash(prev, body) === stated, members };
}

/** The text of a line's bytes; undefined when they are not UTF-8. Lenient decoding would hide a changed byte from the hash. */
export function decodeLine(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
