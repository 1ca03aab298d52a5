// The name under which every adapter keeps a value. Ids come from other parties, so they never stand in a key as they are.
import { hash } from 'node:crypto';
import type { StoreKey } from '#core/ports.ts';

/** The text of a key: `sts:<class>:<SHA-256 over the parts>`. Each part carries its length, so that no part, not even one
 * with the separator in it, can be mistaken for two. Hashed as UTF-16: in UTF-8 all lone surrogates would be one id. */
export function storeKeyText(key: StoreKey): string {
  const framed = key.parts.map((part) => `${part.length}:${part}`).join('\0');
  return `sts:${key.class}:${hash('sha256', Buffer.from(framed, 'utf16le'), 'base64url')}`;
}
