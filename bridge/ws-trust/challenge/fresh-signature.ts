// Where an address wants signatures that cannot have been made before (WS-Trust 1.3 §8.3), no token is made of an older one.

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { MessageSignature } from '#bridge/ws-security/signature/message-signature.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { type Requestor, requestorName } from '#core/request/requestor.ts';
import { wantsToken } from '../answer/response.ts';
import type { Endpoint } from '../endpoint/endpoint-profile.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import type { ResumedRequest } from './challenges.ts';

/** A message that was authenticated. */
interface SignedMessage {
  readonly received: { readonly endpoint: Endpoint };
  readonly requestor: Requestor;
  readonly signatures: readonly MessageSignature[];
}

const credentialsOf = ({ signatures }: SignedMessage): readonly MessageSignature[] =>
  signatures.filter(({ identity }) => identity !== undefined);

const makesToken = (rst: RstRequest): boolean =>
  rst.operation === 'Issue' ||
  rst.operation === 'Renew' ||
  (rst.operation === 'Validate' && wantsToken(rst));

/** Whether a first message must be challenged for a signature: it is signed, and a token is to be made. */
export function needsFreshSignature(
  message: SignedMessage,
  requests: readonly RstRequest[],
): boolean {
  const { signChallenge } = message.received.endpoint;
  return signChallenge === true && credentialsOf(message).length > 0 && requests.some(makesToken);
}

/** The refusal of what needs a challenge and has no legs: Issue alone has them.
 * @throws {ExchangeFailure} `operation-unsupported` */
export function refuseUnchallenged(): never {
  throw new ExchangeFailure('operation-unsupported', 'not with a signature that is not challenged');
}

/** Holds the answer to a challenge against the address: the signature must cover the Body, and so what was sealed for this one
 * exchange, whichever challenge it was. One over the Timestamp alone answers nothing.
 * @throws {SecurityFailure} `authentication-bad-elements`
 * @throws {ExchangeFailure} `requestor-unauthenticated` */
export function requireFreshSignature(
  message: SignedMessage,
  { asked, kind }: ResumedRequest,
): void {
  const credentials = credentialsOf(message);
  const isAsked = kind === 'signature';
  const isWanted = isAsked || message.received.endpoint.signChallenge === true;
  const isBare = credentials.some(({ coversBody }) => !coversBody);
  if ((isAsked && credentials.length === 0) || (isWanted && isBare))
    throw new SecurityFailure('authentication-bad-elements', 'the challenge is not signed');
  if (isAsked && requestorName(message.requestor) !== asked)
    throw new ExchangeFailure('requestor-unauthenticated', 'another requestor answers');
}
