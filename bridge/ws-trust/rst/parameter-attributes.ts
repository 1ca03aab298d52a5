// The attributes of a request, of its parameters and of what is in them (WS-Trust 1.3 §3.1, §4): each is known, as each child is. One that
// is passed over would be a wish that is: with `allow="false"` a token could be renewed that shall not be.

import { isAddressing } from '#bridge/soap/endpoint-reference.ts';
import { SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import { WSC_13_NS, WSC_2005_NS } from '#bridge/ws-security/names.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { DS_NS, DSIG11_NS, WSSE_NS, WSU_NS, XML_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import type { XmlAttribute, XmlElement } from '#bridge/xml/tree.ts';
import { attributeOf } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { isOfClaims, POLICY_NAMESPACES, TRUST_14_NS, trustOf } from '../names.ts';

/** The elements of a standard that may be in a request, and their attributes. */
interface Vocabulary {
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /** The attributes of an element that is not listed. Absent: it is read by others, or by nobody, with all that is in it. */
  readonly usual?: readonly string[];
  /** Whether attributes may have the namespace of their element, in which Microsoft's library for .NET writes some. */
  readonly mayBeQualified?: true;
  /** Whether the standard leaves attributes of other namespaces to whoever has a use for them. They change nothing of what is read here. */
  readonly isOpen?: true;
}

const named = (attributes: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(attributes));

const TRUST: Vocabulary = {
  usual: [],
  mayBeQualified: true,
  attributes: named({
    RequestSecurityToken: ['Context'],
    RequestSecurityTokenResponse: ['Context'],
    Renewing: ['Allow', 'OK'],
    UseKey: ['Sig'],
    Claims: ['Dialect'],
    // Apache Rampart writes of what kind its child is, and a dialect of its own with the prefix of WS-Trust; both tell of themselves.
    Entropy: ['Type'],
    BinarySecret: ['Type'],
    // The schema of 1.4 has the second spelling.
    TextChallengeResponse: ['RefID', 'RefId'],
    ContextData: ['RefID', 'RefId'],
  }),
};

/** In both dialects. What is for people is not among them. */
const CLAIMS: Vocabulary = {
  attributes: named({
    ClaimType: ['Uri', 'Optional'],
    ClaimValue: ['Uri', 'Optional'],
    ConstrainedValue: ['AssertConstraint'],
    ValueOneOf: [],
    Value: [],
    RequestDisplayToken: [],
  }),
};

const POLICY: Vocabulary = { attributes: named({ AppliesTo: [], URI: [] }) };

/** What describes an address and does not name it is not among them. */
const ADDRESSING: Vocabulary = {
  isOpen: true,
  attributes: named({
    EndpointReference: [],
    Address: [],
    ReferenceParameters: [],
    ReferenceProperties: [],
  }),
};

const SECURITY: Vocabulary = {
  isOpen: true,
  attributes: named({
    SecurityTokenReference: [],
    Reference: ['URI', 'ValueType'],
    KeyIdentifier: ['ValueType', 'EncodingType'],
    Embedded: ['ValueType'],
    BinarySecurityToken: ['ValueType', 'EncodingType'],
  }),
};

const CONTEXTS: Vocabulary = {
  isOpen: true,
  attributes: named({ SecurityContextToken: [], Identifier: [], Instance: [] }),
};

const KEYS: Vocabulary = {
  attributes: named({
    KeyInfo: [],
    X509Data: [],
    X509Certificate: [],
    KeyValue: [],
    RSAKeyValue: [],
    Modulus: [],
    Exponent: [],
    ECKeyValue: [],
    NamedCurve: ['URI'],
    PublicKey: [],
  }),
};

const OTHERS: ReadonlyMap<string, Vocabulary> = new Map<string, Vocabulary>([
  [TRUST_14_NS, TRUST],
  ['', { attributes: named({ TokenWrapper: [] }) }],
  [WSU_NS, { isOpen: true, attributes: named({ Created: [], Expires: [] }) }],
  [WSSE_NS, SECURITY],
  [WSC_13_NS, CONTEXTS],
  [WSC_2005_NS, CONTEXTS],
  [DS_NS, KEYS],
  [DSIG11_NS, KEYS],
]);

function vocabularyOf(uri: string): Vocabulary | undefined {
  if (trustOf(uri)) return TRUST;
  if (isOfClaims(uri)) return CLAIMS;
  if (POLICY_NAMESPACES.has(uri)) return POLICY;
  return isAddressing(uri) ? ADDRESSING : OTHERS.get(uri);
}

/** What says nothing of the token: names of parts, what a reference is there for, languages, types of XML Schema and encodings of SOAP. */
const NEUTRAL: ReadonlySet<string> = new Set([
  ' Id',
  `${WSU_NS} Id`,
  `${WSSE_NS} Usage`,
  ...['lang', 'space', 'base', 'id'].map((local) => `${XML_NS} ${local}`),
  ...['type', 'schemaLocation'].map((local) => `${XSI_NS} ${local}`),
  ...Object.values(SOAP_SPELLING).map(({ namespace }) => `${namespace} encodingStyle`),
]);

/** Refuses an attribute of an element that nobody reads.
 * @throws {ExchangeFailure} `operation-unsupported` */
export function requireKnownAttributes(element: XmlElement): void {
  readKnown(element);
}

/** The same of an element and of all that is in it, but for tokens and what is encrypted: those are read as a whole by who validates or
 * opens them.
 * @throws {ExchangeFailure} `operation-unsupported` */
export function requireKnownAttributesWithin(element: XmlElement): void {
  if (!readKnown(element)) return;
  for (const child of element.children)
    if (typeof child !== 'string') requireKnownAttributesWithin(child);
}

/** Whether the element is one of a request. Of one that is not, its reader knows the attributes, or it is refused. */
function readKnown(element: XmlElement): boolean {
  const vocabulary = vocabularyOf(element.uri);
  const names = vocabulary?.attributes.get(element.local) ?? vocabulary?.usual;
  if (!vocabulary || !names) return false;
  const unknown = element.attributes.find(
    (attribute) => !isKnown(attribute, { element, names, vocabulary }),
  );
  if (unknown)
    throw new ExchangeFailure(
      'operation-unsupported',
      `unknown attribute ${unknown.local} of ${element.local}`,
    );
  return true;
}

interface KnownAttributes {
  readonly element: XmlElement;
  readonly names: readonly string[];
  readonly vocabulary: Vocabulary;
}

function isKnown({ local, uri }: XmlAttribute, known: KnownAttributes): boolean {
  const { element, names, vocabulary } = known;
  if (NEUTRAL.has(`${uri} ${local}`)) return true;
  const isOwn = uri === '' || uri === element.uri;
  if (!isOwn) return vocabulary.isOpen === true;
  return names.includes(local) && (uri === '' || vocabulary.mayBeQualified === true);
}

/** An attribute of a parameter. Microsoft's library for .NET writes those of WS-Trust with its prefix: to look over one would be to
 * take another wish for what was said.
 * @throws {XmlFailure} `element-repeated` */
export function parameterAttribute(element: XmlElement, local: string): string | undefined {
  const plain = attributeOf(element, local);
  const qualified = attributeOf(element, local, element.uri);
  if (plain !== undefined && qualified !== undefined)
    throw new XmlFailure('element-repeated', `two ${local} of one ${element.local}`);
  return plain ?? qualified;
}
