// RequestSecurityTokenCollection (WS-Trust 1.3 §3.4): several requests of one operation under one authentication. Each has an
// outcome of its own, in the order of the requests; for a refused one nothing is made.

import {
  type ProtectedBody,
  protectedChildren,
} from '#bridge/ws-security/encryption/protected-body.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { requireActions, requireOurAddress } from '../agreement.ts';
import { writeRefused } from '../answer/response.ts';
import { recordOnce } from '../audit.ts';
import {
  type AuthenticatedRequest,
  authenticateMessage,
  openSecurity,
  type RequestRules,
} from '../authentication/authenticated-request.ts';
import { bodyOf } from '../authentication/message-protection.ts';
import type { Progress } from '../authentication/opened-message.ts';
import { type ReceivedMessage, wantedSignatures } from '../authentication/received-message.ts';
import { needsFreshSignature, refuseUnchallenged } from '../challenge/fresh-signature.ts';
import { refusalOf } from '../fault-map.ts';
import { batchActionsOf, type TrustNames, type TrustOperation, trustOf } from '../names.ts';
import { requireKnownAttributes } from '../rst/parameter-attributes.ts';
import { KEY_PARAMETERS } from '../rst/parameters.ts';
import { type ReadRst, type RstFrame, readFrame, readRst } from '../rst/read-rst.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import type { OperationParts } from './operation.ts';

/** More would let one message keep the server busy for long. */
const MAX_ITEMS = 20;

/** Keys are read before anybody knows who asks: 80 certificates of a stranger took more than 10 ms. One for each request, and some more. */
const MAX_KEYS = 32;

type Refused = ExchangeFailure | SecurityFailure | XmlFailure;

/** One request of a collection, or why it is refused before anybody is asked. */
export interface BatchItem {
  readonly frame: RstFrame;
  readonly wanted: RstRequest | Refused;
}

interface ReadItem extends BatchItem {
  /** Absent where it cannot be read. */
  readonly read?: ReadRst;
}

export interface Batch extends Omit<AuthenticatedRequest, 'rst'> {
  readonly trust: TrustNames;
  readonly operation: TrustOperation;
  readonly items: readonly BatchItem[];
}

/** Whether the message is a collection of requests. */
export function isBatch({ message }: ReceivedMessage): boolean {
  const { payload } = message.envelope;
  return (
    payload?.local === 'RequestSecurityTokenCollection' && trustOf(payload.uri)?.version === '1.3'
  );
}

/** Reads and authenticates a collection. One of whose requests it cannot be told what they are is refused whole, before anything is made.
 * @throws {ExchangeFailure} `request-malformed`, `operation-unsupported`, `token-type-unsupported`, `token-malformed`,
 * `requestor-unauthenticated`, `dependency-unavailable`
 * @throws {SecurityFailure} any code
 * @throws {XmlFailure} reasons of reading */
export async function authenticateBatch(
  unopened: ReceivedMessage,
  parts: OperationParts,
  { progress, requireHonoured }: RequestRules,
): Promise<Batch> {
  const { received, security } = await openSecurity(unopened, parts, progress);
  const { address, message } = received;
  const body = bodyOf(received);
  requireKnownAttributes(body.payload);
  const bodies = protectedChildren(body);
  requireBounded(bodies);
  const tokens = security?.tokens ?? [];
  const items = bodies.map((body) =>
    readItem(body, tokens, (rst) => requireHonoured(rst, address)),
  );
  const { trust, operation } = requireOneOperation(items.map(({ frame }) => frame));
  progress.operation = operation;
  requireActions(message, batchActionsOf(trust, operation).requests);
  requireOurAddress(received);
  const read = items.flatMap((item) => (item.read ? [item.read] : []));
  const requests = read.map(({ rst }) => rst);
  const authenticated = await authenticateMessage(
    {
      received,
      security,
      usedTokens: new Set(read.flatMap(({ usedTokens }) => [...usedTokens])),
      ...wantedSignatures(requests, received.endpoint),
    },
    parts,
    progress,
  );
  // A collection has no legs: it would get without a challenge what one request does not.
  if (needsFreshSignature(authenticated, requests)) refuseUnchallenged();
  return { ...authenticated, trust, operation, items };
}

const isOfKey = ({ local }: XmlElement): boolean => KEY_PARAMETERS.some((name) => name === local);

function requireBounded(bodies: readonly ProtectedBody[]): void {
  if (bodies.length > MAX_ITEMS)
    throw new ExchangeFailure('operation-unsupported', `more than ${MAX_ITEMS} requests at once`);
  if (bodies.flatMap(({ payload }) => elementsOf(payload).filter(isOfKey)).length > MAX_KEYS)
    throw new ExchangeFailure('operation-unsupported', `more than ${MAX_KEYS} keys at once`);
}

// WS-Trust 1.3 §3.4: two at least, all of one RequestType.
function requireOneOperation(requests: readonly RstFrame[]): RstFrame {
  const [first, second] = requests;
  if (first === undefined || second === undefined)
    throw new XmlFailure('element-missing', 'a collection of fewer than two requests');
  // The collection is of 1.3; what is in it of February 2005 would be answered in its words within those of another.
  if (requests.some(({ trust }) => trust.version !== '1.3'))
    throw new XmlFailure('element-unexpected', 'a request of another version');
  if (requests.some(({ operation }) => operation !== first.operation))
    throw new ExchangeFailure('request-malformed', 'contradictory: requests of several kinds');
  return first;
}

// What is wrong with one request is the outcome of that one, as long as it can be told which it is.
function readItem(
  body: ProtectedBody,
  tokens: readonly XmlElement[],
  requireHonoured: (rst: RstRequest) => void,
): ReadItem {
  const frame = readFrame(body, 'Batch');
  const read = unlessRefused(() => readRst(body, tokens, frame));
  if (isRefusal(read)) return { frame, wanted: read };
  const refused = unlessRefused(() => requireHonoured(read.rst));
  return { frame, read, wanted: isRefusal(refused) ? refused : read.rst };
}

function unlessRefused<Result>(attempt: () => Result): Result | Refused {
  try {
    return attempt();
  } catch (cause) {
    if (isRefusal(cause)) return cause;
    throw cause;
  }
}

interface ItemParts {
  readonly received: ReceivedMessage;
  readonly parts: OperationParts;
  readonly answer: (rst: RstRequest, progress: Progress) => Promise<Markup>;
  readonly progress: Progress;
  /** Counts it. */
  readonly admit: () => void;
}

/** The response to one request: what its operation answers, or that it is refused. A bug of ours, and a record that cannot be
 * written, fail the whole: what was made before is on record.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function answerItem(
  { frame, wanted }: BatchItem,
  { parts, received, admit, answer, progress }: ItemParts,
): Promise<Markup> {
  const ofItem: Progress = { ...progress, isRecorded: false };
  try {
    admit();
    if (isRefusal(wanted)) throw wanted;
    return await answer(wanted, ofItem);
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    const refusal = refusalOf(cause);
    await recordOnce(parts.audit, { ...received, ...ofItem }, refusal);
    return writeRefused(frame, refusal.fault.reason);
  }
}

function isRefusal(cause: unknown): cause is Refused {
  return (
    cause instanceof ExchangeFailure ||
    cause instanceof SecurityFailure ||
    cause instanceof XmlFailure
  );
}
