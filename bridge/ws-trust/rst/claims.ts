// Claims (WS-Trust 1.3 §4.1) in the dialects of the identity selector (Identity Selector Interoperability 1.5 §3.3.4) and of
// WS-Federation 1.2 §9.3. A wished value is one of a list of texts; constraints by order, structure or encryption are refused.

import { XmlFailure } from '#bridge/xml/failure.ts';
import { parseBoolean, textOf } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { AUTHORIZATION_2006_NS, AUTHORIZATION_NS, IDENTITY_NS, isOfClaims } from '../names.ts';
import type { RequestedClaim } from './rst-request.ts';

const DIALECTS: ReadonlySet<string> = new Set([
  IDENTITY_NS,
  `${AUTHORIZATION_NS}/authclaims`,
  `${AUTHORIZATION_2006_NS}/authclaims`,
]);
/** Children of a ClaimType that are for people. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(['DisplayName', 'Description', 'DisplayValue']);
/** More is no wish any more. */
export const MAX_CLAIMS = 64;

/** The claims of the request and of its secondary parameters together, in that order: of one claim the first counts.
 * @throws {ExchangeFailure} `operation-unsupported`
 * @throws {XmlFailure} `element-missing`, `element-unexpected`, `element-repeated`, `text-malformed` */
export function readClaims(elements: readonly XmlElement[]): readonly RequestedClaim[] {
  const claims = new Map<string, RequestedClaim>();
  for (const element of elements) {
    for (const claim of readDialect(element)) {
      if (!claims.has(claim.uri)) claims.set(claim.uri, claim);
    }
  }
  if (claims.size > MAX_CLAIMS) throw unsupported('so many claims');
  return [...claims.values()];
}

function readDialect(element: XmlElement): readonly RequestedClaim[] {
  const children = elementsOf(element);
  const dialect = attributeOf(element, 'Dialect');
  // The claims tell of which they are: Microsoft's library for .NET writes those of 200706 under the name of any other.
  const namespace = children[0]?.uri ?? '';
  const isKnown = children.length === 0 || isOfClaims(namespace);
  if (!isKnown || (dialect !== undefined && !DIALECTS.has(dialect)))
    throw unsupported('dialect of claims');
  const claims = children.map((child) => readClaim(child, namespace));
  if (new Set(claims.map(({ uri }) => uri)).size !== claims.length)
    throw new XmlFailure('element-repeated', 'one claim twice');
  return claims;
}

function readClaim(element: XmlElement, namespace: string): RequestedClaim {
  const values = readWish(element, namespace);
  const uri = attributeOf(element, 'Uri') ?? '';
  if (uri === '') throw new XmlFailure('text-malformed', 'claim without Uri');
  return {
    uri,
    // Both dialects: what is not called optional is mandatory.
    isOptional: readFlag(element, 'Optional'),
    ...(values && { values }),
  };
}

function readWish(element: XmlElement, namespace: string): readonly string[] | undefined {
  // A form of Apache CXF in the dialect of 2005: what it wishes for is in the element that is named so.
  if (namespace === IDENTITY_NS && isNamed(element, namespace, 'ClaimValue'))
    return readValues(element, namespace);
  if (!isNamed(element, namespace, 'ClaimType')) throw unsupported('claim of another form');
  const [wish, second] = elementsOf(element).filter(
    (child) => child.uri !== namespace || !DESCRIPTIONS.has(child.local),
  );
  if (second !== undefined) throw new XmlFailure('element-repeated', 'two wishes for one claim');
  const values = wish && readClaimTypeWish(wish, namespace);
  // An empty Value is what Microsoft's library for .NET writes where nothing is wished for.
  return wish?.local === 'Value' && values?.[0] === '' ? undefined : values;
}

// WS-Federation 1.2 §9.3: the dialect of 2005 has no values in a ClaimType.
function readClaimTypeWish(wish: XmlElement, namespace: string): readonly string[] {
  const isOfDialect = wish.uri === namespace && namespace !== IDENTITY_NS;
  if (isOfDialect && wish.local === 'Value') return [textOf(wish)];
  if (!isOfDialect || wish.local !== 'ConstrainedValue') throw unsupported('claim with a value');
  // The token says values; that a constraint holds is another statement.
  if (readFlag(wish, 'AssertConstraint')) throw unsupported('claim that asserts a constraint');
  const [constraint, second] = elementsOf(wish);
  if (constraint === undefined || second !== undefined)
    throw new XmlFailure('element-unexpected', 'not one constraint');
  if (!isNamed(constraint, namespace, 'ValueOneOf')) throw unsupported('constraint by order');
  return readValues(constraint, namespace);
}

function readValues(parent: XmlElement, namespace: string): readonly string[] {
  const children = elementsOf(parent);
  if (children.length === 0) throw new XmlFailure('element-missing', 'no value to wish for');
  if (!children.every((child) => isNamed(child, namespace, 'Value')))
    throw unsupported('claim with another value');
  return children.map(textOf);
}

function unsupported(detail: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', detail);
}

const readFlag = (element: XmlElement, name: string): boolean =>
  parseBoolean(attributeOf(element, name) ?? 'false', name);
