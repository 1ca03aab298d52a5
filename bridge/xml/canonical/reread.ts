// Markup as those who receive it see it.

import { parseXml } from '../parser/parser.ts';
import { canonicalize } from './canonical.ts';
import { type FinalXml, type Markup, seal } from './markup.ts';
import { toWireBytes } from './writer.ts';

/** The canonical form that a reader makes of an element. It is not what was written where finished text in it, as a token that was
 * written for the wire, declares prefixes that only its own signature needs: others digest this form. */
export function reread(markup: Markup): FinalXml {
  return seal(canonicalize(parseXml(toWireBytes(markup)).root), new Set());
}
