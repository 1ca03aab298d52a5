// Writes an answer that carries a token (WS-Trust 1.3 §4.4, §5, §7; February 2005 §6.2): the order is that of AD FS, which
// clients read by position. The token is copied byte for byte (ws-trust W8).

import { Buffer } from 'node:buffer';
import { writeEndpointReference } from '#bridge/soap/endpoint-reference.ts';
import { JWT_VALUE_TYPE } from '#bridge/ws-security/names.ts';
import { writeBinaryToken } from '#bridge/ws-security/tokens/binary-token.ts';
import {
  writeAssertionReference,
  writeDirectReference,
} from '#bridge/ws-security/tokens/token-reference.ts';
import { element, type Markup, type MarkupChild, seal } from '#bridge/xml/canonical/markup.ts';
import { writeDateTime } from '#bridge/xml/date-time.ts';
import { wsu } from '#bridge/xml/namespaces.ts';
import type { IssuedToken } from '#core/token/token-spec.ts';
import { formOf, TOKEN_TYPES, tokenTypeOfWsTrust } from '#core/token/token-type.ts';
import type { Endpoint, EndpointProfile } from '../endpoint/endpoint-profile.ts';
import { keyTypeUri } from '../keys/key-type.ts';
import { writeEntropy, writeKeySize, writeProofToken } from '../keys/proof-writer.ts';
import type { SecretAnswer } from '../keys/symmetric-key.ts';
import { trustName, wsp } from '../names.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import { contextTypeOf, idOf, writeContext, writeContextReferences } from './context-answer.ts';
import { trustElement, writeResponse } from './response.ts';
import { writeKeyUsage, writeUsedAlgorithms } from './used-algorithms.ts';

/** What is answered. */
export interface TokenAnswer {
  readonly rst: RstRequest;
  readonly token: IssuedToken;
  /** The ID in the token, where that is an assertion. */
  readonly assertionId: string;
  readonly endpoint: Pick<Endpoint, 'jwtInTokenWrapper'>;
  readonly profile: Pick<EndpointProfile, 'tellsRenewing'>;
  /** How the requestor comes to the secret of the token. */
  readonly secret?: SecretAnswer | undefined;
  /** The address the token is for, where the request named none. */
  readonly appliesTo: string | undefined;
  /** What was found out about the target of a Validate, as a Status. */
  readonly status?: Markup;
}

/** A response with a token. */
export function writeTokenAnswer(answer: TokenAnswer): Markup {
  const { rst, token, appliesTo, secret, status } = answer;
  const { trust } = rst;
  const { confirmation, lifetime } = token.spec;
  return writeResponse(rst, [
    ...writeEntropy(trust, secret),
    ...writeKeySize(trust, confirmation),
    trustElement(trust, 'Lifetime', [
      element(wsu('Created'), [], [writeDateTime(lifetime.notBefore)]),
      element(wsu('Expires'), [], [writeDateTime(lifetime.notOnOrAfter)]),
    ]),
    ...(appliesTo === undefined ? [] : [writeAppliesTo(appliesTo)]),
    trustElement(trust, 'RequestedSecurityToken', [writeToken(answer)]),
    ...writeProofToken(trust, secret),
    ...writeReferences(answer),
    ...writeKeyUsage(trust, rst.algorithms),
    trustElement(trust, 'TokenType', [spelledTokenType(rst, token)]),
    trustElement(trust, 'RequestType', [`${trust.base}/${rst.operation}`]),
    trustElement(trust, 'KeyType', [keyTypeUri(trust, confirmation.method)]),
    ...writeUsedAlgorithms(trust, rst.algorithms, token.spec),
    ...writeRenewing(answer),
    ...(status === undefined ? [] : [status]),
  ]);
}

// WS-Trust 1.3 §4.1: a token that can be renewed is a wish, and CXF writes it with every request. Whoever wrote it and got another token is
// told; nobody else: the schema of an answer lets the element be left out, and clients read answers by position.
function writeRenewing({ profile, rst, token }: TokenAnswer): Markup[] {
  const { renewing, trust } = rst;
  if (!profile.tellsRenewing || !renewing?.isAllowed || token.spec.renewal) return [];
  return [element(trustName(trust, 'Renewing'), [['Allow', 'false']], [])];
}

// ws-trust W6: clients compare strings.
function spelledTokenType(rst: RstRequest, { spec: { type } }: IssuedToken): string {
  if (type === 'sct') return contextTypeOf(rst);
  const { tokenType } = rst;
  if (tokenType !== undefined && tokenTypeOfWsTrust(tokenType) === type) return tokenType;
  const [usual] = TOKEN_TYPES[type].wsTrust;
  if (usual === undefined) throw new Error(`a token of type ${type} does not go over SOAP`);
  return usual;
}

function writeToken({ rst, token, endpoint: { jwtInTokenWrapper } }: TokenAnswer): MarkupChild {
  const { spec, text } = token;
  if (spec.type === 'sct') return writeContext(token, rst);
  if (formOf(spec.type) === 'saml') return seal(text, new Set());
  if (jwtInTokenWrapper) return element({ prefix: '', uri: '', local: 'TokenWrapper' }, [], [text]);
  return writeBinaryToken(idOf(token), JWT_VALUE_TYPE, Buffer.from(text, 'latin1'));
}

// ws-trust §3.3: both, for clients that know only one. A JWT has a name in this message only.
function writeReferences(answer: TokenAnswer): readonly Markup[] {
  const { trust } = answer.rst;
  const { attached, unattached } = referencesOf(answer);
  return [
    ...(attached ? [trustElement(trust, 'RequestedAttachedReference', [attached])] : []),
    ...(unattached ? [trustElement(trust, 'RequestedUnattachedReference', [unattached])] : []),
  ];
}

function referencesOf({ rst, endpoint, token, assertionId }: TokenAnswer): {
  readonly attached?: Markup;
  readonly unattached?: Markup;
} {
  const { type } = token.spec;
  if (type === 'sct') return writeContextReferences(token, rst);
  if (type === 'saml1' || type === 'saml2') {
    const written = writeAssertionReference(type, assertionId);
    return { attached: written, unattached: written };
  }
  if (endpoint.jwtInTokenWrapper) return {};
  return { attached: writeDirectReference(`#${idOf(token)}`, JWT_VALUE_TYPE) };
}

function writeAppliesTo(address: string): Markup {
  return element(wsp('AppliesTo'), [], [writeEndpointReference(address)]);
}
