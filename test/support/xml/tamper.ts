// Edits of signed text. `resigned` plays a signer whose SignedInfo is odd but whose signature is right, so that the rule
// under test must refuse by itself.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHmac, sign } from 'node:crypto';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { DS_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import type { TestKey } from '#test/support/xml/keys.ts';

/** Replaces text that must occur. */
export function edited(text: string, search: string | RegExp, replacement: string): string {
  const result = text.replace(search, () => replacement);
  assert.notEqual(result, text, `nothing to replace: ${String(search)}`);
  return result;
}

/** Signs the first SignedInfo anew, as it now stands; HMAC when the key is a secret. */
export function resigned(text: string, key: TestKey | Uint8Array, hash = 'sha256'): string {
  const { root } = parseXml(Buffer.from(text));
  const signedInfo = firstNamed(root, 'SignedInfo');
  assert.ok(signedInfo, 'no SignedInfo');
  const data = Buffer.from(canonicalize(signedInfo));
  const value =
    key instanceof Uint8Array
      ? createHmac(hash, key).update(data).digest()
      : sign(hash, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  const pattern = /(<(?:\w+:)?SignatureValue[^>]*>)[^<]*/;
  return text.replace(pattern, (_, tag: string) => `${tag}${value.toString('base64')}`);
}

/** The text of the first element of this qualified name, tags included. */
export function cut(text: string, name: string): string {
  const found = new RegExp(`<${name}[ >][\\s\\S]*?</${name}>`).exec(text);
  assert.ok(found, `no ${name}`);
  return found[0];
}

function firstNamed(element: XmlElement, local: string): XmlElement | undefined {
  if (isNamed(element, DS_NS, local)) return element;
  for (const child of element.children) {
    const found = typeof child === 'string' ? undefined : firstNamed(child, local);
    if (found !== undefined) return found;
  }
  return undefined;
}
