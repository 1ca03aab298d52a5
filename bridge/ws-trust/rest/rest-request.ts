// What is asked in the REST form, in our words: as Apache CXF has it for GET, and with the names of WS-Trust in JSON.

import { defined } from '#bridge/xml/reader.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken, TokenUse } from '#core/token/security-token.ts';
import { formOf, type TokenType } from '#core/token/token-type.ts';
import { namedTokenType } from '../exchange-mapping.ts';
import { type KeyType, keyTypeOf } from '../keys/key-type.ts';
import { TRUST_13 } from '../names.ts';
import { MAX_CLAIMS } from '../rst/claims.ts';
import {
  malformed,
  objectOf,
  type ParameterNames,
  type Parameters,
  parseQuery,
  requireKnown,
  secondsOf,
  textOf,
  textsOf,
} from './parameters.ts';

/** A token that is asked for. */
export interface RestIssue {
  readonly tokenType: TokenType;
  readonly keyType: KeyType;
  readonly appliesTo?: string;
  /** Claims that must be in it. */
  readonly claims: readonly string[];
  readonly lifetimeSeconds?: number;
  readonly onBehalfOf?: SecurityToken;
  readonly actAs?: SecurityToken;
}

/** A token that something is asked about. */
export interface RestTarget {
  readonly token: SecurityToken;
  readonly lifetimeSeconds?: number;
}

/** The names of CXF, and ours. */
const TYPE_NAMES: ReadonlyMap<string, TokenType> = new Map([
  ['saml1', 'saml1'],
  ['saml1.1', 'saml1'],
  ['saml2', 'saml2'],
  ['saml2.0', 'saml2'],
  ['saml', 'saml2'],
  ['jwt', 'jwt'],
]);

const QUERY: ParameterNames = { single: ['keyType', 'appliesTo'], lists: ['claim'] };
const ISSUE: ParameterNames = {
  single: ['keyType', 'appliesTo', 'lifetimeSeconds', 'onBehalfOf', 'actAs'],
  lists: ['claims'],
};
const NEW_TOKEN: ParameterNames = {
  single: ['tokenType', 'keyType', 'appliesTo', 'lifetimeSeconds'],
  lists: ['claims'],
};
const TOKEN: ParameterNames = { single: ['token', 'tokenType'], lists: [] };
const VALIDATED: ParameterNames = { single: [...TOKEN.single, 'newToken'], lists: [] };
const RENEWED: ParameterNames = { single: [...TOKEN.single, 'lifetimeSeconds'], lists: [] };

/** The type that a path or a member names.
 * @throws {ExchangeFailure} `token-type-unsupported` */
function typeOf(name: string): TokenType {
  const type = TYPE_NAMES.get(name) ?? namedTokenType(name);
  if (type === 'sct')
    throw new ExchangeFailure('token-type-unsupported', 'a security context is no text');
  return type;
}

/** Reads `GET …/token/{type}`.
 * @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
export function readIssueQuery(typeName: string, query: string): RestIssue {
  const parameters = parseQuery(query, QUERY);
  return { ...readWishes(typeName, parameters), claims: textsOf(parameters, 'claim', MAX_CLAIMS) };
}

/** Reads the JSON of `POST …/token/{type}`.
 * @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
export function readIssueBody(typeName: string, members: Parameters): RestIssue {
  requireKnown(members, ISSUE);
  const [onBehalfOf, actAs] = [readToken(members, 'onBehalfOf'), readToken(members, 'actAs')];
  if (onBehalfOf && actAs) throw malformed('contradictory: both OnBehalfOf and ActAs');
  return {
    ...readTerms(typeName, members),
    ...defined<Pick<RestIssue, 'actAs' | 'onBehalfOf'>>({ actAs, onBehalfOf }),
  };
}

function readTerms(typeName: string, members: Parameters): RestIssue {
  return {
    ...readWishes(typeName, members),
    claims: textsOf(members, 'claims', MAX_CLAIMS),
    ...lifetimeIn(members),
  };
}

const lifetimeIn = (members: Parameters): Pick<RestIssue, 'lifetimeSeconds'> =>
  defined({ lifetimeSeconds: secondsOf(members, 'lifetimeSeconds') });

function readWishes(
  typeName: string,
  parameters: Parameters,
): Pick<RestIssue, 'tokenType' | 'keyType' | 'appliesTo'> {
  return {
    tokenType: typeOf(typeName),
    keyType: readKeyType(textOf(parameters, 'keyType')),
    ...defined<Pick<RestIssue, 'appliesTo'>>({ appliesTo: textOf(parameters, 'appliesTo') }),
  };
}

// As the last part of its URI, or as that.
function readKeyType(name = 'Bearer'): KeyType {
  const keyType = keyTypeOf(name) ?? keyTypeOf(`${TRUST_13.base}/${name}`);
  if (keyType === undefined) throw malformed('a key type we do not know');
  return keyType;
}

function readToken(members: Parameters, name: string): SecurityToken | undefined {
  const token = objectOf(members, name, TOKEN);
  return token && presented(token, 'subject');
}

/** Reads the JSON about a token to cancel.
 * @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
export function readCancellation(members: Parameters): RestTarget {
  return { token: presented(requireKnown(members, TOKEN), 'lifecycle') };
}

/** Reads the JSON about a token to validate, and about the new one, if one is wanted for it.
 * @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
export function readValidation(members: Parameters): RestTarget & { readonly wanted?: RestIssue } {
  requireKnown(members, VALIDATED);
  const token = presented(members, 'subject');
  const wanted = objectOf(members, 'newToken', NEW_TOKEN);
  if (!wanted) return { token };
  const typeName = textOf(wanted, 'tokenType');
  if (typeName === undefined) throw malformed('a new token without tokenType');
  return { token, wanted: { ...readTerms(typeName, wanted), onBehalfOf: token } };
}

/** Reads the JSON about a token to renew.
 * @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
export function readRenewal(members: Parameters): RestTarget {
  requireKnown(members, RENEWED);
  return { token: presented(members, 'lifecycle'), ...lifetimeIn(members) };
}

// A token goes back as it came: the text of a JWT, or the XML of an assertion as over SOAP. In the encoding of OAuth the rules of RFC 7522 §3
// would be applied to it too.
function presented(members: Parameters, use: TokenUse): SecurityToken {
  const [text, name] = [textOf(members, 'token'), textOf(members, 'tokenType')];
  if (text === undefined || name === undefined) throw malformed('no token, or no tokenType');
  const type = typeOf(name);
  return { type, use, content: formOf(type) === 'saml' ? { xml: text } : text };
}
