// CanonicalizationMethod and c14n transforms (Exclusive XML Canonicalization 1.0 §4): algorithm and PrefixList.

import { isNcName } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { EXC_C14N_NS } from '../namespaces.ts';
import { readShape, requiredAttribute } from '../shape.ts';
import type { XmlElement } from '../tree.ts';
import { EXC_C14N, INCLUSIVE_C14N } from './algorithms.ts';

/** How a signature asks for canonical form; `''` in the list stands for `#default`. */
export interface CanonicalMethod {
  readonly inclusive: boolean;
  readonly prefixList: readonly string[];
}

/** Inclusive form without parameters: what a missing transform means. */
export const INCLUSIVE_DEFAULT: CanonicalMethod = { inclusive: true, prefixList: [] };

const MAX_PREFIXES = 32;

/** Reads the algorithm and PrefixList of a CanonicalizationMethod or Transform. With comments is refused always,
 * inclusive unless the issuer's record allows it.
 * @throws {XmlFailure} `algorithm-refused`, `signature-shape` */
export function readCanonicalMethod(
  element: XmlElement,
  inclusiveAllowed: boolean,
): CanonicalMethod {
  const children = readShape(element, ['Algorithm']);
  const algorithm = requiredAttribute(element, 'Algorithm');
  if (inclusiveAllowed && algorithm === INCLUSIVE_C14N) {
    children.end();
    return INCLUSIVE_DEFAULT;
  }
  if (algorithm !== EXC_C14N) throw new XmlFailure('algorithm-refused', `c14n: ${algorithm}`);
  const parameters = children.takeIf(EXC_C14N_NS, 'InclusiveNamespaces');
  children.end();
  return {
    inclusive: false,
    prefixList: parameters === undefined ? [] : readPrefixList(parameters),
  };
}

function readPrefixList(parameters: XmlElement): readonly string[] {
  readShape(parameters, ['PrefixList']).end();
  const tokens = requiredAttribute(parameters, 'PrefixList')
    .split(/[\t\n\r ]+/)
    .filter((token) => token !== '');
  if (tokens.length > MAX_PREFIXES) throw new XmlFailure('signature-shape', 'PrefixList too long');
  return tokens.map((token) => {
    if (token === '#default') return '';
    if (!isNcName(token)) throw new XmlFailure('signature-shape', 'PrefixList');
    return token;
  });
}
