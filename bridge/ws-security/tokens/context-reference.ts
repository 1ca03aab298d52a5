// References to security contexts (WS-SecureConversation 1.3 §8): outside the message of the token a context is referred to by its
// Identifier.

import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { optionalChild, requireEmpty } from '#bridge/xml/reader.ts';
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import { CONTEXT_TYPES, WSC_13_NS, WSC_2005_NS } from '../names.ts';
import { SecurityFailure } from '../security-failure.ts';
import { kindOfToken } from './presented-token.ts';
import { readContextName, requireIdentifier } from './security-context-token.ts';
import { onlyForm, type ReferenceScope } from './token-reference.ts';

/** A context by its name, and the token of it where the header has one. */
interface ReferredContext {
  readonly name: ContextName;
  readonly token?: XmlElement;
}

/** The context that a SecurityTokenReference names; undefined for all other references.
 * @throws {SecurityFailure} `security-token-unavailable`, `bad-context-token`, `unsupported-context-token`
 * @throws {XmlFailure} `element-unexpected` */
export function readContextReference(
  reference: XmlElement,
  { tokens }: ReferenceScope,
): ReferredContext | undefined {
  const direct = optionalChild(reference, WSSE_NS, 'Reference');
  const identifier = direct && attributeOf(direct, 'URI');
  if (direct === undefined || identifier === undefined || identifier.startsWith('#'))
    return undefined;
  onlyForm(reference, direct);
  requireEmpty(direct);
  const type = attributeOf(direct, 'ValueType') ?? '';
  if (!CONTEXT_TYPES.includes(type)) return undefined;
  const instance = instanceOf(direct, type);
  const found = tokens
    .filter((each) => kindOfToken(each) === 'context')
    .map((token) => ({ name: readContextName(token), token }))
    .filter(({ name }) => name.identifier === identifier)
    .filter(({ name }) => instance === undefined || name.instance === instance);
  // One that signs and is the target too stands twice. Two instances of a context are two tokens.
  if (new Set(found.map(({ name }) => name.instance)).size > 1)
    throw unavailable('two contexts of this name');
  if (found[0]) return found[0];
  const name = { identifier: requireIdentifier(identifier) };
  return { name: instance === undefined ? name : { ...name, instance } };
}

// The attribute is declared by the schema of each version, in the namespace of that version.
function instanceOf(direct: XmlElement, type: string): string | undefined {
  const [instance, second] = [WSC_13_NS, WSC_2005_NS].flatMap((uri) => {
    const text = attributeOf(direct, 'Instance', uri);
    return text === undefined ? [] : [{ text, uri }];
  });
  // What is of another version than the context could be passed over by one reader and be taken by another.
  if (second ?? (instance && !type.startsWith(instance.uri))) throw unavailable('Instance');
  return instance?.text;
}

function unavailable(detail: string): SecurityFailure {
  return new SecurityFailure('security-token-unavailable', detail);
}
