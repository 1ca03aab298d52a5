// Parsed, then honoured or refused (ws-trust §13): a parameter that cannot be honoured is never passed over, neither of Issue nor beside
// the target of Renew, Validate and Cancel (WS-Trust 1.3 §5-7).

import { EXC_C14N } from '#bridge/xml/signature/algorithms.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import type { KeyType } from '../keys/key-type.ts';
import { impliedKeyType } from '../keys/meant-key-type.ts';
import { type ParameterName, TOKEN_PARAMETERS } from './parameters.ts';
import type { RstRequest } from './rst-request.ts';
import type { RequestedKey } from './use-key.ts';

/** Known to the specifications and not done here. */
const NOT_DONE: readonly ParameterName[] = [
  'AuthenticationType',
  'Policy',
  'PolicyReference',
  'BinaryExchange',
  'SignChallenge',
  'SignChallengeResponse',
  'InteractiveChallenge',
  'InteractiveChallengeResponse',
  'RequestKET',
  'KeyExchangeToken',
  'Authenticator',
];
/** Of other operations. */
const NOT_OF_ISSUE: readonly ParameterName[] = ['RenewTarget', 'CancelTarget', 'ValidateTarget'];
/** About a key of another kind, or about a key, which a bearer token has not. */
const NOT_OF_KEY_TYPE: Readonly<Record<KeyType, readonly ParameterName[]>> = {
  bearer: ['Entropy', 'UseKey', 'SignWith', 'EncryptWith', 'ProofEncryption'],
  'public-key': ['Entropy', 'ProofEncryption'],
  'symmetric-key': ['UseKey'],
};

/** Refuses of Issue what this endpoint does not do and what contradicts itself. `address` is the endpoint as the client calls it.
 * @throws {ExchangeFailure} `operation-unsupported`, `request-malformed` */
export function requireIssueHonoured(rst: RstRequest, address: string): void {
  refusePresent(rst, NOT_DONE, unsupported);
  refusePresent(rst, NOT_OF_ISSUE, contradictory);
  requireKey(rst);
  if (rst.onBehalfOf && rst.actAs) throw contradictory('OnBehalfOf with ActAs');
  requireRenewing(rst);
  if (rst.delegateTo) requireDelegate(rst, rst.delegateTo);
  // Not bound to an address is what our tokens are; bound to one they cannot be.
  if (!rst.isForwardable) throw unsupported('a token that is not forwardable');
  if (rst.issuer !== undefined && rst.issuer !== address) throw unsupported('another issuer');
  requireCanonicalization(rst);
}

function requireRenewing({ renewing }: RstRequest): void {
  if (renewing?.isAllowed === false && renewing.isAllowedAfterExpiry)
    throw contradictory('Renewing not at all, and after expiry');
}

// The token is for the delegate alone, so it is bound to the delegate's key; and whose delegate with another token beside it, is
// anybody's guess (ws-trust §3.2, §8).
function requireDelegate(rst: RstRequest, { key, signatureId }: RequestedKey): void {
  if (rst.onBehalfOf || rst.actAs) throw contradictory('DelegateTo with OnBehalfOf or ActAs');
  if (rst.useKey) throw contradictory('UseKey with DelegateTo');
  if (rst.keyType !== 'public-key') throw contradictory('a delegated token without the key');
  if (!key?.certificate || signatureId !== undefined)
    throw unsupported('DelegateTo without a certificate');
}

// Who says nothing of a key has nothing to say of its size and its use.
function requireKey(rst: RstRequest): void {
  const { algorithms, keySizeBits, trust } = rst;
  const keyType = impliedKeyType(rst) ?? 'bearer';
  refusePresent(rst, NOT_OF_KEY_TYPE[keyType], contradictory);
  // Zero is what some clients write for no key (ws-trust W11).
  if (keyType === 'bearer' && keySizeBits !== undefined && keySizeBits !== 0)
    throw contradictory('KeySize with bearer');
  // Some clients send their default with every request; of no key it computes nothing.
  if (algorithms.computedKey !== undefined && algorithms.computedKey !== `${trust.base}/CK/PSHA1`)
    throw unsupported('ComputedKeyAlgorithm');
}

function requireCanonicalization({ algorithms: { canonicalization } }: RstRequest): void {
  if (canonicalization !== undefined && canonicalization !== EXC_C14N)
    throw unsupported('CanonicalizationAlgorithm');
}

/** Refuses a request that has not the one target of its operation, or says more than the operation hears.
 * @throws {ExchangeFailure} `request-malformed`, `operation-unsupported` */
export function requireOnly(
  { operation, present }: RstRequest,
  target: ParameterName,
  others: readonly ParameterName[],
): void {
  if (!present.has(target))
    throw new ExchangeFailure('request-malformed', `${operation} without ${target}`);
  const heard: readonly ParameterName[] = ['RequestType', 'TokenType', target, ...others];
  const unheard = [...present].find((name) => !heard.includes(name));
  if (unheard === undefined) return;
  // Two targets, or somebody else's identity beside one: which token is meant is open.
  if (TOKEN_PARAMETERS.some((name) => name === unheard))
    throw contradictory(`${unheard} in ${operation}`);
  throw unsupported(`${unheard} in ${operation}`);
}

/** The target that `requireOnly` has seen. */
export function targetOf(target: SecurityToken | undefined): SecurityToken {
  if (target === undefined) throw new Error('the target was not required before');
  return target;
}

type Refusal = (detail: string) => ExchangeFailure;

function refusePresent({ present }: RstRequest, names: readonly ParameterName[], refusal: Refusal) {
  const found = names.find((name) => present.has(name));
  if (found !== undefined) throw refusal(found);
}

function unsupported(what: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', `not done here: ${what}`);
}

function contradictory(what: string): ExchangeFailure {
  return new ExchangeFailure('request-malformed', `contradictory: ${what}`);
}
