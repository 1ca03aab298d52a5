// The attributes of elements of WS-Security (WSS 1.1.1 §5-§10 and its schemas), and how attributes are held to what a standard knows: each is
// read or refused. To pass one over could drop a wish, or give the message another meaning than its sender's.

import { SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { DS_NS, DSIG11_NS, WSSE_NS, WSU_NS, XML_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import { attributeOf, type XmlAttribute, type XmlElement } from '#bridge/xml/tree.ts';
import { WSC_13_NS, WSC_2005_NS } from './names.ts';
import { SecurityFailure } from './security-failure.ts';

/** The elements of a standard, and their attributes. */
export interface Vocabulary {
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /** The attributes of elements that are not listed. Absent: such an element, with all in it, is left to its own reader. */
  readonly usual?: readonly string[];
  /** The elements whose attributes may have the namespace of their element, in which some clients write them. Absent: none. */
  readonly qualified?: ReadonlySet<string> | 'all';
  /** Whether the standard leaves attributes of other namespaces to whoever has a use for them. They change nothing of what is read here. */
  readonly isOpen?: true;
}

export const named = (
  attributes: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, readonly string[]> => new Map(Object.entries(attributes));

const SECURITY: Vocabulary = {
  isOpen: true,
  qualified: new Set(['Password']),
  attributes: named({
    SecurityTokenReference: [],
    Reference: ['URI', 'ValueType'],
    KeyIdentifier: ['ValueType', 'EncodingType'],
    Embedded: ['ValueType'],
    BinarySecurityToken: ['ValueType', 'EncodingType'],
    UsernameToken: [],
    Username: [],
    Password: ['Type'],
    Nonce: ['EncodingType'],
  }),
};

const UTILITIES: Vocabulary = {
  isOpen: true,
  attributes: named({ Timestamp: [], Created: [], Expires: [] }),
};

const CONVERSATION: Vocabulary = {
  isOpen: true,
  // WSS4J writes how a key is derived with the prefix of WS-SecureConversation, and reads nothing else.
  qualified: new Set(['DerivedKeyToken']),
  attributes: named({
    SecurityContextToken: [],
    Identifier: [],
    Instance: [],
    DerivedKeyToken: ['Algorithm'],
    Generation: [],
    Offset: [],
    Length: [],
    Label: [],
    Nonce: [],
  }),
};

const KEYS: Vocabulary = {
  attributes: named({
    KeyInfo: [],
    X509Data: [],
    X509Certificate: [],
    X509SKI: [],
    X509IssuerSerial: [],
    X509IssuerName: [],
    X509SerialNumber: [],
    KeyValue: [],
    RSAKeyValue: [],
    Modulus: [],
    Exponent: [],
    ECKeyValue: [],
    NamedCurve: ['URI'],
    PublicKey: [],
  }),
};

/** By namespace. */
export const SECURITY_VOCABULARIES: ReadonlyMap<string, Vocabulary> = new Map([
  [WSSE_NS, SECURITY],
  [WSU_NS, UTILITIES],
  [WSC_13_NS, CONVERSATION],
  [WSC_2005_NS, CONVERSATION],
  [DS_NS, KEYS],
  [DSIG11_NS, KEYS],
]);

/** What says nothing of the token: names of parts, what a reference is there for, languages, types of XML Schema and encodings of SOAP. */
const NEUTRAL: ReadonlySet<string> = new Set([
  ' Id',
  `${WSU_NS} Id`,
  `${WSSE_NS} Usage`,
  ...['lang', 'space', 'base', 'id'].map((local) => `${XML_NS} ${local}`),
  ...['type', 'schemaLocation'].map((local) => `${XSI_NS} ${local}`),
  ...Object.values(SOAP_SPELLING).map(({ namespace }) => `${namespace} encodingStyle`),
]);

/** What an element is held to, and what becomes of an attribute that is not known: it must throw. */
export interface AttributeRules {
  readonly vocabularyOf: (uri: string) => Vocabulary | undefined;
  readonly refuse: (detail: string) => never;
}

/** Refuses an unknown attribute of an element of the vocabularies. False for an element of none: its own reader knows its attributes, or
 * refuses it. */
export function readKnown(element: XmlElement, { refuse, vocabularyOf }: AttributeRules): boolean {
  const vocabulary = vocabularyOf(element.uri);
  const names = vocabulary?.attributes.get(element.local) ?? vocabulary?.usual;
  if (!vocabulary || !names) return false;
  const unknown = element.attributes.find(
    (attribute) => !isKnown(attribute, { element, names, vocabulary }),
  );
  if (unknown) refuse(`unknown attribute ${unknown.local} of ${element.local}`);
  return true;
}

/** The same for an element and all in it, but not for tokens and encrypted parts: whoever validates or opens them reads them whole. */
export function readKnownWithin(element: XmlElement, rules: AttributeRules): void {
  if (!readKnown(element, rules)) return;
  for (const child of element.children)
    if (typeof child !== 'string') readKnownWithin(child, rules);
}

interface KnownAttributes {
  readonly element: XmlElement;
  readonly names: readonly string[];
  readonly vocabulary: Vocabulary;
}

function isKnown({ local, uri }: XmlAttribute, known: KnownAttributes): boolean {
  const { element, names, vocabulary } = known;
  const { isOpen, qualified } = vocabulary;
  if (NEUTRAL.has(`${uri} ${local}`)) return true;
  const isOwn = uri === '' || uri === element.uri;
  if (!isOwn) return isOpen === true;
  const mayBeQualified = qualified === 'all' || qualified?.has(element.local) === true;
  return names.includes(local) && (uri === '' || mayBeQualified);
}

/** An attribute without a namespace, or in that of its element, as some clients write it.
 * @throws {XmlFailure} `element-repeated` */
export function eitherAttribute(element: XmlElement, local: string): string | undefined {
  const plain = attributeOf(element, local);
  const qualified = attributeOf(element, local, element.uri);
  if (plain !== undefined && qualified !== undefined)
    throw new XmlFailure('element-repeated', `two ${local} of one ${element.local}`);
  return plain ?? qualified;
}

/** Refuses an attribute that nobody reads, in a part of the Security header.
 * @throws {SecurityFailure} `invalid-security` */
export function requireKnownSecurity(part: XmlElement): void {
  readKnownWithin(part, {
    vocabularyOf: (uri) => SECURITY_VOCABULARIES.get(uri),
    refuse(detail) {
      throw new SecurityFailure('invalid-security', detail);
    },
  });
}
