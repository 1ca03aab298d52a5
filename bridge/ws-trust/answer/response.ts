// The frame of every answer, a RequestSecurityTokenResponse, and the answers that carry no token.

import {
  type AttributePair,
  element,
  type Markup,
  type MarkupChild,
} from '#bridge/xml/canonical/markup.ts';
import type { EndpointProfile } from '../endpoint/endpoint-profile.ts';
import { type TrustNames, trustName } from '../names.ts';
import type { RstRequest } from '../rst/rst-request.ts';

/** A response with these children: the Context of the request is echoed verbatim (WS-Trust 1.3 §3.2). */
export function writeResponse(
  { context, trust }: Pick<RstRequest, 'context' | 'trust'>,
  children: readonly MarkupChild[],
): Markup {
  const attributes: readonly AttributePair[] = context === undefined ? [] : [['Context', context]];
  return element(trustName(trust, 'RequestSecurityTokenResponse'), attributes, children);
}

/** Several responses, or the one of Issue in 1.3 (ws-trust W3). */
export function writeCollection(trust: TrustNames, responses: readonly Markup[]): Markup {
  return trustElement(trust, 'RequestSecurityTokenResponseCollection', responses);
}

/** An element of the trust namespace. */
export function trustElement(
  trust: TrustNames,
  local: string,
  children: readonly MarkupChild[],
): Markup {
  return element(trustName(trust, local), [], children);
}

/** The outcome of a validation (WS-Trust 1.3 §7). Why a token is not valid is not said: it would help whoever forges one. */
export function writeStatus(trust: TrustNames, isValid: boolean): Markup {
  return statusOf(trust, isValid ? 'valid' : 'invalid', []);
}

function statusOf(trust: TrustNames, code: 'valid' | 'invalid', more: readonly Markup[]): Markup {
  const uri = `${trust.base}/status/${code}`;
  return trustElement(trust, 'Status', [trustElement(trust, 'Code', [uri]), ...more]);
}

/** The answer to a request of a collection that is refused: no token, and the sentence of the fault that it would be alone. */
export function writeRefused(rst: Pick<RstRequest, 'context' | 'trust'>, reason: string): Markup {
  const { trust } = rst;
  return writeResponse(rst, [
    statusOf(trust, 'invalid', [trustElement(trust, 'Reason', [reason])]),
  ]);
}

/** The answer to Cancel (WS-Trust 1.3 §6): the empty element says so by being there. */
export function writeCancelled(
  rst: Pick<RstRequest, 'context' | 'trust'>,
  { tellsCancelledTwice }: Pick<EndpointProfile, 'tellsCancelledTwice'>,
): Markup {
  const local = 'RequestedTokenCancelled';
  const again = tellsCancelledTwice ? [element({ prefix: '', uri: '', local })] : [];
  return writeResponse(rst, [trustElement(rst.trust, local, []), ...again]);
}

/** The TokenType of a request for the outcome only. */
export function statusTokenType({ base }: TrustNames): string {
  return `${base}/RSTR/Status`;
}

/** Whether a request to validate asks for a new token too. */
export function wantsToken({ tokenType, trust }: RstRequest): boolean {
  return tokenType !== undefined && tokenType !== statusTokenType(trust);
}
