// RFC 7521 and RFC 7523, JWT assertions as grants and for client authentication: what they require of us.
import { must, type RequirementTable, should } from '#test/support/requirements.ts';

const GRANT = 'spec/rfc7523/jwt-bearer.test.ts#' as const;
const CLIENT = 'spec/rfc7523/client-authentication.test.ts#' as const;
const VALIDATOR = 'unit/tokens/jwt/jwt-validator.test.ts#' as const;
const CLAIMS = 'security/jwt/jwt-claims.test.ts#' as const;

export const RFC7523: RequirementTable = {
  standard: 'RFC 7523',
  requirements: [
    ...must(
      [
        'RFC7523-2.1-1',
        'assertion is required and is a single JWT',
        [`${GRANT}exchanges an assertion for an access token`],
        [
          `${GRANT}refuses a request without assertion`,
          'security/jwt/jwt-form.test.ts#refuses a nested token',
        ],
      ],
      [
        'RFC7523-2.2-1',
        'client_assertion_type is the URN of JWTs, and client_assertion a single JWT',
        [`${CLIENT}accepts a client assertion whose only audience is the issuer`],
        [
          `${CLIENT}refuses a client assertion of type`,
          `${CLIENT}refuses two JWTs in one client assertion`,
        ],
      ],
      [
        'RFC7523-5-1',
        'RS256 is implemented',
        ['unit/tokens/jwt/jwt-issuer.test.ts#signs with ${algorithm} where the spec says so'],
        ['security/jwt/jwt-algorithm.test.ts#refuses an algorithm off the list of the issuer'],
      ],
      [
        'RFC7521-4.1-1',
        'what is granted is within the scope that the assertion and policy allow',
        [`${GRANT}exchanges an assertion for an access token`],
        [
          'spec/rfc8693/refusals.test.ts#a widened scope',
          'unit/core/decision/scope.test.ts#refuses one scope too many',
        ],
      ],
      [
        'RFC7521-4.1.1-1',
        'an assertion that is not valid is invalid_grant',
        [`${GRANT}exchanges an assertion for an access token`],
        [`${GRANT}as invalid_grant, like any other bad assertion`],
      ],
      [
        'RFC7521-4.2-1',
        'client_id beside a client assertion names the same client',
        [`${CLIENT}accepts a client assertion`],
        [`${CLIENT}client_id that names another client`],
      ],
      [
        'RFC7521-4.2.1-1',
        'a client assertion that is not valid is invalid_client',
        [`${CLIENT}accepts a client assertion whose only audience is the issuer`],
        [`${CLIENT}refuses a client assertion`],
      ],
      [
        'RFC7523-3-1',
        'iss names a trusted issuer, compared character by character',
        [`${VALIDATOR}an alias is the same issuer, and every other spelling is none`],
        [`${GRANT}of an unknown issuer`],
      ],
      [
        'RFC7523-3-2',
        'sub names the subject; for client authentication it is the client',
        [
          `${GRANT}exchanges an assertion for an access token`,
          `${CLIENT}accepts a client assertion`,
        ],
        [
          'spec/rfc8693/refusals.test.ts#without a subject',
          `${CLIENT}whose issuer is not the client`,
        ],
      ],
      [
        'RFC7523-3-3',
        'aud names us',
        [`${VALIDATOR}aud must name us, as a string or in a list`],
        [
          `${GRANT}for another audience`,
          `${GRANT}a token of ours is for its target`,
          `${CLIENT}for several audiences`,
        ],
      ],
      [
        'RFC7523-3-4',
        'exp is required and has not passed',
        [`${VALIDATOR}RFC 7519 §4.1.4-6`],
        [`${GRANT}that is expired`, `${CLIENT}without exp`, `${CLIENT}that is expired`],
      ],
      [
        'RFC7523-3-5',
        'nbf has come',
        [`${VALIDATOR}RFC 7519 §4.1.4-6`],
        ['spec/rfc8693/refusals.test.ts#not yet valid'],
      ],
      [
        'RFC7523-3-9',
        'the signature is valid',
        [`${GRANT}exchanges an assertion for an access token`],
        [
          'security/jwt/jwt-algorithm.test.ts#refuses a signature by a key that is not of the issuer',
          'security/jwt/jwt-algorithm.test.ts#refuses alg',
          `${CLIENT}signed by a key that is not published`,
        ],
      ],
      [
        'RFC7523-3-10',
        'the JWT is valid in all other respects',
        ['unit/tokens/jwt/jwt-validator.test.ts#a good token yields its facts'],
        [
          `${CLAIMS}\${rule}: refuses \${name}`,
          'security/jwt/jwt-form.test.ts#refuses a signed claims set',
        ],
      ],
      [
        'RFC7523-3.1-1',
        'client credentials beside an assertion grant are validated',
        [`${GRANT}exchanges an assertion for an access token`],
        [`${CLIENT}a wrong secret gets 401`],
      ],
    ),
    ...should(
      [
        'RFC7523-3-6',
        'an assertion is good for a short time only',
        [`${VALIDATOR}the age of an assertion is capped`],
        [`${GRANT}that is older than five minutes`, `${CLIENT}that lives longer than five minutes`],
      ],
      [
        'RFC7523-3-7',
        'an assertion is used once',
        [`${GRANT}an assertion is used up: of 50 in parallel exactly one`],
        [
          `${GRANT}without jti`,
          `${CLIENT}a client assertion is used up: of 50 in parallel exactly one`,
        ],
      ],
    ),
  ],
};
