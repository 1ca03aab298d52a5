// Claims (WS-Trust 1.3 §4.1) in the dialects of the identity selector (Identity Selector Interoperability 1.5 §3.3.4) and of
// WS-Federation 1.2 §9.3. Claims with a wished value are left out: we cannot promise values.

import { XmlFailure } from '#bridge/xml/failure.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { attributeOf, elementsOf, isNamed } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { RequestedClaim } from './rst-request.ts';

const IDENTITY_CLAIMS_NS = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
const AUTHORIZATION_NS = 'http://docs.oasis-open.org/wsfed/authorization/200706';
const AUTHORIZATION_2006_NS = 'http://schemas.xmlsoap.org/ws/2006/12/authorization';

/** The namespace of the claims of each dialect. */
const DIALECTS: ReadonlyMap<string, string> = new Map([
  [IDENTITY_CLAIMS_NS, IDENTITY_CLAIMS_NS],
  [`${AUTHORIZATION_NS}/authclaims`, AUTHORIZATION_NS],
  [`${AUTHORIZATION_2006_NS}/authclaims`, AUTHORIZATION_2006_NS],
]);
/** Children of a ClaimType that are for people. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(['DisplayName', 'Description', 'DisplayValue']);

/** The claims of the request and of its secondary parameters together, in that order: of one claim the first counts.
 * @throws {ExchangeFailure} `operation-unsupported`; {XmlFailure} `element-unexpected`, `text-malformed`, `element-repeated` */
export function readClaims(elements: readonly XmlElement[]): readonly RequestedClaim[] {
  const claims = new Map<string, RequestedClaim>();
  for (const element of elements) {
    for (const claim of readDialect(element)) {
      if (!claims.has(claim.uri)) claims.set(claim.uri, claim);
    }
  }
  return [...claims.values()];
}

function readDialect(element: XmlElement): readonly RequestedClaim[] {
  const children = elementsOf(element);
  const dialect = attributeOf(element, 'Dialect');
  const namespace = dialect === undefined ? children[0]?.uri : DIALECTS.get(dialect);
  // Without a dialect the first claim tells, if it is of one that we know.
  const isKnown = namespace !== undefined && [...DIALECTS.values()].includes(namespace);
  if (!isKnown && (dialect !== undefined || children.length > 0))
    throw unsupported('dialect of claims');
  const claims = children.map((child) => readClaim(child, namespace ?? ''));
  if (new Set(claims.map(({ uri }) => uri)).size !== claims.length)
    throw new XmlFailure('element-repeated', 'one claim twice');
  return claims;
}

function readClaim(element: XmlElement, namespace: string): RequestedClaim {
  if (!isNamed(element, namespace, 'ClaimType')) throw unsupported('claim of another form');
  for (const child of elementsOf(element)) {
    const isDescription = child.uri === namespace && DESCRIPTIONS.has(child.local);
    if (!isDescription) throw unsupported('claim with a value');
  }
  const uri = attributeOf(element, 'Uri') ?? '';
  if (uri === '') throw new XmlFailure('text-malformed', 'claim without Uri');
  return { uri, isOptional: readOptional(attributeOf(element, 'Optional')) };
}

// Both dialects: what is not called optional is mandatory.
function readOptional(text = 'false'): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new XmlFailure('text-malformed', 'Optional');
}

function unsupported(detail: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', detail);
}
