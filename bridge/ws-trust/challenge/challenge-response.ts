// The answer to a challenge: one field of ours filled in, one sent back as it came (WS-Trust 1.4 §8.9), or the challenge itself,
// signed (WS-Trust 1.3 §8.3); and nothing else.

import { eitherAttribute } from '#bridge/ws-security/known-attributes.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { childrenNamed, requiredChild, trimmedTextOf } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { TRUST_14_NS, type TrustNames, trustOf } from '../names.ts';
import { requireKnownAttributesWithin } from '../rst/parameter-attributes.ts';
import type { ChallengeKind } from './challenge-seal.ts';
import { ONE_TIME_PASSWORD_FIELD, STATE_FIELD } from './challenge-writer.ts';

export interface ChallengeResponse {
  readonly trust: TrustNames;
  readonly context: string;
  readonly kind: ChallengeKind;
  /** Of an answer of that kind. */
  readonly oneTimePassword?: string;
  /** Sealed. */
  readonly state: string;
}

/** Whether the payload of a Body is a later leg of an exchange. */
export function isLaterLeg({ uri, local }: XmlElement): boolean {
  return trustOf(uri) !== undefined && local === 'RequestSecurityTokenResponse';
}

/** Reads the answer.
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `element-unexpected`, `text-malformed`
 * @throws {ExchangeFailure} `operation-unsupported` for a leg of another exchange */
export function readChallengeResponse(payload: XmlElement): ChallengeResponse {
  const trust = trustOf(payload.uri);
  const context = eitherAttribute(payload, 'Context');
  if (trust === undefined) throw new XmlFailure('element-unexpected', 'no response');
  if (context === undefined) throw new XmlFailure('element-missing', 'a later leg has no Context');
  const [response, second] = elementsOf(payload);
  if (response === undefined || second !== undefined) throw anotherExchange();
  const answered = readAnswer(response, payload);
  // As in a request: one that is not read could be what was meant.
  requireKnownAttributesWithin(payload);
  return { trust, context, ...answered };
}

function readAnswer(
  response: XmlElement,
  payload: XmlElement,
): Omit<ChallengeResponse, 'context' | 'trust'> {
  if (isNamed(response, payload.uri, 'SignChallengeResponse'))
    return { kind: 'signature', state: signedChallenge(response) };
  // BinaryExchange and the like belong to exchanges that are not done here.
  if (!isNamed(response, TRUST_14_NS, 'InteractiveChallengeResponse')) throw anotherExchange();
  return { kind: 'one-time-password', ...readFields(response) };
}

const anotherExchange = (): ExchangeFailure =>
  new ExchangeFailure('operation-unsupported', 'a later leg of another exchange');

function signedChallenge(response: XmlElement): string {
  const challenge = requiredChild(response, response.uri, 'Challenge');
  if (elementsOf(response).length > 1)
    throw new XmlFailure('element-unexpected', 'more than the challenge');
  return trimmedTextOf(challenge);
}

function readFields(
  response: XmlElement,
): Required<Pick<ChallengeResponse, 'oneTimePassword' | 'state'>> {
  const answered = requiredChild(response, TRUST_14_NS, 'TextChallengeResponse');
  const state = requiredChild(response, TRUST_14_NS, 'ContextData');
  if (elementsOf(response).length !== childrenOf(response).length)
    throw new XmlFailure('element-unexpected', 'an answer to what was not asked');
  return {
    oneTimePassword: fieldText(answered, ONE_TIME_PASSWORD_FIELD),
    state: fieldText(state, STATE_FIELD),
  };
}

const childrenOf = (response: XmlElement): readonly XmlElement[] =>
  ['TextChallengeResponse', 'ContextData'].flatMap((local) =>
    childrenNamed(response, TRUST_14_NS, local),
  );

// The schema spells the attribute of answers RefId and that of questions RefID: clients send either.
function fieldText(element: XmlElement, field: string): string {
  const names = ['RefID', 'RefId'].map((name) => attributeOf(element, name));
  const [name, other] = names.filter((value) => value !== undefined);
  if (name !== field || other !== undefined)
    throw new XmlFailure('element-unexpected', 'an answer to what was not asked');
  const text = trimmedTextOf(element);
  if (text === '') throw new XmlFailure('text-malformed', 'an empty answer');
  return text;
}
