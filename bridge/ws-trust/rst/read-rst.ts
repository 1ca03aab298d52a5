// Reads a RequestSecurityToken (WS-Trust February 2005 §4-9, 1.3 §4-9, 1.4 §9) into our words. Nothing is decided here.

import type { ProtectedBody } from '#bridge/ws-security/encryption/protected-body.ts';
import { eitherAttribute } from '#bridge/ws-security/known-attributes.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { WSU_NS } from '#bridge/xml/namespaces.ts';
import {
  dateTimeOf,
  defined,
  optionalChild,
  parseBoolean,
  requireEmpty,
  trimmedTextOf,
} from '#bridge/xml/reader.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { type KeyType, keyTypeOf } from '../keys/key-type.ts';
import { operationOf, type TrustNames, trustOf } from '../names.ts';
import { readClaims } from './claims.ts';
import {
  type EmbeddedScope,
  type EmbeddedToken,
  readEmbeddedToken,
  readTokenName,
} from './embedded-token.ts';
import { readEntropy } from './entropy.ts';
import {
  type KEY_PARAMETERS,
  type ParameterName,
  type Parameters,
  readParameters,
  type TOKEN_PARAMETERS,
} from './parameters.ts';
import {
  asksForContext,
  type RequestedAlgorithms,
  type RequestedLifetime,
  type RequestedRenewing,
  type RstRequest,
} from './rst-request.ts';
import { readAppliesTo, readIssuer, readParticipants } from './target-address.ts';
import { type RequestedKey, readUseKey } from './use-key.ts';

/** A request with the tokens of the Security header that it refers to. */
export interface ReadRst {
  readonly rst: RstRequest;
  readonly usedTokens: ReadonlySet<XmlElement>;
}

/** What a request is. This much is enough to answer it, even where the rest cannot be read. */
export type RstFrame = Pick<RstRequest, 'trust' | 'operation' | 'context'>;

type EmbeddedName = (typeof TOKEN_PARAMETERS)[number];
type KeyName = (typeof KEY_PARAMETERS)[number];

/** What was found in parameters, by their names in our words. */
type Found<Name extends ParameterName, Value> = Partial<Record<Uncapitalize<Name>, Value>>;

const KEY_SIZE = /^(?:0|[1-9]\d{0,4})$/;

/** Reads the request in a Body that is protected. `frame` is what was read of it before.
 * @throws {ExchangeFailure} `operation-unsupported`, `request-malformed`, `token-malformed`
 * @throws {SecurityFailure} `unsupported-security-token`, `security-token-unavailable`, `invalid-security-token`, those of contexts
 * @throws {XmlFailure} reasons of reading */
export function readRst(
  body: ProtectedBody,
  headerTokens: readonly XmlElement[],
  frame = readFrame(body),
): ReadRst {
  const { document, headerDocument, payload } = body;
  const { trust } = frame;
  const parameters = readParameters(payload, trust);
  const scope = { document: headerDocument, tokens: headerTokens, within: document };
  // WS-Trust 1.3 §6: a token may be cancelled by its name; everything else wants the token itself.
  const cancelName = mapped(parameters.find('CancelTarget'), (element) =>
    readTokenName(element, scope),
  );
  const tokens = readTokens(parameters, scope, cancelName === undefined);
  const keyOf = (name: KeyName): RequestedKey | undefined =>
    mapped(parameters.find(name), (element) => readUseKey(element, scope));
  const keys = defined<Found<KeyName, RequestedKey>>({
    useKey: keyOf('UseKey'),
    delegateTo: keyOf('DelegateTo'),
    encryption: keyOf('Encryption'),
    proofEncryption: keyOf('ProofEncryption'),
  });
  return {
    rst: {
      ...frame,
      ...readWishes(parameters, trust),
      ...keys,
      ...defined<Partial<RstRequest>>({
        onBehalfOf: tokens.onBehalfOf?.token,
        actAs: tokens.actAs?.token,
        renewTarget: tokens.renewTarget?.token,
        validateTarget: tokens.validateTarget?.token,
        cancelTarget: tokens.cancelTarget?.token,
        cancelName,
      }),
    },
    usedTokens: new Set([
      ...Object.values(tokens).map(({ element }) => element),
      ...Object.values(keys).flatMap(({ token }) => (token ? [token] : [])),
    ]),
  };
}

type FoundTokens = Found<EmbeddedName, EmbeddedToken>;

function readTokens(parameters: Parameters, scope: EmbeddedScope, isShown: boolean): FoundTokens {
  const tokenOf = (name: EmbeddedName): EmbeddedToken | undefined =>
    mapped(parameters.find(name), (element) => readEmbeddedToken(element, scope));
  return defined<FoundTokens>({
    onBehalfOf: tokenOf('OnBehalfOf'),
    actAs: tokenOf('ActAs'),
    renewTarget: tokenOf('RenewTarget'),
    validateTarget: tokenOf('ValidateTarget'),
    cancelTarget: isShown ? tokenOf('CancelTarget') : undefined,
  });
}

/** Reads no more of a request than what it is.
 * @throws {ExchangeFailure} `operation-unsupported`
 * @throws {XmlFailure} reasons of reading */
export function readFrame({ payload }: ProtectedBody, form: '' | 'Batch' = ''): RstFrame {
  const trust = requireRequest(payload);
  const requestType = optionalChild(payload, payload.uri, 'RequestType');
  if (requestType === undefined) throw new XmlFailure('element-missing', 'no RequestType');
  const operation = operationOf(trust, trimmedTextOf(requestType), form);
  if (operation === undefined) throw unsupported('RequestType');
  return {
    trust,
    operation,
    ...defined<Pick<RstFrame, 'context'>>({ context: eitherAttribute(payload, 'Context') }),
  };
}

function requireRequest({ uri, local }: XmlElement): TrustNames {
  const trust = trustOf(uri);
  if (trust === undefined) throw new XmlFailure('element-unexpected', `${local} in the Body`);
  // Collections and later legs are known, and not done.
  if (local !== 'RequestSecurityToken') throw unsupported(`${local} in the Body`);
  return trust;
}

function readWishes(parameters: Parameters, trust: TrustNames): Omit<RstRequest, keyof RstFrame> {
  const { find, findAll, present } = parameters;
  return {
    participants: mapped(find('Participants'), (element) => readParticipants(element, trust)) ?? [],
    claims: readClaims(findAll('Claims')),
    isForwardable: mapped(find('Forwardable'), readFlag) ?? true,
    algorithms: readAlgorithms(parameters),
    present,
    ...defined<Partial<RstRequest>>({
      isDelegatable: mapped(find('Delegatable'), readFlag),
      tokenType: textOf(parameters, 'TokenType'),
      appliesTo: mapped(find('AppliesTo'), readAppliesTo),
      issuer: mapped(find('Issuer'), readIssuer),
      lifetime: mapped(find('Lifetime'), readLifetime),
      renewing: mapped(find('Renewing'), readRenewing),
      keyType: readKeyType(parameters),
      keySizeBits: mapped(textOf(parameters, 'KeySize'), requireKeySize),
      entropy: mapped(find('Entropy'), (element) => readEntropy(element, trust)),
    }),
  };
}

function readAlgorithms(parameters: Parameters): RequestedAlgorithms {
  return defined<RequestedAlgorithms>({
    signature: textOf(parameters, 'SignatureAlgorithm'),
    canonicalization: textOf(parameters, 'CanonicalizationAlgorithm'),
    encryption: textOf(parameters, 'EncryptionAlgorithm'),
    keyWrap: textOf(parameters, 'KeyWrapAlgorithm'),
    computedKey: textOf(parameters, 'ComputedKeyAlgorithm'),
    signWith: textOf(parameters, 'SignWith'),
    encryptWith: textOf(parameters, 'EncryptWith'),
  });
}

// WS-SecureConversation 1.3 §3: a context has a secret, whether the request says so or not.
function readKeyType(parameters: Parameters): KeyType | undefined {
  const isContext = asksForContext({ tokenType: textOf(parameters, 'TokenType') });
  const usual = isContext ? 'symmetric-key' : undefined;
  return mapped(textOf(parameters, 'KeyType'), requireKeyType) ?? usual;
}

function requireKeyType(uri: string): KeyType {
  const keyType = keyTypeOf(uri);
  if (keyType === undefined) throw unsupported('KeyType');
  return keyType;
}

function requireKeySize(text: string): number {
  if (!KEY_SIZE.test(text)) throw new XmlFailure('text-malformed', 'KeySize');
  return Number(text);
}

function readLifetime(lifetime: XmlElement): RequestedLifetime {
  const created = optionalChild(lifetime, WSU_NS, 'Created');
  const expires = optionalChild(lifetime, WSU_NS, 'Expires');
  const count = [created, expires].filter((found) => found !== undefined).length;
  if (elementsOf(lifetime).length !== count)
    throw new XmlFailure('element-unexpected', 'unknown child of Lifetime');
  return defined<RequestedLifetime>({
    created: mapped(created, dateTimeOf),
    expires: mapped(expires, dateTimeOf),
  });
}

// WS-Trust 1.3 §4.1: an empty element means these defaults.
function readRenewing(renewing: XmlElement): RequestedRenewing {
  requireEmpty(renewing);
  return {
    isAllowed: parseBoolean(eitherAttribute(renewing, 'Allow') ?? 'true', 'Allow'),
    isAllowedAfterExpiry: parseBoolean(eitherAttribute(renewing, 'OK') ?? 'false', 'OK'),
  };
}

const readFlag = (element: XmlElement): boolean =>
  parseBoolean(trimmedTextOf(element), element.local);

function textOf({ find }: Parameters, name: ParameterName): string | undefined {
  const element = find(name);
  if (element === undefined) return undefined;
  const text = trimmedTextOf(element);
  if (text === '') throw new XmlFailure('text-malformed', `${name} is empty`);
  return text;
}

function mapped<In, Out>(value: In | undefined, map: (value: In) => Out): Out | undefined {
  return value === undefined ? undefined : map(value);
}

function unsupported(detail: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', detail);
}
