// What the best security token services can do (P), over WS-Trust and beside it.
import { must, type RequirementTable } from '#test/support/requirements.ts';

const ANSWERS = 'spec/ws-trust/answer/answers.test.ts#' as const;
const REQUESTS = 'spec/ws-trust/rst/requests.test.ts#' as const;
const REFUSALS = 'spec/ws-trust/rst/refusals.test.ts#' as const;
const CREDENTIALS = 'spec/ws-trust/credential/credentials.test.ts#' as const;
const SIGNED = 'spec/ws-trust/signature/signed-messages.test.ts#' as const;
const PUBLIC_KEY = 'spec/ws-trust/keys/public-key.test.ts#' as const;
const SYMMETRIC = 'spec/ws-trust/keys/symmetric-key.test.ts#' as const;
const VALIDATE = 'spec/ws-trust/operations/validate.test.ts#' as const;
const CANCEL = 'spec/ws-trust/operations/cancel.test.ts#' as const;
const RENEW = 'spec/ws-trust/renewal/renew.test.ts#' as const;
const BOUND = 'spec/ws-trust/operations/bound-tokens.test.ts#' as const;
const BATCH = 'spec/ws-trust/operations/batch.test.ts#' as const;
const CONTEXT = 'spec/ws-trust/context/security-context.test.ts#' as const;
const CLAIMS = 'spec/ws-trust/rst/claims.test.ts#' as const;
const CHALLENGE = 'spec/ws-trust/challenge/interactive-challenge.test.ts#' as const;
const METADATA = 'spec/ws-trust/description/metadata.test.ts#' as const;
const PROFILES = 'spec/ws-trust/description/profiles.test.ts#' as const;
const REST = 'spec/ws-trust/rest/rest.test.ts#' as const;
const REST_KEY = 'spec/ws-trust/rest/rest-key.test.ts#' as const;
const FEDERATION = 'spec/ws-federation/metadata.test.ts#' as const;
const GRID = 'grid/grid.test.ts#' as const;
const SAML_SIGNATURE = 'security/saml/saml-signature.test.ts#' as const;
const SAML_WRAPPING = 'security/saml/saml-wrapping.test.ts#' as const;
const TLS = 'spec/ws-trust/credential/client-certificates.test.ts#' as const;
const DELEGATION = 'spec/ws-trust/operations/delegation.test.ts#' as const;
const CXF = 'interop/soap-clients.test.ts#Apache CXF: ' as const;
/** Every type and key, each assertion judged by OpenSAML and each JWT by another library. */
const CXF_TOKENS = `${CXF}STSClient gets its tokens` as const;
const GOOD_ISSUE = `${ANSWERS}the golden answer to Issue of SAML 2.0 in 1.3` as const;
const REFERENCES = 'unit/bridge/ws-security/tokens/presented-token.test.ts#' as const;

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
      [
        `${RENEW}ws-trust W4, W15: \${tokenType} twice, in a bare response`,
        'spec/ws-trust/renewal/renew-jwt-secret.test.ts#whoever proves the secret of a JWT renews it',
        `${BOUND}: renewed twice with its key, validated, cancelled`,
      ],
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
      'February 2005, all four operations',
      [
        `${ANSWERS}the golden answer to Issue of SAML 1.1 in February 2005`,
        `${VALIDATE}tells that \${tokenType} is valid`,
        `${RENEW}ws-trust W4, W15: \${tokenType} twice, in a bare response`,
        `${CANCEL}\${tokenType} dies at once`,
      ],
      [`${REFUSALS}what core refuses as`, `${CHALLENGE}February 2005 has no challenge`],
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
      'X.509 in, by TLS and by signature',
      [
        `${TLS}a client is the user that its certificate names`,
        `${TLS}a trusted proxy tells of the certificate of its client`,
        `${SIGNED}is accepted: `,
        `${PROFILES}Timestamp and Body signed with a certificate`,
        `${CXF}WSS4J signs with a certificate`,
      ],
      [
        `${TLS}of an authority of the same name, without its chain, of nobody`,
        `${TLS}whoever is no trusted proxy cannot tell of certificates`,
        `${SIGNED}is refused: `,
      ],
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
      ['security/jwt/jwt-algorithm.test.ts#refuses HS256 with the RSA public key'],
    ],
    [
      'P14',
      'SAML 1.1 out',
      [`${GRID}a user name becomes \${requested}`, CXF_TOKENS],
      [
        'unit/bridge/saml/issuer/saml-issuer-refusals.test.ts#SAML 1.1 cannot tell of actors, so it is refused',
        'unit/bridge/saml/issuer/saml-issuer-refusals.test.ts#a key that fails or signs wrong leaves no token',
      ],
    ],
    [
      'P15',
      'SAML 2.0 out',
      [`${GRID}a user name becomes \${requested}`, CXF_TOKENS],
      [
        'unit/bridge/saml/issuer/saml-issuer-refusals.test.ts#a key that fails or signs wrong leaves no token',
      ],
    ],
    [
      'P16',
      'JWT out',
      [
        `${ANSWERS}a JWT goes out in a BinarySecurityToken`,
        `${ANSWERS}where the address says so a JWT goes out in a TokenWrapper`,
        `${GRID}a user name becomes \${requested}`,
        CXF_TOKENS,
      ],
      ['unit/tokens/jwt/jwt-issuer.test.ts#takes JWT types, and nothing that must be encrypted'],
    ],
    [
      'P17',
      'three key types, with PSHA1',
      [`${PUBLIC_KEY}UseKey with`, `${SYMMETRIC}both entropies and PSHA1`, CXF_TOKENS],
      [`${PUBLIC_KEY}PublicKey refuses`, `${SYMMETRIC}SymmetricKey refuses`],
    ],
    [
      'P18',
      'OnBehalfOf and ActAs under policies of their own',
      [
        `${REQUESTS}in OnBehalfOf is the subject token, and nobody acts`,
        `${DELEGATION}: OnBehalfOf \${onBehalfOf}, ActAs \${actAs}`,
      ],
      [
        `${REQUESTS}impersonation and delegation are permissions of their own`,
        `${DELEGATION}a token of another, and a forged or unsigned one, are refused`,
      ],
    ],
    [
      'P19',
      'relying parties by AppliesTo',
      [`${REQUESTS}Participants are further targets`, `${ANSWERS}AppliesTo is told only where`],
      [
        `${VALIDATE}a new token is policy like an exchange: refused for an unknown target`,
        'unit/core/request/relying-party.test.ts#a name counts for its own kind only',
      ],
    ],
    [
      'P20',
      'claims in both dialects, mandatory ones checked',
      [
        `${CLAIMS}mandatory and optional claims of dialect`,
        'spec/ws-trust/rst/claims-in-token.test.ts#a claim that is asked for is in the token',
      ],
      [
        `${REQUESTS}a mandatory claim of`,
        'spec/ws-trust/rst/claims-in-token.test.ts#a mandatory claim that there is not refuses',
      ],
    ],
    [
      'P21',
      'partners, by identity or by claims',
      [
        'spec/ws-trust/credential/partners.test.ts#by identity: the name of the partner',
        'spec/ws-trust/credential/partners.test.ts#by claims: an attribute is who it is about',
        'unit/bridge/saml/validator/saml-validator.test.ts#an attribute may identify the subject',
        'unit/core/claims/claim-mapping.test.ts#renames a claim and keeps who stated it',
      ],
      [
        'unit/bridge/saml/validator/saml-validator.test.ts#the same name in two domains is two subjects',
        'unit/core/claims/claim-mapping.test.ts#what no rule names does not pass',
      ],
    ],
    [
      'P22',
      'encrypted tokens, out and in',
      [
        'spec/ws-trust/answer/encrypted-tokens.test.ts#for a relying party with a certificate is read by it alone',
        'security/saml/saml-tokens.test.ts#an encrypted assertion is opened and verified by its own signature',
        'security/server/server-encrypted.test.ts#an assertion that is encrypted to any of our keys is taken',
        'spec/ws-trust/message-security/message-security.test.ts#is answered without TLS',
      ],
      [
        'spec/ws-trust/answer/encrypted-tokens.test.ts#that is encrypted to another is no evidence here',
        'security/saml/saml-tokens.test.ts#a GCM tag that is cut or changed is refused',
        'security/server/server-encrypted.test.ts#is refused with one answer',
        'security/soap/encrypted-messages.test.ts#whatever decryption brings to light is one answer',
      ],
    ],
    [
      'P23',
      'references, attached and unattached',
      [
        GOOD_ISSUE,
        `${REQUESTS}OnBehalfOf may refer to a token in the header`,
        `${REFERENCES}a reference by id, by assertion id, and embedded`,
      ],
      [`${REFERENCES}refuses a reference with`, `${SIGNED}is refused: `],
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
        'spec/ws-trust/description/metadata-exchange.test.ts#the metadata address issues nothing',
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
        'spec/ws-trust/rest/rest-secret.test.ts#by GET has the secret for its relying party',
      ],
      [
        `${REST}without a credential, or with a wrong one, the same answer`,
        `${REST}of a token that is not valid there is none`,
        'spec/ws-trust/rest/rest-refusals.test.ts#none of it left a token on record',
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
      'state that several servers share, on one Redis, behind Sentinels, on a cluster',
      [
        'store/redis/topology/single.test.ts#Redis, one server',
        'store/redis/topology/sentinel.test.ts#Redis behind Sentinels',
        'store/redis/topology/cluster.test.ts#Redis cluster',
      ],
      [
        'races/races.ts#Races of two servers on',
        'spec/operation/store/redis.test.ts#an assertion is used once, by every server of the store',
        'spec/operation/store/redis.test.ts#the first request after FLUSHALL is closed',
      ],
    ],
    [
      'P29-batch',
      'several requests in one message, with an outcome for each',
      [
        `${BATCH}tokens of every type in the order of their requests`,
        `${BATCH}Renew of several tokens of every type`,
      ],
      [`${BATCH}one bad item has its own outcome`],
    ],
    [
      'P29-chain',
      'a chain of delegation in act and in DelegationRestriction',
      [
        'spec/rfc7522/saml-bearer.test.ts#act becomes a DelegationRestriction and act again',
        `${DELEGATION}ActAs of a token that was made by ActAs`,
      ],
      [
        'unit/core/delegation/actor-chain.test.ts#refuses an inherited chain that loops',
        'unit/core/delegation/actor-chain.test.ts#refuses an inherited chain that is too deep',
        `${DELEGATION}an actor cannot come twice`,
      ],
    ],
    [
      'P29-sct',
      'security contexts: issued, used, renewed, validated, cancelled',
      [
        `${CONTEXT}a context is issued, with its secret`,
        `${CONTEXT}a context is renewed with proof of its secret`,
        `${CONTEXT}a context is cancelled with proof`,
        `${CONTEXT}is of whom the context is about`,
        'interop/cxf/cxf-context.test.ts#gets a security context, and uses, renews and cancels it',
      ],
      [
        'security/soap/security-contexts.test.ts#without proof of the secret, and with proof of another',
        'security/soap/security-contexts.test.ts#a forged name',
        `${CONTEXT}SCT/Amend`,
        'spec/ws-trust/signature/secret-signatures.test.ts#refuses a derived key with',
        'spec/ws-trust/context/context-faults.test.ts#in the namespace of its version',
        'spec/ws-trust/context/context-faults.test.ts#are refused alike',
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
