// Defects of others that must not come back (R), each with the test that would see it.
import { must, type RequirementTable } from '#test/support/requirements.ts';

const REQUESTS = 'spec/ws-trust/rst/requests.test.ts#' as const;
const SAML_SIGNATURE = 'security/saml/saml-signature.test.ts#' as const;
const SAML_ATTACKS = 'support/saml/saml-attacks.ts#' as const;
const SAML_WRAPPING = 'security/saml/saml-wrapping.test.ts#' as const;

/** Defects of others. */
export const REGRESSIONS: RequirementTable = {
  standard: 'Defects of others that must not come back',
  requirements: must(
    [
      'R1',
      'a forged assertion is refused also after a good one',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_WRAPPING}SAML R1, CVE-2014-0034`],
    ],
    [
      'R2',
      'SubjectConfirmation counts over TLS too',
      ['spec/saml/subject-confirmation.test.ts#holder-of-key is the SHA-256 of its certificate'],
      ['spec/saml/subject-confirmation.test.ts#holder-of-key never falls back to bearer'],
    ],
    [
      'R4',
      'an empty UsernameToken is no login',
      [`${REQUESTS}the requestor is a principal by its user name`],
      ['unit/bridge/ws-security/tokens/user-name-token.test.ts#GHSA-2p7x-jcr3-7p2c (R4)'],
    ],
    [
      'R5',
      'no wrapping: only the node that was signed is read',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_WRAPPING}SAML A1: position`],
    ],
    [
      'R3',
      'a wrapped response is no assertion',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_WRAPPING}SAML A1, R3, CVE-2015-5253: the signed`],
    ],
    [
      'R8',
      'what is not signed is not read',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_WRAPPING}SAML A9, R8, CVE-2025-54419: the signature of the`],
    ],
    [
      'R9',
      'a position proves nothing',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_WRAPPING}SAML B12: two`],
    ],
    [
      'R11',
      'no processing instruction in a name',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}A3: a processing instruction in the name (R11`],
    ],
    [
      'R24',
      'one root, and nothing compressed',
      [`${SAML_WRAPPING}is good as it is`],
      ['unit/bridge/saml/validator/saml-evidence.test.ts#SAML R24'],
    ],
    [
      'R6',
      'the second renewal works as well as the first',
      [
        'spec/ws-trust/renewal/renew.test.ts#ws-trust W4, W15: ${tokenType} twice, in a bare response',
      ],
      ['spec/ws-trust/renewal/renew.test.ts#ws-trust R6: the chain ends with its count'],
    ],
    [
      'R7',
      'one SignedInfo, no comment in a digest',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}B1: two SignedInfo (R7`, `${SAML_ATTACKS}B2: a comment in DigestValue (R7`],
    ],
    [
      'R10',
      'nothing is read after a failed verification',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_SIGNATURE}SAML R10: nothing is read`],
    ],
    [
      'R12',
      'no HMAC with a public key',
      [`${SAML_WRAPPING}is good as it is`],
      ['security/saml/saml-keys.test.ts#an HMAC keyed by the public key (R12'],
    ],
    [
      'R13',
      'no comment in a value',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}A2: a comment in the name (R13`],
    ],
    [
      'R14',
      'one parser, one reading',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}A4: a document type (R14`],
    ],
    [
      'R15',
      'a canonical form is never empty',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}A5: a relative namespace name (R15`],
    ],
    [
      'R16',
      'no id by an entity',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}A4: an entity for the id (R16`],
    ],
    [
      'R17',
      'no truncated HMAC',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}B6: a truncated HMAC (R17`],
    ],
    [
      'R18',
      'without a key everything is refused',
      [`${SAML_WRAPPING}is good as it is`],
      ['security/saml/saml-keys.test.ts#without any key everything is refused (R18'],
    ],
    [
      'R19',
      'the digest of another reference does not count',
      [`${SAML_WRAPPING}is good as it is`],
      [`${SAML_ATTACKS}B4: a second reference (R19`],
    ],
    [
      'R20',
      'the GCM tag is checked',
      ['security/saml/saml-tokens.test.ts#an encrypted assertion is opened'],
      ['security/saml/saml-tokens.test.ts#SAML D3, R20'],
    ],
    [
      'R21',
      'the second send fails',
      [`${SAML_WRAPPING}is good as it is`],
      ['security/saml/saml-tokens.test.ts#SAML E1, R21'],
    ],
    [
      'R22',
      'one-time marks have no way out but their end',
      ['store/conformance/once-marks.ts#stores a mark the first time'],
      ['store/conformance/keys-and-classes.ts#R22, CVE-2026-4325: no operation of any other class'],
    ],
    [
      'R23',
      'a revoked token stays revoked after a restart',
      ['spec/rfc7662/own-tokens.test.ts#a revoked token is inactive'],
      ['spec/rfc7662/own-tokens.test.ts#a revoked token is still revoked after a restart'],
    ],
  ),
};
