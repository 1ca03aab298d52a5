// What old clients need on the wire (W).
import { must, type RequirementTable } from '#test/support/requirements.ts';

const ANSWERS = 'spec/ws-trust/answer/answers.test.ts#' as const;
const REQUESTS = 'spec/ws-trust/rst/requests.test.ts#' as const;
const REFUSALS = 'spec/ws-trust/rst/refusals.test.ts#' as const;
const SIGNED = 'spec/ws-trust/signature/signed-messages.test.ts#' as const;
const SYMMETRIC = 'spec/ws-trust/keys/symmetric-key.test.ts#' as const;
const RENEW = 'spec/ws-trust/renewal/renew.test.ts#' as const;
const CANCEL = 'spec/ws-trust/operations/cancel.test.ts#' as const;
const GOLDEN = 'interop/golden.test.ts#' as const;

/** The wire rules. */
export const WIRE_RULES: RequirementTable = {
  standard: 'WS-Trust, on the wire',
  requirements: must(
    [
      'W1',
      'SOAP version and content type of the request, with charset',
      [`${ANSWERS}W1: the answer has the content type`],
      [`${REFUSALS}W12, SOAP`],
    ],
    [
      'W2',
      'the trust namespace of the request',
      [`${ANSWERS}W2: the answer is in the trust namespace`],
      [`${REFUSALS}W12, SOAP`],
    ],
    [
      'W3',
      'Issue: a collection in 1.3, bare in February 2005',
      [`${ANSWERS}W3: 1.3 answers Issue with a collection of one`],
      'ours alone',
    ],
    [
      'W4',
      'Renew, Validate, Cancel: a bare response',
      [
        `${ANSWERS}W4: Validate answers with a bare response`,
        `${CANCEL}\${tokenType} dies at once`,
        `${RENEW}ws-trust W4, W15: \${tokenType} twice, in a bare response`,
      ],
      'ours alone',
    ],
    [
      'W5',
      'exactly one TokenType, of what was issued',
      [`${ANSWERS}W5: exactly one TokenType`, `${ANSWERS}W5: where the relying party has no type`],
      [`${ANSWERS}a type that no issuer can write over SOAP`],
    ],
    ['W6', 'the spelling that was asked for', [`${ANSWERS}W6: the spelling`], 'ours alone'],
    [
      'W7',
      'Lifetime, in order, with three fraction digits and Z',
      [`${ANSWERS}W7: Lifetime is there`],
      'ours alone',
    ],
    [
      'W8',
      'the token byte for byte, every prefix declared, ASCII',
      [
        `${ANSWERS}W8: the token is copied byte for byte`,
        `${GOLDEN}gets the answer that its clients read`,
      ],
      'ours alone',
    ],
    ['W9', 'prefixes s, trust and t', [`${ANSWERS}W9: the prefixes are`], 'ours alone'],
    [
      'W10',
      'bearer: no proof token; symmetric: the secret or how to compute it',
      [
        `${ANSWERS}W10: a bearer answer has no RequestedProofToken`,
        `${SYMMETRIC}both entropies and PSHA1`,
      ],
      [`${SYMMETRIC}SymmetricKey refuses`],
    ],
    [
      'W11',
      'what real requests leave out or write differently is taken',
      [`${REQUESTS}W11: takes`],
      [`${REFUSALS}is InvalidRequest, as a fault with HTTP 500`],
    ],
    [
      'W12',
      'faults in the one form that old clients read',
      [`${REFUSALS}W12, SOAP`],
      [`${REFUSALS}a mistake of ours is a Receiver fault without a text`],
    ],
    [
      'W13',
      'children of the Security header in any order',
      [
        `${REQUESTS}W13: Timestamp and UsernameToken in order`,
        `${SIGNED}W13: the signature before its token`,
      ],
      [`${SIGNED}is refused: `],
    ],
    [
      'W14',
      'exactly one AuthnStatement, no xsi:type on the root',
      [
        `${GOLDEN}gets the answer that its clients read`,
        'unit/bridge/saml/issuer/saml-issuer.test.ts#W14: there is one AuthnStatement',
      ],
      'ours alone',
    ],
    [
      'W15',
      'a Renew without Renewing inherits what was asked for at first',
      [`${RENEW}ws-trust W4, W15: \${tokenType} twice, in a bare response`],
      [`${RENEW}a renewal does not set the terms of the next`],
    ],
    [
      'W16',
      'a client certificate of an unknown CA is no credential, and ends no handshake',
      ['unit/http/listener.test.ts#W16: a client certificate of an unknown CA'],
      [`${SIGNED}is refused where the endpoint does not take certificates`],
    ],
  ),
};
