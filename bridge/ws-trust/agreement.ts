// The Body says what is asked; everything else that names an action must agree with it (ws-trust §3.1): a gateway in front of
// us may have decided by the header.

import { type Addressing, isAnonymous } from '#bridge/soap/addressing.ts';
import type { SoapHttpHeaders } from '#bridge/soap/content-type.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Endpoint } from './endpoint/endpoint-profile.ts';
import { actionsOf, contextActionsOf, isAmendment, isAnsweredInCollection } from './names.ts';
import { asksForContext, type RstRequest, targetsContext } from './rst/rst-request.ts';

/** Where a message names its action. */
export interface NamedActions {
  readonly http: SoapHttpHeaders;
  readonly addressing: Addressing | undefined;
}

/** The actions that a message names, each place in its turn. */
export const actionsIn = ({ http, addressing }: NamedActions): readonly string[] =>
  [addressing?.action, http.action, http.soapAction].filter((action) => action !== undefined);

/** The message without its SOAPAction where that is our own address, as some clients write it: it names no action. */
export function withoutAddressAsAction<Message extends Pick<NamedActions, 'http'>>(
  message: Message,
  address: string,
): Message {
  const { soapAction, ...http } = message.http;
  return soapAction !== undefined && isSameAddress(soapAction, address)
    ? { ...message, http }
    : message;
}

/** Whether two texts are one URL. */
export function isSameAddress(one: string, other: string): boolean {
  const meant = URL.parse(one)?.href;
  return meant !== undefined && meant === URL.parse(other)?.href;
}

/** Refuses an action that is not the one of the Body.
 * @throws {ExchangeFailure} `request-malformed` */
export function requireAgreement(message: NamedActions, rst: AskedOf): void {
  const { http, addressing } = message;
  const { operation, trust } = rst;
  const { request } = actionsOf(trust, operation);
  const actions = [request, ...(isAboutContext(rst) ? contextActions(rst).keys() : [])];
  if (actionsIn(message).some((action) => isAmendment(trust, action)))
    throw new ExchangeFailure('operation-unsupported', 'not done here: SCT/Amend');
  requireAction(addressing?.action, actions);
  requireAction(http.action, actions);
  // Some clients put the RequestType there.
  requireAction(http.soapAction, [...actions, `${trust.base}/${operation}`]);
}

type AskedOf = Pick<
  RstRequest,
  'cancelTarget' | 'operation' | 'renewTarget' | 'tokenType' | 'trust'
>;

const contextActions = ({ operation, trust }: AskedOf) => contextActionsOf(trust, operation);

/** Whether a request is about a security context: to get one, or about one that exists. */
const isAboutContext = (asked: AskedOf): boolean =>
  asked.renewTarget || asked.cancelTarget ? targetsContext(asked) : asksForContext(asked);

/** How a request is answered. */
interface AnswerForm {
  readonly action: string;
  /** Whether the response comes in a collection. */
  readonly isCollection: boolean;
}

/** A message, and what its address says of answers. */
interface Answerable {
  readonly message: NamedActions;
  readonly endpoint: Pick<Endpoint, 'answersInCollections'>;
}

/** The form of the answer. Where the request named an action of WS-SecureConversation the answer does too, in a collection: WCF reads no
 * other. For the rest `answersInCollections` decides. */
export function answerOf({ message, endpoint }: Answerable, rst: AskedOf): AnswerForm {
  const { operation, trust } = rst;
  const [asked = ''] = actionsIn(message);
  const ofContext = contextActions(rst).get(asked);
  const inCollections = endpoint.answersInCollections === true || ofContext !== undefined;
  return {
    action: ofContext ?? actionsOf(trust, operation).answer,
    isCollection: isAnsweredInCollection(trust, operation, inCollections),
  };
}

/** Refuses an action that is not among those of a collection of requests, or of a later leg.
 * @throws {ExchangeFailure} `request-malformed` */
export function requireActions(message: NamedActions, expected: readonly string[]): void {
  for (const action of actionsIn(message)) requireAction(action, expected);
}

function requireAction(action: string | undefined, expected: readonly string[]): void {
  if (action !== undefined && !expected.includes(action))
    throw new ExchangeFailure('request-malformed', 'an action disagrees with the Body');
}

/** A message and the address it came to. */
interface AddressedMessage {
  readonly message: Pick<NamedActions, 'addressing'>;
  readonly endpoint: Pick<Endpoint, 'messageSecurity'>;
  readonly address: string;
}

/** Refuses a message whose To is not the address it came to.
 * @throws {ExchangeFailure} `request-malformed` */
export function requireOurAddress({ message, endpoint, address }: AddressedMessage): void {
  const { to, namespace = '' } = message.addressing ?? {};
  if (to === undefined || isAnonymous(to, namespace)) return;
  // Where messages protect themselves, clients may call the same address without TLS.
  const called = endpoint.messageSecurity ? to.replace(/^http:/i, 'https:') : to;
  if (!isSameAddress(called, address))
    throw new ExchangeFailure(
      'request-malformed',
      `the message is addressed to another: here is ${address}`,
    );
}
