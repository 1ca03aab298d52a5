// KeyInfo selects a key, it never provides one (xml-security V7, B7): here only what may stand in it is checked.

import { XmlFailure } from '../failure.ts';
import { DS_NS, WSSE_NS } from '../namespaces.ts';
import { shapedChildren } from '../shape.ts';
import type { XmlElement } from '../tree.ts';

const HINTS: ReadonlySet<string> = new Set(['KeyName', 'KeyValue', 'X509Data']);
const MAX_HINTS = 4;

/** Refuses a ds:KeyInfo with anything but hints we know: a RetrievalMethod would send us elsewhere (B8).
 * @throws {XmlFailure} `signature-shape` */
export function validateKeyInfo(keyInfo: XmlElement): void {
  const hints = shapedChildren(keyInfo, ['Id']);
  const isKnown = ({ uri, local }: XmlElement): boolean =>
    (uri === DS_NS && HINTS.has(local)) || (uri === WSSE_NS && local === 'SecurityTokenReference');
  if (hints.length === 0 || hints.length > MAX_HINTS || !hints.every(isKnown)) {
    throw new XmlFailure('signature-shape', 'KeyInfo');
  }
}
