// RFC 7522, SAML assertions as grants: what it requires of us. Client authentication by an assertion (§2.2) is not offered.
import { must, type RequirementTable, should } from '#test/support/requirements.ts';

const GRANT = 'spec/rfc7522/saml-bearer.test.ts#' as const;
const CONFIRMATION = 'spec/saml/subject-confirmation.test.ts#' as const;

export const RFC7522: RequirementTable = {
  standard: 'RFC 7522',
  requirements: [
    ...must(
      [
        'RFC7522-2.1-1',
        'assertion is one SAML 2.0 assertion in base64url',
        [`${GRANT}takes the assertion in base64url without and with padding and in plain base64`],
        [`${GRANT}refuses what is no base64 and what is no XML`, `${GRANT}of SAML 1.1`],
      ],
      [
        'RFC7522-3-1',
        'Issuer names a trusted issuer',
        [`${GRANT}takes the assertion in base64url`],
        [`${GRANT}of an unknown issuer`],
      ],
      [
        'RFC7522-3-2',
        'an AudienceRestriction names us',
        [`${GRANT}takes the assertion in base64url`],
        [
          `${GRANT}for another audience`,
          `${GRANT}without an audience`,
          `${GRANT}an assertion of ours is for its target`,
        ],
      ],
      [
        'RFC7522-3-3',
        'there is a Subject',
        [`${GRANT}takes the assertion in base64url`],
        [
          'unit/bridge/saml/validator/saml-validator.test.ts#a name with space around it, or of elements, is refused',
        ],
      ],
      [
        'RFC7522-3-4',
        'an end limits its life: in Conditions, in the confirmation, or in both, and then the earlier',
        [`${CONFIRMATION}the end may stand in the confirmation alone`],
        [
          `${GRANT}that is expired`,
          `${CONFIRMATION}the earlier end of confirmation and Conditions`,
        ],
      ],
      [
        'RFC7522-3-5',
        'a bearer confirmation whose Recipient, where there is one, is our token endpoint',
        [`${GRANT}takes the assertion in base64url`],
        [
          `${GRANT}for another recipient`,
          `${GRANT}without a bearer confirmation an assertion is no grant`,
          `${CONFIRMATION}\${rule}, as \${entrance}`,
        ],
      ],
      [
        'RFC7522-3-6',
        'after its end it is rejected',
        [`${GRANT}takes the assertion in base64url`],
        [`${GRANT}that is expired`],
      ],
      [
        'RFC7522-3-9',
        'it is signed, and the signature is valid',
        [`${GRANT}takes the assertion in base64url`],
        [
          `${GRANT}that was changed after signing`,
          'security/saml/saml-signature.test.ts#nothing is read of an assertion that failed',
          'security/saml/saml-wrapping.test.ts#SAML A1: position',
        ],
      ],
      [
        'RFC7522-3-10',
        'what is encrypted is decrypted before it is judged',
        ['security/saml/saml-tokens.test.ts#an encrypted assertion is opened'],
        ['security/saml/saml-tokens.test.ts#SAML D3, R20'],
      ],
      [
        'RFC7522-5-1',
        'RSA-SHA256 is implemented',
        ['security/saml/saml-signature.test.ts#is good by itself'],
        ['security/saml/saml-keys.test.ts#other weak algorithms are never verified'],
      ],
      [
        'RFC7522-3-11',
        'it is valid in all other respects of SAML',
        ['unit/bridge/saml/validator/saml-validator.test.ts#everything core wants to know is read'],
        [
          `${GRANT}with a document type`,
          'unit/bridge/saml/reader/saml-conditions.test.ts#SAML ${type} ${rule}: ${reason}',
        ],
      ],
      [
        'RFC7522-3.1-1',
        'an assertion that is not valid is invalid_grant',
        [`${GRANT}takes the assertion in base64url`],
        [`${GRANT}as invalid_grant, like any other bad assertion`],
      ],
    ),
    ...should([
      'RFC7522-3-8',
      'an assertion is used once',
      [`${GRANT}takes the assertion in base64url`],
      [`${GRANT}an assertion is used up: of 50 in parallel exactly one`],
    ]),
  ],
};
