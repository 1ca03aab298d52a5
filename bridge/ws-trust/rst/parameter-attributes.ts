// Which attributes a request, its parameters and their content may have (WS-Trust 1.3 §3.1, §4). An unknown one is refused like an unknown
// child: with `allow="false"` passed over, a token could be renewed that must not be.

import { isAddressing } from '#bridge/soap/endpoint-reference.ts';
import {
  type AttributeRules,
  named,
  readKnown,
  readKnownWithin,
  SECURITY_VOCABULARIES,
  type Vocabulary,
} from '#bridge/ws-security/known-attributes.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { isOfClaims, POLICY_NAMESPACES, TRUST_14_NS, trustOf } from '../names.ts';

// Microsoft's library for .NET writes some with the prefix of WS-Trust.
const TRUST: Vocabulary = {
  usual: [],
  qualified: 'all',
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

const OTHERS: ReadonlyMap<string, Vocabulary> = new Map<string, Vocabulary>([
  [TRUST_14_NS, TRUST],
  ['', { attributes: named({ TokenWrapper: [] }) }],
  ...SECURITY_VOCABULARIES,
]);

function vocabularyOf(uri: string): Vocabulary | undefined {
  if (trustOf(uri)) return TRUST;
  if (isOfClaims(uri)) return CLAIMS;
  if (POLICY_NAMESPACES.has(uri)) return POLICY;
  return isAddressing(uri) ? ADDRESSING : OTHERS.get(uri);
}

const RULES: AttributeRules = {
  vocabularyOf,
  refuse(detail) {
    throw new ExchangeFailure('operation-unsupported', detail);
  },
};

/** Refuses an attribute of an element that nobody reads.
 * @throws {ExchangeFailure} `operation-unsupported` */
export function requireKnownAttributes(element: XmlElement): void {
  readKnown(element, RULES);
}

/** The same of an element and of all that is in it, but for tokens and what is encrypted.
 * @throws {ExchangeFailure} `operation-unsupported` */
export function requireKnownAttributesWithin(element: XmlElement): void {
  readKnownWithin(element, RULES);
}
