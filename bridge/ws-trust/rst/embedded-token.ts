// The token inside OnBehalfOf, ActAs (WS-Trust 1.3 §9.1, 1.4 §9.2), RenewTarget, CancelTarget and ValidateTarget (1.3 §5-7): an
// assertion, a JWT, or a reference to one in the header.

import { readContextReference } from '#bridge/ws-security/tokens/context-reference.ts';
import { presentContext, presentToken } from '#bridge/ws-security/tokens/presented-token.ts';
import {
  nameOfAbsent,
  type ReferenceScope,
  resolveReference,
} from '#bridge/ws-security/tokens/token-reference.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { onlyChild } from '#bridge/xml/reader.ts';
import {
  elementsOf,
  isAssertion,
  isNamed,
  type XmlDocument,
  type XmlElement,
} from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken } from '#core/token/security-token.ts';

/** A token that a parameter is about, and the element it is. */
export interface EmbeddedToken {
  readonly token: SecurityToken;
  readonly element: XmlElement;
}

/** Where the token of a parameter may stand: in the header, or in the parameter. */
export interface EmbeddedScope extends ReferenceScope {
  /** The document of the parameter: where a challenge was answered, it is not that of the header. */
  readonly within: XmlDocument;
}

/** Reads the one token of a parameter, or the one that stands in the place of a parameter. Names without a proof, such as a UsernameToken
 * or an address, are refused: they would be taken at face value (ws-trust §8).
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `element-unexpected`
 * @throws {ExchangeFailure} `token-malformed`
 * @throws {SecurityFailure} `unsupported-security-token`, `security-token-unavailable`, `invalid-security-token`,
 * `bad-context-token`, `unsupported-context-token` */
export function readEmbeddedToken(parameter: XmlElement, scope: EmbeddedScope): EmbeddedToken {
  const child = isAssertion(parameter) ? parameter : onlyChild(parameter);
  const isReference = isNamed(child, WSSE_NS, 'SecurityTokenReference');
  const context = isReference ? readContextReference(child, scope) : undefined;
  if (context)
    return { token: presentContext(context.name, 'subject'), element: context.token ?? child };
  const element = isReference ? resolveReference(child, scope) : child;
  const isOfHeader = scope.tokens.includes(element);
  return { token: present(element, isOfHeader ? scope.document : scope.within), element };
}

/** The id of a token that a parameter names by a reference, where none of that id is in the message. Undefined for everything else. A
 * name proves nothing: who it is about must be known otherwise.
 * @throws {XmlFailure} `element-unexpected` for an id that is no text */
export function readTokenName(parameter: XmlElement, scope: ReferenceScope): string | undefined {
  const [reference, another] = elementsOf(parameter);
  if (another || !reference || !isNamed(reference, WSSE_NS, 'SecurityTokenReference'))
    return undefined;
  return nameOfAbsent(reference, scope);
}

// A token in the Body: that it cannot be read is told in the words of core.
function present(element: XmlElement, document: XmlDocument): SecurityToken {
  try {
    return presentToken(document, element, 'subject');
  } catch (cause) {
    if (cause instanceof XmlFailure)
      throw new ExchangeFailure('token-malformed', cause.message, { cause });
    throw cause;
  }
}
