// Refusals of security contexts in the words of WS-SecureConversation (1.3 §9). A context that never was, was cancelled, or is
// somebody else's is one and the same `BadContextToken`: its name alone must not tell which.

import { SecurityFailure, type SecurityFaultCode } from '#bridge/ws-security/security-failure.ts';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import type { Requestor } from '#core/request/requestor.ts';
import { type RstRequest, targetsContext } from './rst/rst-request.ts';

type RefusedCodes = Readonly<Partial<Record<FailureReason, SecurityFaultCode>>>;

/** Of a context as evidence. That it is over is told to whoever signs with its secret, who shows that it was theirs. */
const OF_EVIDENCE: RefusedCodes = {
  'token-malformed': 'bad-context-token',
  'token-audience-mismatch': 'bad-context-token',
  'token-replayed': 'bad-context-token',
  'token-revoked': 'bad-context-token',
  'token-expired': 'bad-context-token',
  'token-not-yet-valid': 'bad-context-token',
  'renewal-needed': 'bad-context-token',
  'confirmation-missing': 'bad-context-token',
};

/** Of a context that is to be renewed or cancelled. */
const OF_TARGET: RefusedCodes = {
  ...OF_EVIDENCE,
  'requestor-not-allowed': 'bad-context-token',
  'renewal-not-possible': 'context-renewal-not-possible',
};

/** Of a context that signs for its own subject, which is all the evidence there is: it was cancelled since. */
const OF_REQUESTOR: RefusedCodes = { 'token-revoked': 'bad-context-token' };

/** What is asked, and by whom. */
interface Asked {
  readonly requestor: Requestor;
  readonly rst: RstRequest;
}

/** Does what a request asks for.
 * @throws {SecurityFailure} in the place of what core says of a context that the request is about, or that it comes with */
export async function refusedAsContext<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure)) throw cause;
    const code = codesFor(asked)[cause.reason];
    throw code === undefined ? cause : inWordsOfContexts(code, cause);
  }
}

/** Validates a context that signs. Whatever is wrong with it, nobody is told what.
 * @throws {SecurityFailure} `bad-context-token` in the place of `failed-authentication` */
export async function refusedAsBadContext<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof SecurityFailure) || cause.code !== 'failed-authentication') throw cause;
    throw inWordsOfContexts('bad-context-token', cause);
  }
}

// For the audit it stays what it was.
function inWordsOfContexts(
  code: SecurityFaultCode,
  cause: ExchangeFailure | SecurityFailure,
): SecurityFailure {
  return new SecurityFailure(code, cause.message, { cause, reason: cause.reason });
}

function codesFor({ requestor, rst }: Asked): RefusedCodes {
  if (targetsContext(rst)) return OF_TARGET;
  const { actAs, onBehalfOf, operation, validateTarget } = rst;
  const evidence = [onBehalfOf, actAs, validateTarget].filter((token) => token !== undefined);
  if (evidence.some(({ type }) => type === 'sct')) return OF_EVIDENCE;
  const isAboutRequestor = operation === 'Issue' && evidence.length === 0;
  return isAboutRequestor && requestor.identity?.type === 'sct' ? OF_REQUESTOR : {};
}
