// Asks for a one-time password (WS-Trust 1.4 §8.9) or for a signature (WS-Trust 1.3 §8.3): a bare response, for the answer that
// ends the exchange comes later.

import {
  type AttributePair,
  element,
  type Markup,
  type MarkupChild,
} from '#bridge/xml/canonical/markup.ts';
import { trustElement, writeResponse } from '../answer/response.ts';
import { TRUST_14_NS, type TrustNames } from '../names.ts';

/** The field that is asked for; a well-known name, so that clients can show their own words for it. */
export const ONE_TIME_PASSWORD_FIELD = `${TRUST_14_NS}/challenge/OTP`;
/** The field that goes back as it came. */
export const STATE_FIELD = `${TRUST_14_NS}/challenge/state`;

const wst14 = (
  local: string,
  attributes: readonly AttributePair[],
  children: readonly MarkupChild[] = [],
): Markup => element({ prefix: 'wst14', uri: TRUST_14_NS, local }, attributes, children);

interface Asked {
  readonly context: string;
  readonly sealed: string;
}

/** The Body that asks for a signature over the challenge: what is to be signed is our seal. */
export function writeSignChallenge(trust: TrustNames, { context, sealed }: Asked): Markup {
  const challenge = trustElement(trust, 'Challenge', [sealed]);
  return writeResponse({ context, trust }, [trustElement(trust, 'SignChallenge', [challenge])]);
}

/** The Body that asks for a one-time password. */
export function writeInteractiveChallenge(trust: TrustNames, { context, sealed }: Asked): Markup {
  const fields = [
    wst14('Title', [], ['Second factor']),
    wst14('TextChallenge', [
      ['RefID', ONE_TIME_PASSWORD_FIELD],
      ['Label', 'One-time password'],
      ['MaxLen', '6'],
      ['HideText', 'true'],
    ]),
    wst14('ContextData', [['RefID', STATE_FIELD]], [sealed]),
  ];
  return writeResponse({ context, trust }, [wst14('InteractiveChallenge', [], fields)]);
}
