// Canonical form of our own markup as its receiver computes it.

import { parseXml } from '../parser/parser.ts';
import { canonicalize } from './canonical.ts';
import { type FinalXml, type Markup, seal } from './markup.ts';
import { toWireBytes } from './writer.ts';

/** The canonical form that a receiver makes of an element, which is the one it digests. It differs from what was written where the element
 * holds finished text, such as a signed token, that declares prefixes nothing outside its own signature needs. */
export function reread(markup: Markup): FinalXml {
  return seal(canonicalize(parseXml(toWireBytes(markup)).root), new Set());
}
