// What old clients need on the wire (W), and what the best security token services can do (P).
import { must, type RequirementTable } from '#test/support/requirements.ts';

const ANSWERS = 'spec/ws-trust/answers.test.ts#' as const;
const REQUESTS = 'spec/ws-trust/requests.test.ts#' as const;
const REFUSALS = 'spec/ws-trust/refusals.test.ts#' as const;
const CREDENTIALS = 'spec/ws-trust/credentials.test.ts#' as const;
const SIGNED = 'spec/ws-trust/signed-messages.test.ts#' as const;
const PUBLIC_KEY = 'spec/ws-trust/public-key.test.ts#' as const;
const SYMMETRIC = 'spec/ws-trust/symmetric-key.test.ts#' as const;
const VALIDATE = 'spec/ws-trust/validate.test.ts#' as const;
const CANCEL = 'spec/ws-trust/cancel.test.ts#' as const;
const RENEW = 'spec/ws-trust/renew.test.ts#' as const;
const BATCH = 'spec/ws-trust/batch.test.ts#' as const;
const CONTEXT = 'spec/ws-trust/security-context.test.ts#' as const;
const CLAIMS = 'spec/ws-trust/claims.test.ts#' as const;
const CHALLENGE = 'spec/ws-trust/interactive-challenge.test.ts#' as const;
const METADATA = 'spec/ws-trust/metadata.test.ts#' as const;
const PROFILES = 'spec/ws-trust/profiles.test.ts#' as const;
const REST = 'spec/ws-trust/rest.test.ts#' as const;
const REST_KEY = 'spec/ws-trust/rest-key.test.ts#' as const;
const FEDERATION = 'spec/ws-federation/metadata.test.ts#' as const;
const GRID = 'grid/grid.test.ts#' as const;
const GOLDEN = 'interop/golden.test.ts#' as const;
const SAML_SIGNATURE = 'security/saml-signature.test.ts#' as const;
const SAML_WRAPPING = 'security/saml-wrapping.test.ts#' as const;

const GOOD_ISSUE = `${ANSWERS}the golden answer to Issue of SAML 2.0 in 1.3` as const;

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
        `${ANSWERS}W4: Validate and Cancel answer with a bare response`,
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
        'unit/bridge/saml/saml-issuer.test.ts#W14: there is one AuthnStatement',
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

/** The parity list. */
export const PARITY: RequirementTable = {
  standard: 'WS-Trust, what the best products can do',
  requirements: must(
    ['P1', 'Issue', [GOOD_ISSUE], [`${REFUSALS}what core refuses as`]],
    [
      'P2',
      'Validate, to a status and to a token',
      [
        `${VALIDATE}tells that \${tokenType} is valid`,
        `${VALIDATE}a valid token becomes \${tokenType}`,
      ],
      [
        `${VALIDATE}is not valid, and that is no fault`,
        `${VALIDATE}a new token is policy like an exchange`,
      ],
    ],
    [
      'P3',
      'Renew, more than once',
      [`${RENEW}ws-trust W4, W15: \${tokenType} twice, in a bare response`],
      [`${RENEW}nobody renews the token of another`, `${RENEW}a cancelled token is not renewed`],
    ],
    [
      'P4',
      'Cancel, seen at once everywhere',
      [
        `${CANCEL}\${tokenType} dies at once`,
        `${CANCEL}a cancelled assertion kills the access tokens`,
      ],
      [`${CANCEL}a stranger cancels nothing`],
    ],
    [
      'P5',
      'February 2005',
      [`${ANSWERS}the golden answer to Issue of SAML 1.1 in February 2005`],
      [`${CHALLENGE}February 2005 has no challenge`],
    ],
    ['P6', '1.3', [GOOD_ISSUE], [`${REFUSALS}W12, SOAP`]],
    [
      'P7',
      'ActAs of 1.4',
      [`${REQUESTS}in ActAs is the subject token, and the requestor acts`],
      [`${REQUESTS}impersonation and delegation are permissions of their own`],
    ],
    [
      'P8',
      'SOAP 1.1 and 1.2',
      [`${ANSWERS}W1: the answer has the content type`, `${METADATA}SOAP 1.1 and 1.2 are offered`],
      [`${REFUSALS}W12, SOAP`],
    ],
    [
      'P9',
      'a UsernameToken in',
      [`${REQUESTS}the requestor is a principal by its user name`],
      [`${CREDENTIALS}unknown user and wrong password get the very same answer`],
    ],
    [
      'P10',
      'X.509 in, by signature',
      [`${SIGNED}is accepted: `, `${PROFILES}Timestamp and Body signed with a certificate`],
      [`${SIGNED}is refused: `],
    ],
    [
      'P11',
      'SAML 1.1 in',
      [`${GRID}becomes \${requested}`],
      [`${SAML_SIGNATURE}nothing is read of an assertion that failed`],
    ],
    ['P12', 'SAML 2.0 in', [`${GRID}becomes \${requested}`], [`${SAML_WRAPPING}SAML A1: position`]],
    [
      'P13',
      'JWT in',
      [`${GRID}becomes \${requested}`],
      ['security/jwt-algorithm.test.ts#refuses HS256 with the RSA public key'],
    ],
    [
      'P14',
      'SAML 1.1 out',
      [`${GRID}a user name becomes \${requested}`],
      [
        'unit/bridge/saml/saml-issuer-refusals.test.ts#SAML 1.1 cannot tell of actors, so it is refused',
      ],
    ],
    [
      'P15',
      'SAML 2.0 out',
      [`${GRID}a user name becomes \${requested}`],
      [
        'unit/bridge/saml/saml-issuer-refusals.test.ts#a key that fails or signs wrong leaves no token',
      ],
    ],
    [
      'P16',
      'JWT out',
      [
        `${ANSWERS}a JWT goes out in a BinarySecurityToken`,
        `${ANSWERS}by profile a JWT goes out in a TokenWrapper`,
      ],
      'ours alone',
    ],
    [
      'P17',
      'three key types, with PSHA1',
      [`${PUBLIC_KEY}UseKey with`, `${SYMMETRIC}both entropies and PSHA1`],
      [`${PUBLIC_KEY}PublicKey refuses`, `${SYMMETRIC}SymmetricKey refuses`],
    ],
    [
      'P18',
      'OnBehalfOf and ActAs under policies of their own',
      [`${REQUESTS}in OnBehalfOf is the subject token, and nobody acts`],
      [`${REQUESTS}impersonation and delegation are permissions of their own`],
    ],
    [
      'P19',
      'relying parties by AppliesTo',
      [`${REQUESTS}Participants are further targets`, `${ANSWERS}AppliesTo is told only where`],
      ['unit/core/relying-party.test.ts#a name counts for its own kind only'],
    ],
    [
      'P20',
      'claims in both dialects, mandatory ones checked',
      [`${CLAIMS}mandatory and optional claims of dialect`],
      [`${REQUESTS}a mandatory claim of`],
    ],
    [
      'P21',
      'partners, by identity or by claims',
      ['unit/bridge/saml/saml-validator.test.ts#an attribute may identify the subject'],
      ['unit/core/claim-mapping.test.ts#what no rule names does not pass'],
    ],
    [
      'P22',
      'encrypted tokens',
      [
        'security/saml-tokens.test.ts#an encrypted assertion is opened and verified by its own signature',
        'security/server-encrypted.test.ts#an assertion that is encrypted to any of our keys is taken',
        'spec/ws-trust/message-security.test.ts#is answered without TLS',
      ],
      [
        'security/saml-tokens.test.ts#a GCM tag that is cut or changed is refused',
        'security/server-encrypted.test.ts#is refused with one answer',
        'security/encrypted-messages.test.ts#whatever decryption brings to light is one answer',
      ],
    ],
    [
      'P23',
      'references, attached and unattached',
      [GOOD_ISSUE, `${REQUESTS}OnBehalfOf may refer to a token in the header`],
      [`${SIGNED}is refused: `],
    ],
    [
      'P24',
      'WSDL and MEX',
      [
        `${PROFILES}P24, AD FS: each credential has its policy`,
        `${METADATA}every reference in the WSDL`,
        `${METADATA}an address that takes security contexts says so`,
      ],
      [
        `${METADATA}the metadata address issues nothing`,
        `${METADATA}the address for security contexts is neither served nor published`,
      ],
    ],
    [
      'P25',
      'federation metadata',
      [`${FEDERATION}whoever trusts our key reads our signing keys`],
      [`${FEDERATION}another key does not vouch for our metadata`],
    ],
    [
      'P26',
      'a REST form of all four operations',
      [
        `${REST}\${name} for whoever logs in, with its type and lifetime`,
        `${REST}\${type} is valid, is renewed, is cancelled`,
        `${REST}for a valid token of another issuer there is a new one`,
        `${REST_KEY}PublicKey binds the token to the certificate that logs in`,
      ],
      [
        `${REST}without a credential, or with a wrong one, the same answer`,
        `${REST}of a token that is not valid there is none`,
        'spec/ws-trust/rest-refusals.test.ts#none of it left a token on record',
      ],
    ],
    [
      'P27',
      'events',
      [`${CANCEL}who cancelled what is on record`, `${VALIDATE}every validation is on record`],
      [`${REFUSALS}a refusal that cannot be recorded`],
    ],
    [
      'P28',
      'state that several servers share',
      ['store/redis/single.test.ts#Redis, one server'],
      ['security/saml-tokens.test.ts#an assertion as a grant is good once'],
    ],
    [
      'P29-batch',
      'several requests in one message, with an outcome for each',
      [`${BATCH}tokens of every type in the order of their requests`],
      [`${BATCH}one bad item has its own outcome`],
    ],
    [
      'P29-chain',
      'a chain of delegation in act and in DelegationRestriction',
      ['spec/rfc7522/saml-bearer.test.ts#act becomes a DelegationRestriction and act again'],
      ['unit/core/actor-chain.test.ts#refuses an inherited chain that loops'],
    ],
    [
      'P29-sct',
      'security contexts: issued, used, renewed, validated, cancelled',
      [
        `${CONTEXT}a context is issued, with its secret`,
        `${CONTEXT}a context is renewed with proof of its secret`,
        `${CONTEXT}a context is cancelled with proof`,
        `${CONTEXT}is of whom the context is about`,
      ],
      [
        'security/security-contexts.test.ts#without proof of the secret, and with proof of another',
        'security/security-contexts.test.ts#a forged name',
        `${CONTEXT}/RST/SCT/Amend`,
        'spec/ws-trust/secret-signatures.test.ts#refuses a derived key with',
      ],
    ],
    [
      'P30',
      'a challenge for a second factor',
      [`${CHALLENGE}P30: a right password is answered by a challenge`],
      [`${CHALLENGE}a wrong code ends the exchange`],
    ],
    [
      'P30-kerberos',
      'Kerberos and SPNEGO: a plug-in that is not there, refused by name and not published',
      [`${PROFILES}what wants Kerberos or triple DES is not published`],
      [
        `${PROFILES}AD FS \${folder}/\${name} takes nobody, and says so in a fault`,
        `${PROFILES}a ticket at \${path} is UnsupportedSecurityToken`,
        `${PROFILES}a leg of SPNEGO is BadRequest`,
      ],
    ],
  ),
};
