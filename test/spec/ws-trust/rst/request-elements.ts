// Every element that WS-Trust of February 2005, 1.3 and 1.4 has in a request to issue, and some of other standards: what comes of
// it. Data: for each version, in the request itself and in SecondaryParameters.
import {
  child,
  IDENTITY,
  in14,
  isNotUnderstood,
  issued,
  JWT,
  nothing,
  policy,
  type RequestElement,
  SAML1,
} from './element-shape.ts';
import { FRAME } from './frame-elements.ts';
import { KEYS } from './key-elements.ts';

/** Known to the standards and not done here: refused whatever it says. */
const notDone = (name: string, xml = child(name)): RequestElement => ({
  name,
  outcome: 'refused',
  refused: isNotUnderstood(xml),
});
const ofOtherOperation = (name: string): RequestElement => ({
  name,
  outcome: 'refused',
  refused: () => [[child(name, JWT), 'wst:InvalidRequest']],
});

const NOT_DONE: readonly RequestElement[] = [
  {
    name: 'SecondaryParameters',
    only: '1.3',
    outcome: 'honoured',
    wish: () => ({
      xml: child('SecondaryParameters', child('TokenType', SAML1)),
      sees: ({ asked }) => asked.requestedType === 'saml1',
    }),
    refused: isNotUnderstood(child('SecondaryParameters', '<x xmlns="urn:x"/>')),
  },
  {
    name: 'ic:RequestDisplayToken',
    outcome: 'taken',
    wish: () => ({
      xml: `<i:RequestDisplayToken xmlns:i="${IDENTITY}" xml:lang="en"/>`,
      sees: issued,
    }),
    refused: nothing,
  },
  ...['RenewTarget', 'CancelTarget', 'ValidateTarget'].map(ofOtherOperation),
  ...['Policy', 'PolicyReference'].map((name) => notDone(`wsp:${name}`, policy(name))),
  ...[
    'AuthenticationType',
    'BinaryExchange',
    'SignChallenge',
    'SignChallengeResponse',
    'RequestKET',
    'KeyExchangeToken',
    'Authenticator',
  ].map((name) => notDone(name)),
  ...['InteractiveChallenge', 'InteractiveChallengeResponse'].map((name) =>
    notDone(`wst14:${name}`, in14(name)),
  ),
  notDone(
    'auth:AdditionalContext',
    '<x:AdditionalContext xmlns:x="http://docs.oasis-open.org/wsfed/authorization/200706"/>',
  ),
];

/** In the order of the page. */
export const REQUEST_ELEMENTS: readonly RequestElement[] = [...FRAME, ...KEYS, ...NOT_DONE];
