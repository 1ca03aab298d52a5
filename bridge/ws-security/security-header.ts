// The wsse:Security header for us (WSS 1.1.1 §5): exactly one (xml-security V5), its children in any order (ws-trust W13).

import type { Envelope } from '#bridge/soap/envelope.ts';
import { DS_NS, WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed, type ExpandedName, optionalChild } from '#bridge/xml/reader.ts';
import { elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { requireKnownSecurity } from './known-attributes.ts';
import { readSecurely, SecurityFailure } from './security-failure.ts';
import { readTimestamp, type Timestamp } from './timestamp.ts';
import { isKeyToken, kindOfToken } from './tokens/presented-token.ts';
import { readUserNameToken, type UserNameToken } from './tokens/user-name-token.ts';

/** The Security header as received. Nothing in it is verified. */
export interface SecurityHeader {
  readonly element: XmlElement;
  readonly timestamp?: Timestamp;
  readonly userName?: UserNameToken;
  /** Assertions, BinarySecurityTokens, contexts and derived keys, in document order. */
  readonly tokens: readonly XmlElement[];
  readonly signatures: readonly XmlElement[];
}

/** The header blocks this folder understands. */
export const SECURITY_HEADERS: readonly ExpandedName[] = [{ uri: WSSE_NS, local: 'Security' }];

/** Reads the Security header for us, or undefined when there is none. One elsewhere in the message is no header (A9).
 * @throws {SecurityFailure} `invalid-security`, `unsupported-security-token`, `failed-authentication`,
 * `authentication-bad-elements`, `invalid-security-token` */
export function readSecurityHeader(envelope: Envelope): SecurityHeader | undefined {
  const [first, second] = securityElements(envelope);
  // With two, one could be verified and the other be read.
  if (second !== undefined) throw new SecurityFailure('invalid-security', 'two Security headers');
  return first && readSecurely('invalid-security', () => readChildren(first));
}

/** The Security headers of a message; of two none is taken. */
export function securityElements({ headers }: Envelope): readonly XmlElement[] {
  const elements = headers.map(({ element }) => element);
  return elements.filter((element) => isNamed(element, WSSE_NS, 'Security'));
}

/** Credentials, certificates and derived keys of any message there is. Each may be read for a name that fits (xml-security B10). */
const MAX_TOKENS = 16;

function readChildren(security: XmlElement): SecurityHeader {
  const children = elementsOf(security);
  // Not those of the header itself: it is a block of SOAP, and some clients write `mustUnderstand` without a namespace.
  for (const child of children) requireKnownSecurity(child);
  const tokens = children.filter((child) => isTokenChild(child));
  if (tokens.length > MAX_TOKENS) throw new SecurityFailure('invalid-security', 'too many tokens');
  const signatures = childrenNamed(security, DS_NS, 'Signature');
  if (signatures.length === 0) requireNoSignatureParts(security, tokens);
  const timestamp = optionalChild(security, WSU_NS, 'Timestamp');
  const userName = optionalChild(security, WSSE_NS, 'UsernameToken');
  return {
    element: security,
    tokens,
    signatures,
    ...(timestamp && { timestamp: readTimestamp(timestamp) }),
    ...(userName && { userName: readUserNameToken(userName) }),
  };
}

// Derived keys and references serve a signature: without one their purpose is unclear. A certificate may be there because the Body refers
// to it; one that nothing refers to is refused after the Body was read.
function requireNoSignatureParts(security: XmlElement, tokens: readonly XmlElement[]): void {
  const references = childrenNamed(security, WSSE_NS, 'SecurityTokenReference');
  if (references.length > 0 || tokens.some(isKeyToken))
    throw new SecurityFailure('unsupported-security-token', 'parts of a signature without one');
}

const OTHER_CHILDREN: readonly ExpandedName[] = [
  { uri: WSU_NS, local: 'Timestamp' },
  { uri: WSSE_NS, local: 'UsernameToken' },
  { uri: WSSE_NS, local: 'SecurityTokenReference' },
  { uri: DS_NS, local: 'Signature' },
];

// Encryption and every unknown token end here: what is not understood is not passed over.
function isTokenChild(child: XmlElement): boolean {
  if (kindOfToken(child) !== undefined && child.uri !== '') return true;
  if (OTHER_CHILDREN.some(({ uri, local }) => isNamed(child, uri, local))) return false;
  throw new SecurityFailure('unsupported-security-token', `${child.local} in the Security header`);
}
