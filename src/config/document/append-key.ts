// Adds a key to the text of a configuration and leaves the rest of it, comments included, as it is.
import { isSeq, parseDocument } from 'yaml';

/** The entry of one key, as it stands in the file. */
export interface KeyEntryText {
  readonly use: 'jwt' | 'saml';
  readonly algorithm: string;
  readonly key: { readonly file: string };
  /** Of a key for assertions. */
  readonly certificate?: { readonly file: string };
  /** Absent: it signs from now on. */
  readonly activeFrom?: string;
}

/** The configuration text with one more key.
 * @throws {Error} when it has no list of keys */
export function appendKey(text: string, entry: KeyEntryText): string {
  const document = parseDocument(text);
  const keys = document.get('keys');
  if (!isSeq(keys)) throw new Error('the configuration has no list of keys');
  const node = document.createNode(entry);
  node.flow = true;
  keys.add(node);
  return document.toString({ lineWidth: 0 });
}
