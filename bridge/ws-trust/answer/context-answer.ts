// A security context in an answer (WS-SecureConversation 1.3 §2, §3): the token, and how messages refer to it, by its id in the message
// that brings it and by its Identifier elsewhere.

import { writeContextToken } from '#bridge/ws-security/tokens/security-context-token.ts';
import { writeDirectReference } from '#bridge/ws-security/tokens/token-reference.ts';
import type { AttributePair, Markup } from '#bridge/xml/canonical/markup.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import type { IssuedToken } from '#core/token/token-spec.ts';
import { conversationNamespaceOf } from '../names.ts';
import type { RstRequest } from '../rst/rst-request.ts';

/** Whose words are answered in. */
type Asked = Pick<RstRequest, 'tokenType' | 'trust'>;

/** The id of a token in the message that brings it: each has its own, since a collection brings several. */
export const idOf = ({ spec }: IssuedToken): string => `_${spec.tokenId}`;

/** The TokenType of a context, in the version that was asked for, else in that of the message. */
export function contextTypeOf({ tokenType, trust }: Asked): string {
  if (tokenType !== undefined) return tokenType;
  return `${conversationNamespaceOf(trust)}/sct`;
}

/** The token. */
export function writeContext(token: IssuedToken, asked: Asked): Markup {
  return writeContextToken(nameOf(token), { id: idOf(token), uri: namespaceOf(asked) });
}

/** The references within the message and elsewhere. */
export function writeContextReferences(
  token: IssuedToken,
  asked: Asked,
): { readonly attached: Markup; readonly unattached: Markup } {
  const { identifier, instance } = nameOf(token);
  const uri = namespaceOf(asked);
  const told: AttributePair[] =
    instance === undefined ? [] : [[{ prefix: 'wsc', uri, local: 'Instance' }, instance]];
  const type = contextTypeOf(asked);
  return {
    attached: writeDirectReference(`#${idOf(token)}`, type),
    unattached: writeDirectReference(identifier, type, told),
  };
}

function namespaceOf(asked: Asked): string {
  return contextTypeOf(asked).slice(0, -'/sct'.length);
}

function nameOf({ text }: IssuedToken): ContextName {
  const [identifier = '', instance] = text.split(' ');
  return { identifier, ...(instance !== undefined && { instance }) };
}
