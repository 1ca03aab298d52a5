// Adds a key to the text of a configuration and leaves the rest of it as it is: every line, comment and space.
import { isNode, isSeq, parseDocument, stringify, type YAMLSeq } from 'yaml';
import type { KeyUse } from '../sections/keys/keys.ts';

/** The entry of one key, as it stands in the file. */
interface KeyEntryText {
  readonly use: KeyUse;
  /** Of one that signs. */
  readonly algorithm?: string;
  readonly key: { readonly file: string };
  /** Of all but those for JWTs. */
  readonly certificate?: { readonly file: string };
  /** Absent: it signs, or is published, from now on. */
  readonly activeFrom?: string;
}

interface Place {
  readonly at: number;
  /** What stands between the last entry and the new one. */
  readonly lead: string;
}

/** Behind the last entry of the list. */
function placeIn(text: string, keys: YAMLSeq): Place {
  const last = keys.items.at(-1);
  const [begin] = keys.range ?? [];
  const [, end] = (isNode(last) && last.range) || [];
  if (begin === undefined || end === undefined)
    throw new Error('the configuration has no list of keys');
  if (keys.flow === true) return { at: end, lead: ', ' };
  // The end of an entry of several lines is behind its line end; a comment in its last line stays with it.
  const { length } = text.slice(0, end).trimEnd();
  const at = length + (/^.*/.exec(text.slice(length))?.[0].length ?? 0);
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const indent = text.slice(text.lastIndexOf('\n', begin) + 1, begin);
  return { at, lead: `${lineEnd}${indent}- ` };
}

/** The configuration text with one more key.
 * @throws {Error} when it has no list of keys */
export function appendKey(text: string, entry: KeyEntryText): string {
  const keys = parseDocument(text).get('keys');
  if (!isSeq(keys)) throw new Error('the configuration has no list of keys');
  const { at, lead } = placeIn(text, keys);
  const written = stringify(entry, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  return `${text.slice(0, at)}${lead}${written}${text.slice(at)}`;
}
